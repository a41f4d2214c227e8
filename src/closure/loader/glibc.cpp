#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "slimimg/base/path.hpp"

#include "closure/loader/ld_cache_names.hpp"
#include "closure/loader/machine.hpp"
#include "closure/loader/process_link.hpp"
#include "closure/loader/tokens.hpp"

namespace slimimg::closure::loader {
namespace {

using rootfs::NodeId;

constexpr std::uint64_t flag_no_open = 0x40;              // DF_1_NOOPEN
constexpr std::uint64_t flag_no_default_folders = 0x800;  // DF_1_NODEFLIB
constexpr std::string_view cache_path = "/etc/ld.so.cache";
constexpr std::string_view library_path_kind = "LD_LIBRARY_PATH";
constexpr std::string_view preload_path = "/etc/ld.so.preload";

/// No search path of a real file comes near; past it the rest is left out.
constexpr std::size_t max_folders = 10'000;
constexpr std::size_t max_path = 4096;
/// Of what was searched for a missing library only so much is told.
constexpr std::size_t max_told = 256;
constexpr std::size_t max_missing = 10'000;

/// A folder of a search path. The condition is empty for every CPU.
struct SearchFolder {
    std::string folder;  // with a "/" at the end, or empty for the working folder
    std::string_view kind;
    std::string part = {};  // as it stands, unexpanded
    std::size_t object = 0;
    std::string condition = {};
};

/// An object as its loader sees it. Alternatives have one too but are no objects of the link.
struct Map {
    std::size_t object = 0;  // of the link; an alternative's is that of the base copy
    NodeId file = 0;
    const elf::ElfFacts* facts = nullptr;
    std::string origin;
    std::optional<std::size_t> parent;
    std::optional<std::vector<SearchFolder>> rpath;
    std::optional<std::vector<SearchFolder>> runpath;
};

struct Found {
    Opened file;
    std::string path;
    std::string label;
};

/// The course of one search: candidates are tried in the loader's order until one answers.
struct Search {
    std::string name;
    std::size_t asker = 0;
    bool set_id_only = false;  // LD_PRELOAD under AT_SECURE takes set-user-ID libraries alone
    std::vector<std::string> searched;
    std::vector<Alternative> alternatives;
    std::set<std::string> conditions;  // of the alternatives; a CPU takes the first that fits
    std::optional<Found> found;
    std::string problem;

    [[nodiscard]] bool over() const { return found || !problem.empty(); }
};

enum class Asking { needed, preload, dlopen };

std::string_view without_slash(std::string_view folder) {
    return folder.size() > 1 ? folder.substr(0, folder.size() - 1) : folder;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
    std::vector<std::string_view> parts;
    while (true) {
        const std::size_t end = text.find_first_of(separators);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) {
            return parts;
        }
        text.remove_prefix(end + 1);
    }
}

/// /etc/ld.so.preload with its comments blanked, as rtld.c does it.
std::vector<std::string_view> preload_names(std::string& text) {
    for (std::size_t at = text.find('#'); at != std::string::npos; at = text.find('#', at)) {
        for (; at < text.size() && text[at] != '\n'; ++at) {
            text[at] = ' ';
        }
    }
    return split(text, ": \t\n");
}

class Linker {
  public:
    explicit Linker(const Session& session)
        : session_(session),
          tree_(session.store.rootfs()),
          link_(session.link),
          files_(tree_, session.store.loaders(), session.environment.workdir),
          first_(link_.objects.size()),
          secure_(is_secure(tree_[link_.program])) {
        for (std::size_t i = 0; i < link_.objects.size(); ++i) {
            add_map(i);
        }
    }

    void link_program(const Interpreter& interpreter) {
        add_object({.file = link_.program,
                    .name = tree_[link_.program].path,
                    .path = tree_[link_.program].path});
        if (interpreter.file) {
            link_.interpreter = link_.objects.size();
            add_object({.file = interpreter.file->node,
                        .links = interpreter.file->links,
                        .name = interpreter.name,
                        .found_by = std::string(interpreter.found_by),
                        .path = interpreter.name});
        }
        list_.push_back({0});
        listed_.insert(0);
        preload();
        load_needs();
        finish();
    }

