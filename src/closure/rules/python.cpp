#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "slimimg/base/path.hpp"

#include "closure/rules/folders.hpp"
#include "closure/rules/python_parts.hpp"
#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::Node;
using rootfs::NodeId;

constexpr std::size_t largest_path_file = 1UL << 16;

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

void keep_library(Evidence& evidence, NodeId node, const std::string& folder) {
    const auto found = evidence.rootfs().resolve(folder).node;
    if (found && evidence.rootfs()[*found].is_directory()) {
        evidence.keep_path(folder, {python.id, node, Confidence::required,
                                    "Python looks for modules in " + folder});
        keep_folder(evidence, *found,
                    {python.id, node, Confidence::likely, "a module in " + folder});
    }
}

/// The prefix of the interpreter that an environment was made from: "home = /usr/local/bin".
std::optional<std::string> base_prefix(std::string_view text) {
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        const std::size_t equals = line.find('=');
        if (line.starts_with("home") && equals != std::string_view::npos) {
            const std::size_t start = line.find_first_not_of(" \t", equals + 1);
            const std::size_t end = line.find_last_not_of(" \t\r");
            if (start != std::string_view::npos && line[start] == '/') {
                return std::string(path::parent(line.substr(start, end + 1 - start)));
            }
        }
    }
    return std::nullopt;
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
            if (const auto prefix = base_prefix(evidence.text(id))) {
                keep_library(evidence, node, *prefix + "/lib/python" + version);
            }
        }
    }
}

/// "python" and "python3" beside the interpreter: scripts and programs start it by these names.
void keep_links(Evidence& evidence, NodeId node) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    for (const NodeId link : tree.children(tree[node].parent)) {
        const std::string_view name = path::basename(tree[link].path);
        if (tree[link].is_symlink() && name.starts_with("python") &&
            tree.resolve(tree[link].path).node == node) {
            evidence.keep_path(tree[link].path,
                               {python.id, node, Confidence::likely, "a name of the interpreter"});
        }
    }
}

/// sys.path as Modules/getpath.py and Lib/site.py make it, with Debian's dist-packages.
void keep_modules(Evidence& evidence, NodeId node, const std::string& version) {
    const Text& program = evidence.rootfs()[node].path;
    std::vector<std::string> prefixes{"/usr", "/usr/local"};
    if (has_component(program, "bin")) {
        prefixes.emplace_back(path::parent(path::parent(program)));
    }
    if (const auto home = evidence.config().env_value("PYTHONHOME")) {
        prefixes.emplace_back(home->substr(0, home->find(':')));
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
    keep_links(evidence, node);
    keep_virtual_environments(evidence, node, version);
    keep_named(evidence, "/etc/python" + version,
               {python.id, node, Confidence::likely, "sitecustomize and its like"});
}

/// Lines of a .pth or .egg-link file that name folders: an editable install, found from the folder
/// that the file is in (Lib/site.py, addpackage).
void keep_path_file(Evidence& evidence, NodeId node) {
    const Text& file = evidence.rootfs()[node].path;
    std::string_view rest = evidence.text(node).substr(0, largest_path_file);
    while (!rest.empty()) {
        std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        line = line.substr(0, line.find_last_not_of(" \t\r") + 1);
        if (!line.empty() && !line.starts_with('#') && !line.starts_with("import")) {
            keep_named(
                evidence, line,
                {python.id, node, Confidence::likely, "adds " + std::string(line) + " to sys.path"},
                path::parent(file));
        }
    }
}

void inspect(Evidence& evidence, NodeId node) {
    const Node& file = evidence.rootfs()[node];
    if (file.is_file() && file.path.find("-packages/") != std::string::npos &&
        (file.path.ends_with(".pth") || file.path.ends_with(".egg-link"))) {
        keep_path_file(evidence, node);
        return;
    }
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

void settle(Evidence& evidence) {
    keep_mentioned_python_parts(evidence, python.id);
}

}  // namespace

const Rule python{.id = "python",
                  .summary = "a module that the Python interpreter may import",
                  .inspect = inspect,
                  .settle = settle};

}  // namespace slimimg::closure::rules
