#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/base/path.hpp"

#include "closure/rules/folders.hpp"
#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::Node;
using rootfs::NodeId;
using Names = std::set<std::string, std::less<>>;

constexpr std::size_t largest_code = 4UL << 20;

/// Gems that come with the interpreter for developers, and the documentation tool of its library
/// (gems/bundled_gems of Ruby's sources).
constexpr std::array<std::string_view, 8> developers_parts{
    "debug",     "minitest", "power_assert", "rbs", "rdoc", "repl_type_completor",
    "test-unit", "typeprof"};

bool is_ruby(Evidence& evidence, NodeId node) {
    const elf::ElfFacts* facts = evidence.elf(node);
    if (facts == nullptr || !facts->is_program()) {
        return false;
    }
    for (const std::string& library : facts->needed) {
        if (library.starts_with("libruby")) {
            return true;
        }
    }
    const std::string_view name = path::basename(evidence.rootfs()[node].path);
    return name == "ruby" ||
           (name.starts_with("ruby") && name.size() > 4 && name[4] >= '1' && name[4] <= '9');
}

/// The folder that a gem is unpacked to, "minitest-5.15.0", of a path below gems/; empty for
/// others.
std::string_view gem_folder(std::string_view path) {
    constexpr std::string_view gems = "/gems/";
    const std::size_t at = path.rfind(gems);
    if (at == std::string_view::npos) {
        return {};
    }
    const std::string_view rest = path.substr(at + gems.size());
    return rest.substr(0, rest.find('/'));
}

/// "minitest" of "minitest-5.15.0".
std::string_view gem_name(std::string_view folder) {
    const std::size_t dash = folder.rfind('-');
    const bool version = dash != std::string_view::npos && dash + 1 < folder.size() &&
                         folder[dash + 1] >= '0' && folder[dash + 1] <= '9';
    return version ? folder.substr(0, dash) : folder;
}

/// The part for developers that a path belongs to: a gem, its specification, or a module of the
/// library; empty for others.
std::string_view part_of(std::string_view path) {
    if (path.find("/ruby/") == std::string_view::npos) {
        return {};
    }
    std::string_view name = gem_name(gem_folder(path));
    if (path.ends_with(".gemspec")) {
        const std::string_view file = path::basename(path);
        name = gem_name(file.substr(0, file.size() - std::string_view(".gemspec").size()));
    } else if (name.empty() && (path.find("/rdoc/") != std::string_view::npos ||
                                path::basename(path) == "rdoc.rb")) {
        name = "rdoc";
    }
    const auto* const at = std::find(developers_parts.begin(), developers_parts.end(), name);
    return at == developers_parts.end() ? std::string_view() : *at;
}

/// The documentation and the packed archives that RubyGems leaves, what extensions were built
/// from, a gem's own tests; and the parts for developers, which come back where code names them.
bool is_unwanted(const Node& node) {
    const std::string_view path = node.path;
    const std::string_view gem = gem_folder(path);
    const bool code = path.ends_with(".rb") || path.ends_with(".so");
    bool of_developers = false;
    if (!gem.empty() && gem.data() + gem.size() < path.data() + path.size()) {
        static constexpr std::array<std::string_view, 6> folders{
            "/test/", "/tests/", "/spec/", "/ext/", "/sig/", "/benchmark/"};
        const std::string_view below(
            gem.data() + gem.size(),
            path.size() - static_cast<std::size_t>(gem.data() + gem.size() - path.data()));
        of_developers = std::any_of(folders.begin(), folders.end(), [&](std::string_view folder) {
            return below.starts_with(folder) && (folder != "/ext/" || !code);
        });
    }
    // Gems have code in folders of these names too: active_support/cache.
    const bool rest = path.find("/cache/bundler/") != std::string_view::npos ||
                      (path.find("/cache/") != std::string_view::npos && path.ends_with(".gem")) ||
                      (path.find("/doc/") != std::string_view::npos && !code);
    return of_developers || rest || path::basename(path) == "ri" || path.ends_with(".ri") ||
           path.ends_with("/mkmf.log") || path.ends_with("/gem_make.out") || !part_of(path).empty();
}

/// The folders of $LOAD_PATH and Gem.path that only Ruby's libraries are put in, of Debian
/// (operating_system.rb of its rubygems/defaults) and of a build into a prefix.
std::vector<std::string> own_folders(Evidence& evidence, NodeId program) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    const std::string prefix(path::parent(path::parent(tree[program].path)));
    std::vector<std::string> folders{prefix + "/lib/ruby",  "/usr/lib/ruby",
                                     "/usr/share/ruby",     "/usr/share/rubygems-integration",
                                     "/usr/share/rubygems", "/var/lib/gems",
                                     "/usr/local/lib/ruby", "/usr/local/bundle",
                                     prefix + "/etc/gemrc", "/etc/gemrc"};
    for (const NodeId folder : tree.children(tree.find("/usr/lib").value_or(0))) {
        folders.push_back(tree[folder].path + "/ruby");
        folders.push_back(tree[folder].path + "/rubygems-integration");
    }
    return folders;
}