    std::optional<std::size_t> open_module(std::string_view name, std::size_t caller) {
        const auto index = map_object(maps_[caller], std::string(name), Asking::dlopen);
        if (index && *index >= first_) {
            list_.push_back({*index});
            listed_.insert(*index);
            load_needs();
            return finish(*index);
        }
        return index;
    }

  private:
    // An entry of the list of objects in look-up order (dl-deps.c).
    struct Entry {
        std::size_t object;
        bool done = false;
    };

    // Objects.

    void add_map(std::size_t index) {
        const LoadedObject& object = link_.objects[index];
        Map map{.object = index,
                .file = object.file,
                .facts = session_.store.facts(object.file),
                .origin = origin_of(object.path),
                .parent = object.rpath_parent};
        const auto remember = [&](const std::string& name) { names_.try_emplace(name, index); };
        if (index != 0) {
            remember(object.path);
            remember(object.name);
        }
        if (map.facts != nullptr && map.facts->soname) {
            remember(*map.facts->soname);
        }
        for (const std::string& alias : object.aliases) {
            remember(alias);
        }
        // The files of the program and of the interpreter are not known to the loader.
        if (index != 0 && index != link_.interpreter) {
            inodes_.try_emplace(tree_[object.file].inode, index);
        }
        maps_.push_back(std::move(map));
    }

    void add_object(LoadedObject object) {
        link_.objects.push_back(std::move(object));
        add_map(link_.objects.size() - 1);
    }

    [[nodiscard]] std::string origin_of(std::string_view path) const {
        const std::string full = files_.absolute(path);
        const std::size_t slash = full.rfind('/');
        return full.substr(0, std::max<std::size_t>(slash, 1));
    }

    // Search paths.

    [[nodiscard]] Tokens tokens(const Map& map) const {
        return {.origin = map.origin,
                .lib = session_.info.lib,
                .secure = secure_,
                .program = map.object == 0,
                .system_folders = session_.info.system_folders};
    }

    /// The parts of a search path, expanded; $PLATFORM makes a folder for each CPU's name.
    std::vector<SearchFolder> search_path(std::string_view text, std::string_view separators,
                                          const Map& map, std::string_view kind) const {
        std::vector<SearchFolder> result;
        std::set<std::pair<std::string, std::string>> known;
        const auto add = [&](const std::optional<std::string>& expanded, std::string_view part,
                             std::string condition) {
            if (!expanded || (expanded->empty() && !part.empty())) {
                return;
            }
            std::string folder = *expanded;
            while (folder.size() > 1 && folder.ends_with('/')) {
                folder.pop_back();
            }
            if (!folder.empty() && !folder.ends_with('/')) {
                folder += '/';
            }
            if (known.emplace(folder, condition).second) {
                result.push_back(
                    {std::move(folder), kind, std::string(part), map.object, std::move(condition)});
            }
        };
        for (const std::string_view part : split(text, separators)) {
            if (part.size() > max_path || result.size() > max_folders) {
                continue;
            }
            Tokens values = tokens(map);
            if (!has_platform_token(part)) {
                add(expand_tokens(part, values), part, {});
                continue;
            }
            for (const HardwareName& platform : platforms(session_.info.abi)) {
                values.platform = platform.name;
                add(expand_tokens(part, values), part,
                    platform.always ? std::string() : "$PLATFORM " + std::string(platform.name));
            }
        }
        return result;
    }

    const std::vector<SearchFolder>& rpath_of(Map& map) const {
        if (!map.rpath) {
            map.rpath.emplace();
            // With both, the linker's DT_RPATH counts for nothing.
            if (map.facts != nullptr && !map.facts->runpath &&
                !map.facts->rpath.value_or("").empty()) {
                map.rpath = search_path(*map.facts->rpath, ":", map, "RPATH");
            }
        }
        return *map.rpath;
    }

    const std::vector<SearchFolder>& runpath_of(Map& map) const {
        if (!map.runpath) {
            map.runpath.emplace();
            if (map.facts != nullptr && !map.facts->runpath.value_or("").empty()) {
                map.runpath = search_path(*map.facts->runpath, ":", map, "RUNPATH");
            }
        }
        return *map.runpath;
    }

