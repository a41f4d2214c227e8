#include "closure/rules/dependencies.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "slimimg/base/one_of.hpp"
#include "slimimg/base/path.hpp"

namespace slimimg::closure {
namespace {

using rootfs::Node;
using rootfs::NodeId;

constexpr std::array<std::string_view, 4> places{"/node_modules/", "/site-packages/",
                                                 "/dist-packages/", "/gems/"};
constexpr std::size_t largest_code = 4UL << 20;

/// The last path component that all stands in front of: "b" of "'../b'".
bool is_quoted_at(std::string_view code, std::size_t at, std::string_view name) {
    const bool path = at > 0 && code[at - 1] == '/';
    const bool whole = at > 0 && (code[at - 1] == '\'' || code[at - 1] == '"');
    // A lone word may be anything.
    const bool telling = path || (whole && name.find_first_of(".-") != std::string_view::npos);
    const std::size_t end = at + name.size();
    return telling && end < code.size() &&
           std::string_view("'\"`").find(code[end]) != std::string_view::npos;
}

bool names_script(std::string_view code, std::string_view name) {
    for (std::size_t at = code.find(name); at != std::string_view::npos;
         at = code.find(name, at + 1)) {
        if (is_quoted_at(code, at, name)) {
            return true;
        }
    }
    return false;
}

/// Code, objects and settings of a C or C++ compiler and of the build tool (node-gyp).
bool is_native_source(std::string_view path) {
    static constexpr std::array<std::string_view, 17> endings{
        ".c", ".cc",   ".cpp", ".cxx", ".h",      ".hh", ".hpp", ".hxx", ".o",
        ".d", ".gypi", ".gyp", ".mk",  ".tar.gz", ".a",  ".ipp", ".inl"};
    return ends_with_one_of(path, endings) || path.find("/obj.target/") != std::string_view::npos ||
           path.find("/.deps/") != std::string_view::npos;
}

/// Header-only packages that addons are compiled against.
bool is_addon_interface(std::string_view package) {
    const std::string_view name = path::basename(package);
    return name == "node-addon-api" || name == "nan" || name == "node-api-headers";
}

}  // namespace

bool is_of_a_dependency(std::string_view path) {
    return std::any_of(places.begin(), places.end(), [&](std::string_view place) {
        return path.find(place) != std::string_view::npos;
    });
}

std::string_view dependency_folder(std::string_view path) {
    std::size_t start = 0;
    for (const std::string_view place : places) {
        if (const std::size_t at = path.rfind(place); at != std::string_view::npos) {
            start = std::max(start, at + place.size());
        }
    }
    if (start == 0) {
        return {};
    }
    std::size_t end = path.find('/', start);
    if (path[start] == '@' && end != std::string_view::npos) {
        end = path.find('/', end + 1);
    }
    return end == std::string_view::npos ? std::string_view() : path.substr(0, end);
}

bool is_run(const Evidence& evidence, NodeId node) {
    static constexpr std::array<std::string_view, 6> rules{
        "program", "request", "shell-script", "config-command", "child-program", "started-command"};
    const auto reasons = evidence.kept().find(node);
    return reasons != evidence.kept().end() &&
           std::any_of(reasons->second.begin(), reasons->second.end(), [](const Reason& reason) {
               return std::find(rules.begin(), rules.end(), reason.rule) != rules.end();
           });
}

bool is_named_by_its_package(Evidence& evidence, NodeId node) {
    static constexpr std::array<std::string_view, 5> endings{".js", ".mjs", ".cjs", ".py", ".rb"};
    const rootfs::Rootfs& tree = evidence.rootfs();
    const auto folder = tree.find(dependency_folder(tree[node].path));
    if (!folder || *folder == 0) {
        return false;
    }
    const std::string_view name = path::basename(tree[node].path);
    for (NodeId id = *folder + 1; id < tree[*folder].subtree_end; ++id) {
        const Node& file = tree[id];
        if (file.is_file() && ends_with_one_of(file.path, endings) &&
            file.header.size <= largest_code && names_script(evidence.text(id), name)) {
            return true;
        }
    }
    return false;
}

bool is_build_rest(Evidence& evidence, NodeId node) {
    static constexpr std::array<std::string_view, 3> native{".node", ".dylib", ".exe"};
    const rootfs::Rootfs& tree = evidence.rootfs();
    const Node& file = tree[node];
    if (!file.is_file() || file.path.find("/node_modules/") == std::string::npos) {
        return false;
    }
    if (ends_with_one_of(file.path, native)) {
        return !evidence.text(node).starts_with(
            "\x7f"
            "ELF");
    }
    if (file.path.find("/node-gyp/gyp/") != std::string::npos) {
        return true;
    }
    const std::string_view package = dependency_folder(file.path);
    return is_native_source(file.path) && !package.empty() &&
           (is_addon_interface(package) || tree.find(std::string(package) + "/binding.gyp"));
}

bool is_developers_tool(std::string_view name) {
    static constexpr std::array<std::string_view, 50> names{
        "ant",   "apk",        "apt",   "apt-get", "ar",     "bash",  "bzr",     "c++",  "cargo",
        "cc",    "clang",      "cmake", "conda",   "docker", "dpkg",  "fish",    "g++",  "gcc",
        "gdb",   "gfortran",   "git",   "go",      "hg",     "javac", "ld",      "less", "make",
        "man",   "more",       "mvn",   "ninja",   "nm",     "npm",   "objdump", "open", "pip",
        "pip3",  "pkg-config", "pnpm",  "rpm",     "rustc",  "strip", "stty",    "svn",  "vi",
        "which", "xdg-open",   "yarn",  "yum",     "zsh"};
    return std::find(names.begin(), names.end(), path::basename(name)) != names.end();
}

bool is_php_installer(std::string_view path) {
    static constexpr std::array<std::string_view, 5> names{"pear", "peardev", "pecl", "php-config",
                                                           "phpize"};
    const std::string_view name = path::basename(path);
    return path::parent(path) == "/usr/local/bin" &&
           (name.starts_with("docker-php-ext-") || name == "docker-php-source" ||
            std::find(names.begin(), names.end(), name) != names.end());
}

bool is_node_installer(std::string_view path) {
    static constexpr std::array<std::string_view, 4> names{"npm", "corepack", "pnpm", "yarn"};
    static constexpr std::array<std::string_view, 2> folders{"/usr/local/lib/node_modules",
                                                             "/usr/lib/node_modules"};
    if (path.starts_with("/opt/yarn-v")) {
        return true;
    }
    if (path.find("/node_modules/") == std::string_view::npos) {
        return false;
    }
    return std::any_of(folders.begin(), folders.end(), [&](std::string_view folder) {
        return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
            return path::is_within(path, path::join(folder, name));
        });
    });
}

}  // namespace slimimg::closure
