#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "slimimg/base/path.hpp"

#include "closure/rules/folders.hpp"
#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::Node;
using rootfs::NodeId;

/// "3.11" of "python3.11" or "libpython3.11.so.1.0" (and "3.13" of "python3.13t").
std::optional<std::string> version_in(std::string_view name, std::string_view prefix) {
    if (!name.starts_with(prefix)) {
        return std::nullopt;
    }
    name.remove_prefix(prefix.size());
    std::size_t end = 0;
    while (end < name.size() && ((name[end] >= '0' && name[end] <= '9') ||
                                 (name[end] == '.' && end + 1 < name.size() &&
                                  name[end + 1] >= '0' && name[end + 1] <= '9'))) {
        ++end;
    }
    const std::string_view version = name.substr(0, end);
    return version.find('.') == std::string_view::npos ? std::nullopt
                                                       : std::optional(std::string(version));
}

/// The version of the interpreter that a program is or embeds.
std::optional<std::string> python_version(Evidence& evidence, NodeId node) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    if (auto version = version_in(path::basename(tree[node].path), "python")) {
        return version;
    }
    const elf::ElfFacts* facts = evidence.elf(node);
    for (const std::string& library : facts->needed) {
        if (auto version = version_in(library, "libpython")) {
            return version->substr(0, version->find('.', version->find('.') + 1));
        }
    }
    return std::nullopt;
}

bool has_component(std::string_view path, std::string_view name) {
    for (const std::string_view part : path::components(path)) {
        if (part == name) {
            return true;
        }
    }
    return false;
}

/// Modules that only the interpreter's own tests, its installer or its desktop tools import, and
/// what building an extension needs.
bool is_unused_module(const Node& node) {
    static constexpr std::array<std::string_view, 4> folders{"test", "idlelib", "ensurepip",
                                                             "turtledemo"};
    const std::string_view path = node.path;
    const std::size_t library = path.find("/lib/python");
    if (library == std::string_view::npos) {
        return false;
    }
    const auto parts = path::components(path.substr(library + 1));
    // parts: lib, python3.11, module, …
    if (parts.size() < 3) {
        return false;
    }
    const bool standard = std::find(folders.begin(), folders.end(), parts[2]) != folders.end();
    const bool build = parts[2].starts_with("config-");
    const bool nested_tests = parts.size() > 3 && (parts[3] == "test" || parts[3] == "tests") &&
                              parts[2] != "site-packages" && parts[2] != "dist-packages";
    return standard || build || nested_tests;
}

/// pip installs packages; a program that runs doesn't.
bool is_installer(const Node& node) {
    for (const std::string_view part : path::components(node.path)) {
        if (part == "pip" || (part.starts_with("pip-") && part.ends_with(".dist-info"))) {
            return true;
        }
    }
    return false;
}

bool is_unwanted(const Node& node) {
    return is_unused_module(node) || is_installer(node);
}

void keep_library(Evidence& evidence, NodeId node, const std::string& folder) {
    const auto found = evidence.rootfs().resolve(folder).node;
    if (found && evidence.rootfs()[*found].is_directory()) {
        evidence.keep_path(folder, {python.id, node, Confidence::required,
                                    "Python looks for modules in " + folder});
        keep_folder(evidence, *found,
                    {python.id, node, Confidence::likely, "a module in " + folder}, is_unwanted);
    }
}

/// A virtual environment: its home is named beside its bin folder (PEP 405).
void keep_virtual_environments(Evidence& evidence, NodeId node, const std::string& version) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    for (NodeId id = 1; id < tree.size(); ++id) {
        if (path::basename(tree[id].path) != "pyvenv.cfg") {
            continue;
        }
        const std::string home(path::parent(tree[id].path));
        if (evidence.is_kept(tree[id].parent) || evidence.find_program(home + "/bin/python").node) {
            evidence.keep(id, {python.id, node, Confidence::likely, "a virtual environment"});
            for (const std::string_view name : {"python", "python3"}) {
                evidence.keep_path(home + "/bin/" + std::string(name),
                                   {python.id, node, Confidence::likely,
                                    "the interpreter of a virtual environment"});
            }
            keep_library(evidence, node, home + "/lib/python" + version + "/site-packages");
        }
    }
}

/// sys.path as Modules/getpath.py and Lib/site.py make it, with Debian's dist-packages.
void keep_modules(Evidence& evidence, NodeId node, const std::string& version) {
    const std::string& program = evidence.rootfs()[node].path;
    std::vector<std::string> prefixes{"/usr", "/usr/local"};
    if (has_component(program, "bin")) {
        prefixes.emplace_back(path::parent(path::parent(program)));
    }
    std::sort(prefixes.begin(), prefixes.end());
    prefixes.erase(std::unique(prefixes.begin(), prefixes.end()), prefixes.end());
    for (const std::string& prefix : prefixes) {
        for (const std::string& lib : {prefix + "/lib", prefix + "/lib64"}) {
            keep_library(evidence, node, lib + "/python" + version);
            evidence.keep_path(lib + "/python" + version.substr(0, 1) + version.substr(2) + ".zip",
                               {python.id, node, Confidence::likely, "first on sys.path"});
        }
        keep_library(evidence, node,
                     prefix + "/lib/python" + version.substr(0, 1) + "/dist-packages");
    }
    keep_virtual_environments(evidence, node, version);
    keep_named(evidence, "/etc/python" + version,
               {python.id, node, Confidence::likely, "sitecustomize and its like"});
}

void inspect(Evidence& evidence, NodeId node) {
    const elf::ElfFacts* facts = evidence.elf(node);
    if (facts == nullptr || facts->type == elf::ElfFacts::Type::relocatable ||
        (!facts->is_program() && !facts->dynamic)) {
        return;
    }
    const bool extension = !facts->is_program() && evidence.imports(node, "PyModuleDef_Init");
    if (const auto version = extension ? std::nullopt : python_version(evidence, node)) {
        keep_modules(evidence, node, *version);
    }
}

}  // namespace

const Rule python{.id = "python",
                  .summary = "a module that the Python interpreter may import",
                  .inspect = inspect};

}  // namespace slimimg::closure::rules