    const std::vector<SearchFolder>& library_path() {
        if (!library_path_) {
            library_path_.emplace();
            if (!secure_ && !session_.environment.library_path.empty()) {
                library_path_ = search_path(session_.environment.library_path, ":;", maps_[0],
                                            library_path_kind);
            }
        }
        return *library_path_;
    }

    /// The folders for certain CPUs below `folder` that the image has, in the order in which the
    /// loader tries them, before the folder itself (dl-hwcaps.c).
    const std::vector<SearchFolder>& hardware_folders(const std::string& folder) {
        const auto known = hardware_folders_.find(folder);
        if (known != hardware_folders_.end()) {
            return known->second;
        }
        std::vector<SearchFolder> result;
        if (files_.folder(folder + "glibc-hwcaps")) {
            for (const std::string& name : session_.info.hwcaps_folders) {
                const std::string below = "glibc-hwcaps/" + name;
                if (files_.folder(folder + below)) {
                    result.push_back({.folder = folder + below + "/", .condition = below});
                }
            }
        }
        if (session_.info.legacy_hardware) {
            add_legacy_folders(folder, {}, 0, result);
        }
        return hardware_folders_.emplace(folder, std::move(result)).first->second;
    }

    /// Every existing combination of the parts from `next` on below `folder`, fullest first.
    void add_legacy_folders(const std::string& folder, const std::string& condition,
                            std::size_t next, std::vector<SearchFolder>& result) {
        if (next == legacy_parts_.size()) {
            return;
        }
        for (const HardwareName& option : legacy_parts_[next]) {
            const std::string below = folder + std::string(option.name);
            if (!files_.folder(below)) {
                continue;
            }
            const std::string needs = option.always ? condition
                                                    : condition + (condition.empty() ? "" : "/") +
                                                          std::string(option.name);
            add_legacy_folders(below + "/", needs, next + 1, result);
            result.push_back({.folder = below + "/", .condition = needs});
        }
        add_legacy_folders(folder, condition, next + 1, result);
    }

    // Searching.

    /// "RPATH $ORIGIN/lib of libx.so.1": the owner is told where it isn't the one that asks.
    [[nodiscard]] std::string label(const SearchFolder& place, const Search& search) const {
        std::string text(place.kind);
        if (!place.part.empty()) {
            text += " " + place.part;
        }
        const bool own = place.object == search.asker || place.kind == library_path_kind;
        return own ? text : text + " of " + link_.objects[place.object].name;
    }

    static void tell(Search& search, std::string_view folder) {
        if (search.searched.size() < max_told) {
            search.searched.emplace_back(folder);
        }
    }

    /// One file that the loader would open. Ends the search where it is taken on every CPU.
    void try_file(Search& search, const std::string& path, const SearchFolder& place,
                  const std::string& condition) {
        if (++steps_ > max_steps || (!condition.empty() && search.conditions.contains(condition))) {
            return;
        }
        auto file = files_.open(path);
        if (!file) {
            return;
        }
        const rootfs::Node& node = tree_[file->node];
        const Verdict verdict = judge_header(tree_.content(file->node).bytes, session_.info.abi);
        if (verdict.kind == Verdict::Kind::skip ||
            (search.set_id_only && (node.header.mode & 04000) == 0)) {
            return;
        }
        if (verdict.kind == Verdict::Kind::refuse) {
            if (condition.empty()) {
                search.problem = path + ": " + verdict.reason;
            }
            return;
        }
        if (condition.empty()) {
            search.found = Found{std::move(*file), path, label(place, search)};
        } else {
            search.conditions.insert(condition);
            search.alternatives.push_back({file->node, std::move(file->links), path, condition});
        }
    }

    void try_folder(Search& search, const SearchFolder& folder) {
        if (search.over()) {
            return;
        }
        tell(search, folder.folder.empty() ? "." : without_slash(folder.folder));
        if (!folder.folder.empty() && !files_.folder(folder.folder)) {
            ++steps_;
            return;
        }
        for (const SearchFolder& below : hardware_folders(folder.folder)) {
            const std::string joint =
                folder.condition.empty() || below.condition.empty() ? "" : ", ";
            try_file(search, below.folder + search.name, folder,
                     folder.condition + joint + below.condition);
            if (search.over()) {
                return;
            }
        }
        try_file(search, folder.folder + search.name, folder, folder.condition);
    }

