#include <algorithm>
#include <array>
#include <deque>
#include <map>

#include "slimimg/base/path.hpp"

#include "closure/loader/process_link.hpp"
#include "closure/loader/tokens.hpp"

namespace slimimg::closure::loader {
namespace {

using rootfs::NodeId;

constexpr std::string_view default_path = "/lib:/usr/local/lib:/usr/lib";
constexpr std::size_t max_name = 255;  // NAME_MAX
constexpr std::size_t max_missing = 10'000;

/// Names that are the loader itself, whatever follows the dot (load_library).
bool is_reserved(std::string_view name) {
    static constexpr std::array<std::string_view, 7> parts{"c.",  "pthread.", "rt.",  "m.",
                                                           "dl.", "util.",    "xnet."};
    if (!name.starts_with("lib")) {
        return false;
    }
    name.remove_prefix(3);
    return std::any_of(parts.begin(), parts.end(),
                       [&](std::string_view part) { return name.starts_with(part); });
}

bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/// "/usr" of "/usr/lib/ld-musl-x86_64.so.1": below which the loader looks for its /etc.
std::string_view prefix_of(std::string_view loader) {
    const std::size_t last = loader.rfind('/');
    if (!loader.starts_with('/') || last == 0) {
        return {};
    }
    return loader.substr(0, loader.rfind('/', last - 1));
}

/// The course of one search.
struct Search {
    std::string name;
    std::vector<std::string> searched;
    std::optional<Opened> file;
    std::string path;
    std::string found_by;
};

class Linker {
  public:
    explicit Linker(const Session& session)
        : session_(session),
          tree_(session.store.rootfs()),
          link_(session.link),
          files_(tree_, session.store.loaders(), session.environment.workdir),
          secure_(is_secure(tree_[link_.program])),
          next_(link_.objects.size()) {
        for (std::size_t i = 0; i < link_.objects.size(); ++i) {
            remember(i);
        }
        if (link_.interpreter) {
            loader_name_ = link_.objects[*link_.interpreter].path;
        }
    }

    void link_program(const Interpreter& interpreter) {
        loader_name_ = interpreter.name;
        loader_ = interpreter.file;
        loader_found_by_ = interpreter.found_by;
        const Text& path = tree_[link_.program].path;
        add_object({.file = link_.program, .name = path, .path = path});
        if (!secure_) {
            preload();
        }
        load_needs();
        if (!link_.interpreter) {
            add_loader(std::nullopt);
        }
    }

    std::optional<std::size_t> open_module(std::string_view name, std::size_t caller) {
        const auto index = load(name, caller, 0);
        load_needs();
        return index;
    }

  private:
    void remember(std::size_t index) {
        const LoadedObject& object = link_.objects[index];
        for (const std::string& alias : object.aliases) {
            names_.try_emplace(alias, index);
        }
        if (index != 0 && index != link_.interpreter) {
            inodes_.try_emplace(tree_[object.file].inode, index);
        }
    }

    void add_object(LoadedObject object) {
        link_.objects.push_back(std::move(object));
        remember(link_.objects.size() - 1);
    }

    /// The loader joins the objects when it is first asked for.
    std::optional<std::size_t> add_loader(std::optional<std::size_t> asker) {
        if (!link_.interpreter && loader_) {
            link_.interpreter = link_.objects.size();
            add_object({.file = loader_->node,
                        .links = loader_->links,
                        .loaded_by = asker,
                        .name = loader_name_,
                        .found_by = loader_found_by_,
                        .path = loader_name_,
                        .aliases = {"libc.so"}});
        }
        return link_.interpreter;
    }

    // Searching.

    /// Tries the folders of a list, between colons or newlines; nothing empty counts (path_open).
    void try_path(Search& search, std::string_view folders, std::string_view found_by) {
        while (!search.file && steps_ < max_steps) {
            folders.remove_prefix(std::min(folders.find_first_not_of(":\n"), folders.size()));
            if (folders.empty()) {
                return;
            }
            ++steps_;
            const std::string_view folder = folders.substr(0, folders.find_first_of(":\n"));
            folders.remove_prefix(folder.size());
            if (search.searched.size() < 256) {
                search.searched.emplace_back(folder);
            }
            search.path = std::string(folder) + "/" + search.name;
            search.file = files_.open(search.path);
            search.found_by = std::string(found_by) + " " + std::string(folder);
        }
    }

