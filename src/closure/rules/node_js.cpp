#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/base/json_cursor.hpp"
#include "slimimg/base/path.hpp"

#include "closure/rules/dependencies.hpp"
#include "closure/rules/folders.hpp"
#include "closure/rules/rules.hpp"
#include "closure/rules/script_tokens.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::Node;
using rootfs::NodeId;
using Names = std::set<std::string, std::less<>>;

constexpr std::size_t largest_script = 8UL << 20;
constexpr std::size_t largest_manifest = 1UL << 20;

/// Node.js answers these itself, whatever stands in node_modules
/// (require('module').builtinModules).
constexpr std::array<std::string_view, 38> own_modules{"assert",     "async_hooks",
                                                       "buffer",     "child_process",
                                                       "cluster",    "console",
                                                       "constants",  "crypto",
                                                       "dgram",      "diagnostics_channel",
                                                       "dns",        "domain",
                                                       "events",     "fs",
                                                       "http",       "http2",
                                                       "https",      "inspector",
                                                       "module",     "net",
                                                       "os",         "path",
                                                       "perf_hooks", "process",
                                                       "punycode",   "querystring",
                                                       "readline",   "repl",
                                                       "stream",     "string_decoder",
                                                       "timers",     "tls",
                                                       "tty",        "url",
                                                       "util",       "v8",
                                                       "vm",         "zlib"};

bool is_script(Evidence& evidence, NodeId node) {
    const Node& file = evidence.rootfs()[node];
    return file.is_file() && file.header.size <= largest_script &&
           script_language(file.path, evidence.text(node)) == ScriptLanguage::javascript;
}

/// What a published package has beside its code.
bool is_unwanted(const Node& node) {
    return node.path.find("/man/") != std::string::npos ||
           (node.path.find("/docs/") != std::string::npos && node.path.ends_with(".md")) ||
           node.path.ends_with(".d.ts") || node.path.ends_with(".js.map");
}

void keep_package(Evidence& evidence, NodeId folder, const Reason& reason) {
    const auto manifest = evidence.rootfs().child(folder, "package.json");
    if ((!manifest || !evidence.is_kept(*manifest)) && !is_shared_folder(evidence, folder)) {
        keep_folder(evidence, folder, reason, is_unwanted);
    }
}

/// A module of a package requires others of it by computed names: the package of a kept module
/// stays, with the packages that its node_modules folders hold.
void keep_package_of(Evidence& evidence, NodeId node) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    for (NodeId folder = tree[node].parent; folder != 0; folder = tree[folder].parent) {
        if (tree.child(folder, "package.json")) {
            keep_package(evidence, folder,
                         {node_js.id, node, Confidence::likely,
                          "the Node.js package in " + tree[folder].path});
            return;
        }
    }
}

/// "express" of "express/lib/router", "@a/b" of "@a/b/c"; empty for what is no package's name.
std::string_view package_in(std::string_view specifier) {
    static constexpr std::string_view allowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~@/";
    if (specifier.empty() || specifier.front() == '.' || specifier.front() == '/' ||
        specifier.find_first_not_of(allowed) != std::string_view::npos) {
        return {};
    }
    std::size_t end = specifier.find('/');
    if (specifier.front() == '@') {
        end = end == std::string_view::npos ? end : specifier.find('/', end + 1);
    }
    const std::string_view name = specifier.substr(0, end);
    const bool own = name.size() == specifier.size() &&
                     std::find(own_modules.begin(), own_modules.end(), name) != own_modules.end();
    return own ? std::string_view() : name;
}