    void try_folders(Search& search, const std::vector<SearchFolder>& folders) {
        for (const SearchFolder& folder : folders) {
            try_folder(search, folder);
        }
    }

    /// DT_RPATH of the asking object and of all above it, then the program's.
    void try_rpaths(Search& search, Map& asker) {
        if (asker.facts != nullptr && asker.facts->runpath) {
            return;
        }
        bool did_program = false;
        Map* map = &asker;
        // The chain can't be longer than there are objects.
        for (std::size_t i = 0; i <= maps_.size() && map != nullptr; ++i) {
            try_folders(search, rpath_of(*map));
            did_program = did_program || map->object == 0;
            map = map->parent ? &maps_[*map->parent] : nullptr;
        }
        if (!did_program) {
            try_folders(search, rpath_of(maps_[0]));
        }
    }

    void try_default_folders(Search& search) {
        for (const std::string& folder : session_.info.system_folders) {
            try_folder(search, {.folder = folder,
                                .kind = "default folder",
                                .part = std::string(without_slash(folder)),
                                .object = search.asker});
        }
    }

    const LdCache* cache() {
        auto& known = session_.store.loaders().cache_file;
        if (!known) {
            known.emplace();
            const auto file = files_.open(cache_path);
            if (file && tree_[file->node].is_file()) {
                *known = LoaderKnowledge::CacheFile{
                    file->node, LdCache::parse(tree_.content(file->node).bytes)};
            }
        }
        if (!*known || !(*known)->cache || (*known)->cache->order != session_.info.abi.order) {
            return nullptr;
        }
        return &*(*known)->cache;
    }

    /// A line of the cache that the loader would follow.
    void try_cached(Search& search, Map& asker, const LdCacheEntry& entry,
                    const std::string& condition) {
        const bool in_default_folder =
            std::any_of(session_.info.system_folders.begin(), session_.info.system_folders.end(),
                        [&](const std::string& folder) { return entry.path.starts_with(folder); });
        if (in_default_folder && asker.facts != nullptr &&
            (asker.facts->flags_1 & flag_no_default_folders) != 0) {
            return;
        }
        try_file(search, entry.path, {.kind = "ld.so.cache", .object = search.asker}, condition);
    }

    /// The lines of one name, as search_cache in dl-cache.c goes through them. Which of those for
    /// certain CPUs counts is for the CPU to say: all are alternatives.
    void try_cache(Search& search, Map& asker) {
        const LdCache* known = cache();
        if (known == nullptr || search.over()) {
            return;
        }
        tell(search, cache_path);
        const auto& entries = known->entries;
        // The file's own binary search over names in descending order: in a file that is not
        // sorted the loader misses what it misses here.
        std::ptrdiff_t left = 0;
        std::ptrdiff_t right = static_cast<std::ptrdiff_t>(entries.size()) - 1;
        const auto compare = [&](std::ptrdiff_t i) {
            return compare_cache_names(search.name, entries[static_cast<std::size_t>(i)].name);
        };
        std::ptrdiff_t middle = 0;
        int order = -1;
        while (left <= right) {
            middle = (left + right) / 2;
            order = compare(middle);
            if (order == 0) {
                break;
            }
            if (order < 0) {
                left = middle + 1;
            } else {
                right = middle - 1;
            }
        }
        if (order != 0) {
            return;
        }
        while (middle > 0 && compare(middle - 1) == 0) {
            --middle;
        }
        for (; middle <= right && compare(middle) == 0 && !search.over(); ++middle) {
            const LdCacheEntry& entry = entries[static_cast<std::size_t>(middle)];
            if (!accepts_cache_flags(session_.info.abi, entry.flags)) {
                continue;
            }
            if (!entry.hwcaps_folder.empty()) {
                const auto& active = session_.info.hwcaps_folders;
                if (std::find(active.begin(), active.end(), entry.hwcaps_folder) != active.end()) {
                    try_cached(search, asker, entry, "glibc-hwcaps/" + entry.hwcaps_folder);
                }
            } else if ((entry.hwcap & ~common_cache_hwcaps(session_.info.abi)) != 0) {
                try_cached(search, asker, entry, "hardware bits in ld.so.cache");
            } else {
                // The first that fits every CPU is the answer, stale or not.
                try_cached(search, asker, entry, {});
                break;
            }
        }
        if (search.found) {
            cached_.push_back({search.name, search.found->file.node, &asker});
        }
    }