    /// The RUNPATH, else the RPATH, with $ORIGIN replaced; nothing where it can't be (fixup_rpath).
    std::optional<std::string> rpath_of(std::size_t index) {
        const elf::ElfFacts* facts = session_.store.facts(link_.objects[index].file);
        if (facts == nullptr) {
            return std::nullopt;
        }
        const auto& text = facts->runpath ? facts->runpath : facts->rpath;
        if (!text || text->find('$') == std::string::npos) {
            return text;
        }
        const std::string& path = link_.objects[index].path;
        const std::string_view origin = std::string_view(path).substr(0, path.rfind('/'));
        if (secure_ && (index == 0 || !path.starts_with('/'))) {
            return std::nullopt;
        }
        return expand_musl_origin(*text, origin);
    }

    /// The default folders, or what stands in their place in the image.
    const std::string& system_path() {
        if (!system_path_) {
            const std::string path_file = std::string(prefix_of(loader_name_)) + "/etc/ld-musl-" +
                                          session_.info.architecture + ".path";
            const auto file = files_.open(path_file);
            system_path_ =
                file ? std::string(tree_.content(file->node).text()) : std::string(default_path);
            if (file) {
                system_path_->resize(std::min(system_path_->find('\0'), system_path_->size()));
                system_path_found_by_ = path_file;
                tell_of(file->node);
            }
        }
        return *system_path_;
    }

    void tell_of(NodeId file) {
        const bool told = std::any_of(link_.files.begin(), link_.files.end(),
                                      [&](const LoaderFile& other) { return other.file == file; });
        if (!told) {
            link_.files.push_back({file, "names the folders of libraries"});
        }
    }

    void search_folders(Search& search, std::optional<std::size_t> asker) {
        if (!secure_) {
            try_path(search, session_.environment.library_path, "LD_LIBRARY_PATH");
        }
        for (std::size_t i = 0; i <= link_.objects.size() && asker && !search.file; ++i) {
            const elf::ElfFacts* facts = session_.store.facts(link_.objects[*asker].file);
            if (const auto rpath = rpath_of(*asker)) {
                try_path(search, *rpath, facts->runpath ? "RUNPATH" : "RPATH");
            }
            asker = link_.objects[*asker].rpath_parent;
        }
        if (!search.file) {
            try_path(search, system_path(), system_path_found_by_);
        }
    }

    // Loading.

    /// Loads `name` as load_library does it; `asker` is told of in reports, and the RPATHs that are
    /// searched are those from `searcher` up.
    std::optional<std::size_t> load(std::string_view name, std::optional<std::size_t> asker,
                                    std::optional<std::size_t> searcher) {
        ++steps_;
        if (name.empty()) {
            return std::nullopt;
        }
        if (is_reserved(name) || name == loader_name_) {
            return add_loader(asker);
        }
        Search search{.name = std::string(name)};
        const bool is_path = name.find('/') != std::string_view::npos;
        if (is_path) {
            search.path = search.name;
            search.found_by = "its path";
            search.file = files_.open(search.path);
        } else {
            if (const auto known = names_.find(name); known != names_.end()) {
                return known->second;
            }
            if (name.size() <= max_name) {
                search_folders(search, searcher);
            }
        }
        if (!search.file) {
            return lose(search, asker, {});
        }
        const auto same = inodes_.find(tree_[search.file->node].inode);
        if (same != inodes_.end()) {
            add_short_name(same->second, is_path);
            add_name(link_.objects[same->second], *search.file);
            return same->second;
        }
        const std::string problem = problem_of(search.file->node);
        if (!problem.empty()) {
            return lose(search, asker, search.path + ": " + problem);
        }
        if (is_c_library(search.file->node)) {
            return add_loader(asker);
        }
        std::vector<std::string> aliases;
        if (!is_path) {
            aliases.push_back(search.name);
        }
        add_object({.file = search.file->node,
                    .links = std::move(search.file->links),
                    .loaded_by = asker,
                    .name = search.name,
                    .found_by = search.found_by,
                    .path = search.path,
                    .aliases = std::move(aliases),
                    .rpath_parent = searcher});
        return link_.objects.size() - 1;
    }