/// The folders that are searched behind those of node_modules: NODE_PATH, then those that Debian
/// adds (its patch of lib/internal/modules/cjs/loader.js).
std::vector<std::string> global_folders(const Evidence& evidence) {
    std::vector<std::string> folders;
    const auto paths = evidence.config().env_value("NODE_PATH");
    std::string_view rest = paths ? *paths : std::string_view();
    while (!rest.empty()) {
        const std::string_view folder = rest.substr(0, rest.find(':'));
        rest.remove_prefix(std::min(folder.size() + 1, rest.size()));
        if (folder.starts_with('/')) {
            folders.emplace_back(folder);
        }
    }
    folders.emplace_back("/etc/nodejs");
    const rootfs::Rootfs& tree = evidence.rootfs();
    for (const NodeId folder : tree.children(tree.resolve("/usr/lib").node.value_or(0))) {
        if (tree.child(folder, "nodejs")) {
            folders.push_back(tree[folder].path + "/nodejs");
        }
    }
    folders.emplace_back("/usr/share/nodejs");
    folders.emplace_back("/usr/lib/nodejs");
    return folders;
}

/// Where require finds a package from a file: node_modules upward, then the global folders
/// (https://nodejs.org/api/modules.html, "All together"). A module may be one file.
std::optional<std::string> find_module(const Evidence& evidence, NodeId from,
                                       std::string_view name) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    const auto is_there = [&](const std::string& path) { return tree.resolve(path).node; };
    for (NodeId folder = tree[from].parent; folder != 0; folder = tree[folder].parent) {
        const std::string candidate =
            path::join(tree[folder].path, "node_modules/" + std::string(name));
        if (path::basename(tree[folder].path) != "node_modules" && is_there(candidate)) {
            return candidate;
        }
    }
    for (const std::string& folder : global_folders(evidence)) {
        for (const std::string_view ending : {"", ".js", ".json", ".node"}) {
            const std::string candidate =
                path::join(folder, std::string(name) + std::string(ending));
            if (is_there(candidate)) {
                return candidate;
            }
        }
    }
    return std::nullopt;
}

void add_module(const Evidence& evidence, NodeId from, std::string_view specifier, Names& found) {
    if (const std::string_view name = package_in(specifier); !name.empty()) {
        if (auto path = find_module(evidence, from, name)) {
            found.insert(std::move(*path));
        }
    }
}

/// Whether the string at `at` is what require or import are given.
bool is_specifier(const std::vector<ScriptToken>& tokens, std::size_t at) {
    const auto is_name = [&](std::size_t back, std::string_view name) {
        return at >= back && tokens[at - back].is_name(name);
    };
    const auto is_mark = [&](std::size_t back, char mark) {
        return at >= back && tokens[at - back].is_mark(mark);
    };
    if (is_mark(1, '(')) {
        return is_name(2, "import") || (is_name(2, "require") && !is_mark(3, '.')) ||
               (is_name(2, "resolve") && is_mark(3, '.') && is_name(4, "require"));
    }
    return is_name(1, "from") || is_name(1, "import");
}

/// The packages that a script asks for. Code of the application itself also hands names to its
/// framework, which requires them ("view engine", "ejs").
Names required_by_script(Evidence& evidence, NodeId node) {
    Names found;
    const bool own = !evidence.packages().owner(node);
    const auto tokens = script_tokens(evidence.text(node), ScriptLanguage::javascript);
    for (std::size_t at = 0; at < tokens.size(); ++at) {
        if (tokens[at].kind == ScriptToken::Kind::string && (own || is_specifier(tokens, at))) {
            add_module(evidence, node, tokens[at].text, found);
        }
    }
    return found;
}

/// The packages that a package.json depends on, as far as they are installed.
Names required_by_manifest(Evidence& evidence, NodeId node) {
    Names found;
    JsonCursor json(evidence.text(node));
    json.object([&](const std::string& key) {
        const bool wanted =
            key == "dependencies" || key == "optionalDependencies" || key == "peerDependencies";
        if (!wanted || json.peek() != '{') {
            return json.skip();
        }
        return json.object([&](const std::string& name) {
            add_module(evidence, node, name, found);
            return json.skip();
        });
    });
    return found;
}

/// The packages that npm installed tell in their package.json what they require; Debian's and the
/// application's own code is read.
Names required_by(Evidence& evidence, NodeId node) {
    const Node& file = evidence.rootfs()[node];
    if (path::basename(file.path) == "package.json" && file.header.size <= largest_manifest) {
        return required_by_manifest(evidence, node);
    }
    return file.path.find("/node_modules/") == std::string::npos && is_script(evidence, node)
               ? required_by_script(evidence, node)
               : Names();
}