    void search_folders(Search& search, Map& asker) {
        try_rpaths(search, asker);
        try_folders(search, library_path());
        try_folders(search, runpath_of(asker));
        if (!search.set_id_only) {
            try_cache(search, asker);
        }
        if (asker.facts == nullptr || (asker.facts->flags_1 & flag_no_default_folders) == 0) {
            try_default_folders(search);
        }
        if (!search.found && search.problem.empty() && !search.alternatives.empty()) {
            // Only for certain CPUs: the least demanding copy stands for the base.
            Alternative last = std::move(search.alternatives.back());
            search.alternatives.pop_back();
            link_.diagnostics.push_back(
                {Severity::warning, "library-for-some-cpus", last.path,
                 search.name + " is there for CPUs with " + last.why + " only"});
            search.found = Found{{last.file, std::move(last.links)}, last.path, last.why};
        }
    }

    void search_path_name(Search& search, const Map& asker) {
        const auto expanded = expand_tokens(search.name, base_tokens(asker));
        if (expanded) {
            tell(search, *expanded);
            try_file(search, *expanded, {.kind = "its path", .object = search.asker}, {});
        }
    }

    [[nodiscard]] Tokens base_tokens(const Map& map) const {
        Tokens values = tokens(map);
        const auto names = platforms(session_.info.abi);
        if (!names.empty()) {
            values.platform = names.back().name;
        }
        return values;
    }

    // Mapping, as _dl_map_object does it.

    std::optional<std::size_t> map_object(Map& asker, std::string name, Asking how) {
        ++steps_;
        if (const auto known = names_.find(name); known != names_.end()) {
            if (known->second == link_.interpreter && !link_.objects[known->second].loaded_by) {
                link_.objects[known->second].loaded_by = asker.object;
            }
            return known->second;
        }
        Search search{.name = std::move(name), .asker = asker.object};
        if (search.name.find('/') == std::string::npos) {
            search.set_id_only = secure_ && how == Asking::preload;
            search_folders(search, asker);
        } else {
            search_path_name(search, asker);
        }
        if (!search.found) {
            return lose(search, asker, how);
        }
        Found& found = *search.found;
        const NodeId inode = tree_[found.file.node].inode;
        if (const auto same = inodes_.find(inode); same != inodes_.end()) {
            LoadedObject& object = link_.objects[same->second];
            object.aliases.push_back(search.name);
            add_name(object, found.file);
            names_.try_emplace(search.name, same->second);
            return same->second;
        }
        const elf::ElfFacts* facts = session_.store.facts(found.file.node);
        search.problem = unloadable(facts);
        if (search.problem.empty() && how == Asking::dlopen &&
            (facts->flags_1 & flag_no_open) != 0) {
            search.problem = "shared object cannot be dlopen()ed";
        }
        if (!search.problem.empty()) {
            search.problem = found.path + ": " + search.problem;
            return lose(search, asker, how);
        }
        add_object(
            {.file = found.file.node,
             .links = std::move(found.file.links),
             .loaded_by = asker.object,
             .name = search.name,
             .found_by = found.label,
             .alternatives = std::move(search.alternatives),
             .path = found.path,
             .rpath_parent = how == Asking::dlopen ? std::nullopt : std::optional(asker.object)});
        return link_.objects.size() - 1;
    }

    std::nullopt_t lose(Search& search, const Map& asker, Asking how) {
        if (how == Asking::preload) {
            link_.diagnostics.push_back(
                {Severity::warning, "preload-ignored", tree_[link_.program].path,
                 search.name + " cannot be preloaded" +
                     (search.problem.empty() ? ": it is not found" : ": " + search.problem)});
            return std::nullopt;
        }
        const auto same = std::find_if(
            link_.missing.begin(), link_.missing.end(), [&](const MissingLibrary& other) {
                return other.name == search.name && other.needed_by == asker.file;
            });
        if (same == link_.missing.end()) {
            link_.missing.push_back({std::move(search.name), asker.file, std::move(search.searched),
                                     std::move(search.problem)});
        }
        return std::nullopt;
    }