/// Those that the environment adds.
std::vector<std::string> added_folders(const Evidence& evidence) {
    std::vector<std::string> folders;
    for (const std::string_view variable :
         {"GEM_HOME", "GEM_PATH", "BUNDLE_PATH", "BUNDLE_APP_CONFIG", "RUBYLIB"}) {
        const auto value = evidence.config().env_value(variable);
        std::string_view rest = value ? *value : std::string_view();
        while (!rest.empty()) {
            const std::string_view folder = rest.substr(0, rest.find(':'));
            rest.remove_prefix(std::min(folder.size() + 1, rest.size()));
            if (folder.starts_with('/')) {
                folders.emplace_back(folder);
            }
        }
    }
    return folders;
}

void keep_libraries(Evidence& evidence, NodeId folder, const std::string& name, NodeId program) {
    const Reason reason{ruby.id, program, Confidence::likely, "on Ruby's load path: " + name};
    if (evidence.rootfs()[folder].is_directory()) {
        keep_folder(evidence, folder, reason, is_unwanted);
    } else {
        evidence.keep_path(name, reason);
    }
}

void inspect(Evidence& evidence, NodeId node) {
    if (!is_ruby(evidence, node)) {
        return;
    }
    const rootfs::Rootfs& tree = evidence.rootfs();
    // However many packages put their gems there: RubyGems looks through all specifications.
    for (const std::string& name : own_folders(evidence, node)) {
        if (const auto folder = tree.resolve(name).node) {
            keep_libraries(evidence, *folder, name, node);
        }
    }
    for (const std::string& name : added_folders(evidence)) {
        const auto folder = tree.resolve(name).node;
        if (folder && !is_shared_folder(evidence, *folder)) {
            keep_libraries(evidence, *folder, name, node);
        }
    }
}

/// Code, lists of dependencies and specifications: what may require a part, or make RubyGems and
/// Bundler refuse to start without it.
bool may_require(const Node& node) {
    static constexpr std::array<std::string_view, 6> endings{".rb",   ".ru",      ".rake",
                                                             ".lock", ".gemspec", "Rakefile"};
    const std::string_view name = path::basename(node.path);
    return node.is_file() && node.header.size <= largest_code &&
           (name == "Gemfile" || name == "gems.rb" ||
            std::any_of(endings.begin(), endings.end(),
                        [&](std::string_view ending) { return name.ends_with(ending); }) ||
            node.path.find("/bin/") != std::string::npos);
}

/// Whether a text names a part as a library is named: 'minitest/autorun', "test/unit",
/// "minitest (>= 5)" of a lock file. The library's own modules name rdoc to make documentation.
bool names_part(std::string_view text, std::string_view part, bool lock) {
    for (std::size_t at = text.find(part); at != std::string_view::npos;
         at = text.find(part, at + 1)) {
        const char before = at == 0 ? '\n' : text[at - 1];
        const char after = at + part.size() < text.size() ? text[at + part.size()] : '\n';
        const bool quoted = (before == '\'' || before == '"' || before == '<') &&
                            std::string_view("'\"/>.").find(after) != std::string_view::npos;
        if (quoted || (lock && before == ' ' && (after == ' ' || after == '\n'))) {
            return true;
        }
    }
    return false;
}

Names named_parts(Evidence& evidence, NodeId node) {
    Names names;
    const Node& file = evidence.rootfs()[node];
    // RubyGems, Bundler and the library's own modules serve developers in passing.
    const bool library = file.path.find("/ruby/") != std::string::npos &&
                         gem_folder(file.path).empty() && !file.path.ends_with(".gemspec");
    if (!may_require(file) || library || !part_of(file.path).empty()) {
        return names;
    }
    const std::string_view text = evidence.text(node);
    const bool lock = file.path.ends_with(".lock");
    for (const std::string_view part : developers_parts) {
        if (names_part(text, part, lock) ||
            (part == "test-unit" && names_part(text, "test/unit", false))) {
            names.emplace(part);
        }
    }
    if (names.contains("test-unit")) {
        names.emplace("power_assert");  // which it is made with
    }
    return names;
}

/// The parts for developers below the folders that are kept.
void settle(Evidence& evidence) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    const bool runs = std::any_of(evidence.links().begin(), evidence.links().end(),
                                  [&](const auto& link) { return is_ruby(evidence, link.first); });
    if (!runs) {
        return;
    }
    std::vector<NodeId> kept;
    for (const auto& [node, reasons] : evidence.kept()) {
        kept.push_back(node);
    }
    std::map<std::string, NodeId, std::less<>> named;
    for (const NodeId node : kept) {
        for (const std::string& part : evidence.noted("ruby-parts", node, named_parts)) {
            named.emplace(part, node);
        }
    }
    for (NodeId id = 1; id < tree.size() && !named.empty(); ++id) {
        const std::string_view part =
            evidence.is_kept(id) ? std::string_view() : part_of(tree[id].path);
        if (const auto by = part.empty() ? named.end() : named.find(part); by != named.end()) {
            evidence.keep(
                id, {ruby.id, by->second, Confidence::likely, "names the library " + by->first});
        }
    }
}

}  // namespace

const Rule ruby{.id = "ruby",
                .summary = "a library that the Ruby interpreter may load",
                .inspect = inspect,
                .settle = settle};

}  // namespace slimimg::closure::rules