void keep_module(Evidence& evidence, const std::string& name, NodeId from) {
    const Reason reason{node_js.id, from, Confidence::likely,
                        "requires " + std::string(path::basename(name))};
    const auto module = evidence.rootfs().resolve(name).node;
    if (module && evidence.keep_path(name, reason) && evidence.rootfs()[*module].is_directory()) {
        keep_package(evidence, *module, reason);
    }
}

/// The interpreter may be kept after the scripts; without it they are a browser's.
/// Yarn's Plug'n'Play: the archives that its map of packages names, beside it or in a cache of all.
void keep_archives(Evidence& evidence, NodeId map) {
    constexpr std::string_view key = "\"packageLocation\": \"";
    constexpr std::string_view ending = ".zip/";
    const std::string_view text = evidence.text(map);
    const std::string_view folder = path::parent(evidence.rootfs()[map].path);
    for (std::size_t at = text.find(key); at != std::string_view::npos;
         at = text.find(key, at + 1)) {
        const std::string_view rest = text.substr(at + key.size());
        const std::string_view place = rest.substr(0, rest.find('"'));
        if (const std::size_t end = place.find(ending); end != std::string_view::npos) {
            const std::string archive(place.substr(0, end + ending.size() - 1));
            evidence.keep_path(path::normalize(path::join(folder, archive)),
                               {node_js.id, map, Confidence::likely, "names " + archive});
        }
    }
}

bool has_kept(const Evidence& evidence, NodeId folder) {
    for (NodeId id = folder + 1; id < evidence.rootfs()[folder].subtree_end; ++id) {
        if (evidence.rootfs()[id].is_file() && evidence.is_kept(id)) {
            return true;
        }
    }
    return false;
}

/// A tool that was installed for all finds its plugins beside itself, by its name and an argument's
/// (newman-reporter-htmlextra).
void keep_global_plugins(Evidence& evidence) {
    static constexpr std::array<std::string_view, 2> places{"/usr/local/lib/node_modules",
                                                            "/usr/lib/node_modules"};
    const rootfs::Rootfs& tree = evidence.rootfs();
    for (const std::string_view place : places) {
        const auto folder = tree.find(place);
        const std::vector<NodeId> packages =
            folder ? tree.children(*folder) : std::vector<NodeId>();
        if (folder && !evidence.afford(node_js.id, *folder, packages.size() * packages.size())) {
            return;
        }
        for (const NodeId tool : packages) {
            const std::string start = std::string(path::basename(tree[tool].path)) + '-';
            for (const NodeId plugin : packages) {
                if (path::basename(tree[plugin].path).starts_with(start) &&
                    tree[plugin].is_directory() && has_kept(evidence, tool)) {
                    keep_package(evidence, plugin,
                                 {node_js.id, tool, Confidence::likely,
                                  "installed beside " + tree[tool].path + ", by its name"});
                }
            }
        }
    }
}

void settle(Evidence& evidence) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    const bool runs =
        std::any_of(evidence.links().begin(), evidence.links().end(), [&](const auto& link) {
            const std::string_view name = path::basename(tree[link.first].path);
            return name == "node" || name == "nodejs" || name == "bun" || name == "deno";
        });
    if (!runs) {
        return;
    }
    std::vector<NodeId> kept;
    for (const auto& [node, reasons] : evidence.kept()) {
        if (tree[node].is_file()) {
            kept.push_back(node);
        }
    }
    keep_global_plugins(evidence);
    for (const NodeId node : kept) {
        const std::string_view name = path::basename(tree[node].path);
        if (name == ".pnp.cjs" || name == ".pnp.data.json") {
            keep_archives(evidence, node);
        }
        if (is_script(evidence, node)) {
            keep_package_of(evidence, node);
        }
        for (const std::string& module : evidence.noted("node-modules", node, required_by)) {
            keep_module(evidence, module, node);
        }
    }
}

}  // namespace

const Rule node_js{
    .id = "node-js", .summary = "a module of a Node.js package that is used", .settle = settle};

}  // namespace slimimg::closure::rules