    // Loading, as rtld.c and dl-deps.c do it.

    void preload() {
        const std::size_t first = link_.objects.size();
        const auto add = [&](std::string_view name, bool slash_allowed) {
            if (!name.empty() && (slash_allowed || name.find('/') == std::string_view::npos)) {
                map_object(maps_[0], std::string(name), Asking::preload);
            }
        };
        for (const std::string_view name : split(session_.environment.preload, " :")) {
            add(name, !secure_);
        }
        const auto file = files_.open(preload_path);
        if (file && tree_[file->node].is_file()) {
            link_.files.push_back({file->node, "names libraries to preload"});
            const Slice content = tree_.content(file->node);
            std::string text(content.text());
            for (const std::string_view name : preload_names(text)) {
                add(name, true);
            }
        }
        for (std::size_t i = first; i < link_.objects.size(); ++i) {
            list_.push_back({i});
            listed_.insert(i);
        }
    }

    /// The loader's breadth-first walk. Filtees go into the list before who filters them.
    void load_needs() {
        for (std::size_t i = 0; i < list_.size() || next_alternative_ < link_.objects.size();) {
            if (i == list_.size()) {
                load_needs_of_alternatives();
            } else if (list_[i].done) {
                ++i;
            } else {
                list_[i].done = true;
                load_needs_of(i);
            }
        }
        if (steps_ > max_steps || link_.missing.size() > max_missing) {
            link_.diagnostics.push_back({Severity::warning, "loader-search-too-long",
                                         tree_[link_.program].path,
                                         "its libraries take more look-ups than any real program; "
                                         "not all were done"});
        }
    }

    void load_needs_of(std::size_t position) {
        const std::size_t object = list_[position].object;
        const elf::ElfFacts* facts = maps_[object].facts;
        if (facts == nullptr) {
            return;
        }
        for (const std::string& name : facts->needed) {
            append(load_need(maps_[object], name));
        }
        for (const std::string& name : facts->filters) {
            insert_before(object, load_need(maps_[object], name));
        }
        for (const std::string& name : facts->auxiliaries) {
            const std::size_t known_missing = link_.missing.size();
            insert_before(object, load_need(maps_[object], name));
            link_.missing.resize(std::min(known_missing, link_.missing.size()));
        }
    }

    std::optional<std::size_t> load_need(Map& asker, const std::string& name) {
        if (steps_ > max_steps || link_.missing.size() > max_missing || is_vdso(name)) {
            return std::nullopt;
        }
        if (!has_token(name)) {
            return map_object(asker, name, Asking::needed);
        }
        if (secure_) {
            Search search{.name = name, .problem = "tokens are not allowed in set-id programs"};
            return lose(search, asker, Asking::needed);
        }
        const auto expanded = expand_tokens(name, base_tokens(asker));
        if (!expanded || expanded->empty()) {
            return std::nullopt;
        }
        return map_object(asker, *expanded, Asking::needed);
    }

    /// The kernel's own object is in every process.
    static bool is_vdso(std::string_view name) {
        return name == "linux-vdso.so.1" || name == "linux-gate.so.1" ||
               name == "linux-vdso32.so.1" || name == "linux-vdso64.so.1";
    }

    void append(std::optional<std::size_t> object) {
        if (object && *object >= first_ && listed_.insert(*object).second) {
            list_.push_back({*object});
        }
    }

    void insert_before(std::size_t object, std::optional<std::size_t> filtee) {
        if (!filtee || *filtee < first_ || *filtee == object) {
            return;
        }
        const auto position = [&](std::size_t which) {
            return std::find_if(list_.begin(), list_.end(),
                                [&](const Entry& entry) { return entry.object == which; });
        };
        Entry moved{*filtee};
        if (!listed_.insert(*filtee).second) {
            if (position(*filtee) < position(object)) {
                return;
            }
            moved = *position(*filtee);
            list_.erase(position(*filtee));
        }
        list_.insert(position(object), moved);
    }