    /// An object that was loaded by its path gets its short name when a search comes upon it.
    void add_short_name(std::size_t index, bool is_path) {
        LoadedObject& object = link_.objects[index];
        if (object.aliases.empty() && !is_path) {
            object.aliases.emplace_back(path::basename(object.path));
            names_.try_emplace(object.aliases.front(), index);
        }
    }

    /// The first file that opens is taken, whatever it is; here is why it can't be used.
    std::string problem_of(NodeId node) {
        const elf::ElfFacts* facts = session_.store.facts(node);
        if (facts == nullptr) {
            return "not an ELF file that can be loaded";
        }
        const elf::Abi& own = session_.info.abi;
        if (facts->abi.machine != own.machine || facts->abi.bits != own.bits ||
            facts->abi.order != own.order) {
            return "for another machine; musl takes the first file that opens";
        }
        return facts->dynamic ? std::string() : "it has no dynamic section";
    }

    /// musl takes no second C library into the process, under whatever name.
    bool is_c_library(NodeId node) {
        const Slice content = tree_.content(node);
        if (content.text().find("__libc_start_main") == std::string_view::npos) {
            return false;
        }
        std::vector<Diagnostic> ignored;
        bool start = false;
        bool input = false;
        for (const elf::DynamicSymbol& symbol :
             elf::read_dynamic_symbols(content.bytes, session_.store.limits(), ignored)) {
            start = start || (symbol.defined && symbol.name == "__libc_start_main");
            input = input || (symbol.defined && symbol.name == "stdin");
        }
        return start && input;
    }

    std::nullopt_t lose(Search& search, std::optional<std::size_t> asker, std::string problem) {
        if (!asker) {
            link_.diagnostics.push_back(
                {Severity::warning, "preload-ignored", tree_[link_.program].path,
                 search.name + " cannot be preloaded" +
                     (problem.empty() ? ": it is not found" : ": " + problem)});
            return std::nullopt;
        }
        const NodeId needed_by = link_.objects[*asker].file;
        const auto same = std::find_if(
            link_.missing.begin(), link_.missing.end(), [&](const MissingLibrary& other) {
                return other.name == search.name && other.needed_by == needed_by;
            });
        if (same == link_.missing.end()) {
            link_.missing.push_back({std::move(search.name), needed_by, std::move(search.searched),
                                     std::move(problem)});
        }
        return std::nullopt;
    }

    void preload() {
        std::string_view names = session_.environment.preload;
        const auto separates = [](char c) { return is_space(c) || c == ':'; };
        while (!names.empty()) {
            const auto end = std::find_if(names.begin(), names.end(), separates);
            const auto length = static_cast<std::size_t>(end - names.begin());
            load(names.substr(0, length), std::nullopt, std::nullopt);
            names.remove_prefix(std::min(length + 1, names.size()));
        }
    }

    /// In load order, each object's needs in theirs (load_deps).
    void load_needs() {
        for (; next_ < link_.objects.size(); ++next_) {
            const elf::ElfFacts* facts = session_.store.facts(link_.objects[next_].file);
            if (facts == nullptr || next_ == link_.interpreter) {
                continue;
            }
            for (const std::string& name : facts->needed) {
                if (steps_ >= max_steps || link_.missing.size() > max_missing) {
                    break;
                }
                load(name, next_, next_);
            }
        }
        if (steps_ >= max_steps || link_.missing.size() > max_missing) {
            link_.diagnostics.push_back({Severity::warning, "loader-search-too-long",
                                         tree_[link_.program].path,
                                         "its libraries take more look-ups than any real program; "
                                         "not all were done"});
        }
    }

    const Session& session_;
    const rootfs::Rootfs& tree_;
    Link& link_;
    ImageFiles files_;
    const bool secure_;
    std::size_t next_;  // the first object whose needs are not loaded yet
    std::string loader_name_;
    std::optional<Opened> loader_;
    std::string loader_found_by_;
    std::optional<std::string> system_path_;
    std::string system_path_found_by_ = "default folder";
    std::map<std::string, std::size_t, std::less<>> names_;  // short names
    std::map<NodeId, std::size_t> inodes_;
    std::uint64_t steps_ = 0;
};

}  // namespace

void link_with_musl(const Session& session, const Interpreter& interpreter) {
    Linker(session).link_program(interpreter);
}

std::optional<std::size_t> open_with_musl(const Session& session, std::string_view name,
                                          std::size_t caller) {
    return Linker(session).open_module(name, caller);
}

}  // namespace slimimg::closure::loader