    /// A copy for certain CPUs may need what the base copy doesn't.
    void load_needs_of_alternatives() {
        const std::size_t object = next_alternative_++;
        for (std::size_t i = 0; i < link_.objects[object].alternatives.size(); ++i) {
            const Alternative& alternative = link_.objects[object].alternatives[i];
            Map map{.object = object,
                    .file = alternative.file,
                    .facts = session_.store.facts(alternative.file),
                    .origin = origin_of(alternative.path),
                    .parent = maps_[object].parent};
            if (map.facts == nullptr) {
                continue;
            }
            for (const std::string& name : map.facts->needed) {
                append(load_need(map, name));
            }
        }
    }

    // Handing over.

    /// Brings the new objects into look-up order and says where `object` stands then.
    std::size_t finish(std::size_t object = 0) {
        tell_of_cache();
        std::vector<std::size_t> order;
        for (const Entry& entry : list_) {
            order.push_back(entry.object);
        }
        for (std::size_t i = first_; i < link_.objects.size(); ++i) {
            if (!listed_.contains(i)) {
                order.push_back(i);
            }
        }
        std::vector<std::size_t> place(link_.objects.size());
        for (std::size_t i = 0; i < first_; ++i) {
            place[i] = i;
        }
        std::vector<LoadedObject> arranged;
        for (const std::size_t i : order) {
            place[i] = first_ + arranged.size();
            arranged.push_back(std::move(link_.objects[i]));
        }
        const auto move = [&](std::optional<std::size_t>& index) {
            if (index) {
                index = place[*index];
            }
        };
        for (LoadedObject& moved : arranged) {
            move(moved.loaded_by);
            move(moved.rpath_parent);
        }
        link_.objects.resize(first_);
        std::move(arranged.begin(), arranged.end(), std::back_inserter(link_.objects));
        move(link_.interpreter);
        return place[object];
    }

    /// The cache is worth keeping where the default folders would not have answered the same.
    void tell_of_cache() {
        if (cached_.empty()) {
            return;
        }
        std::vector<std::string> names;
        for (const Cached& hit : cached_) {
            Search search{.name = hit.name};
            if (hit.asker_uses_defaults) {
                try_default_folders(search);
            }
            if (!search.found || tree_[search.found->file.node].inode != tree_[hit.file].inode) {
                names.push_back(hit.name);
            }
        }
        const NodeId file = (*session_.store.loaders().cache_file)->file;
        const auto told = std::find_if(link_.files.begin(), link_.files.end(),
                                       [&](const LoaderFile& other) { return other.file == file; });
        std::string why = "looked up before the default folders, which hold the same";
        if (!names.empty()) {
            why = "the only way to " + names.front() +
                  (names.size() > 1 ? " and " + std::to_string(names.size() - 1) + " more" : "");
        }
        if (told == link_.files.end()) {
            link_.files.push_back({file, std::move(why)});
        } else if (!names.empty() && told->why.starts_with("looked up")) {
            told->why = std::move(why);
        }
    }

    struct Cached {
        std::string name;
        NodeId file;
        bool asker_uses_defaults;

        Cached(std::string asked, NodeId hit, const Map* asker)
            : name(std::move(asked)),
              file(hit),
              asker_uses_defaults(asker->facts == nullptr ||
                                  (asker->facts->flags_1 & flag_no_default_folders) == 0) {}
    };

    const Session& session_;
    const rootfs::Rootfs& tree_;
    Link& link_;
    ImageFiles files_;
    const std::size_t first_;  // the first object of this call
    const bool secure_;
    const std::vector<std::vector<HardwareName>> legacy_parts_ =
        legacy_hardware_folders(session_.info.abi);

    std::deque<Map> maps_;  // parallel to the link's objects while they are in load order
    std::map<std::string, std::size_t, std::less<>> names_;
    std::map<NodeId, std::size_t> inodes_;
    std::vector<Entry> list_;
    std::set<std::size_t> listed_;
    std::size_t next_alternative_ = first_;
    std::optional<std::vector<SearchFolder>> library_path_;
    std::map<std::string, std::vector<SearchFolder>, std::less<>> hardware_folders_;
    std::vector<Cached> cached_;
    std::uint64_t steps_ = 0;
};

}  // namespace

void link_with_glibc(const Session& session, const Interpreter& interpreter) {
    Linker(session).link_program(interpreter);
}

std::optional<std::size_t> open_with_glibc(const Session& session, std::string_view name,
                                           std::size_t caller) {
    return Linker(session).open_module(name, caller);
}

}  // namespace slimimg::closure::loader
