#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>

#include "slimimg/base/path.hpp"
#include "slimimg/closure/shell.hpp"

#include "closure/rules/constant_strings.hpp"
#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::Node;
using rootfs::NodeId;

bool imports_any(Evidence& evidence, NodeId node, const auto& symbols) {
    return std::any_of(symbols.begin(), symbols.end(),
                       [&](std::string_view symbol) { return evidence.imports(node, symbol); });
}

/// Somebody at a terminal starts these; the interpreter beside them knows their names.
bool is_debugger(std::string_view name) {
    return name.ends_with("dbg") || name.ends_with("gdb");
}

/// Programs of the same package or build: executables beside this one (or, in the common folders,
/// of the same source package) by file name.
std::map<std::string_view, NodeId> siblings(Evidence& evidence, NodeId node) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    const PackageDb& packages = evidence.packages();
    const auto source = [&](NodeId id) {
        const auto owner = packages.owner(id);
        return owner ? std::string_view(packages[*owner].origin()) : std::string_view();
    };
    std::map<std::string_view, NodeId> found;
    const std::string_view own = source(node);
    for (const NodeId other : tree.children(tree[node].parent)) {
        // A copy of the program itself is another name that it looks at, not one that it starts.
        const bool copy = tree[other].header.size == tree[node].header.size &&
                          evidence.text(other) == evidence.text(node);
        if (other != node && !copy && !is_debugger(path::basename(tree[other].path)) &&
            (tree[other].is_executable() || tree[other].is_symlink()) && source(other) == own) {
            found.emplace(path::basename(tree[other].path), other);
        }
    }
    return found;
}

/// The names that these hold are those of their help, which coreutils shares among its programs.
bool starts_what_it_is_given(const Node& node) {
    static constexpr std::array<std::string_view, 6> wrappers{"chroot", "env",    "nice",
                                                              "nohup",  "stdbuf", "timeout"};
    return std::find(wrappers.begin(), wrappers.end(), path::basename(node.path)) != wrappers.end();
}

/// "rm -rf %s", "exec gcc -o %o %s": more than words, which may begin like a command too.
bool is_command_line(Evidence& evidence, std::string_view text) {
    text.remove_prefix(text.starts_with("exec ") ? 5 : 0);
    const std::size_t blank = text.find(' ');
    if (blank == std::string_view::npos || blank == 0 || blank + 1 == text.size()) {
        return false;
    }
    // "size %u" tells of a number.
    const bool number =
        text[blank + 1] == '%' && blank + 2 < text.size() &&
        std::string_view("diuxlzjh.0123456789").find(text[blank + 2]) != std::string_view::npos;
    if (number) {
        return false;
    }
    const std::string_view name = text.substr(0, blank);
    return std::string_view("-/%$\"'<>&|").find(text[blank + 1]) != std::string_view::npos &&
           (name == "cd" || evidence.find_program(name).node);
}

/// What system and popen are given: the shell's grammar tells the commands.
void keep_commands(Evidence& evidence, NodeId node) {
    for_each_string(evidence, node, [&](std::string_view text) {
        if (!is_command_line(evidence, text)) {
            return;
        }
        for (const ShellCommand& command : read_shell(text, {}).commands) {
            evidence.keep_program(command.name(),
                                  {child_program.id, node, Confidence::likely,
                                   "imports system or popen and has \"" + std::string(text) + '"'});
        }
    });
}

/// A program that starts others names them: with a path (rule named-path), or just by name, to be
/// found beside itself (PostgreSQL's initdb and its postgres) or in PATH. Common words are names of
/// programs too, so that a bare name counts only for a program of the same origin.
void inspect(Evidence& evidence, NodeId node) {
    static constexpr std::array<std::string_view, 12> starting{
        "execv", "execve", "execvp", "execvpe",     "execl",        "execlp",
        "popen", "system", "execle", "posix_spawn", "posix_spawnp", "fexecve"};
    static constexpr std::array<std::string_view, 3> by_shell{"system", "popen", "wordexp"};
    const elf::ElfFacts* facts = evidence.elf(node);
    if (facts == nullptr || !facts->dynamic || is_c_library(evidence, node) ||
        !imports_any(evidence, node, starting)) {
        return;
    }
    if (imports_any(evidence, node, by_shell)) {
        evidence.keep_path("/bin/sh", {child_program.id, node,
                                       facts->is_program() ? Confidence::likely : Confidence::hint,
                                       "imports system or popen, which start /bin/sh"});
    }
    if (!facts->is_program() || starts_what_it_is_given(evidence.rootfs()[node])) {
        return;
    }
    if (imports_any(evidence, node, by_shell)) {
        keep_commands(evidence, node);
    }
    const auto programs = siblings(evidence, node);
    for_each_string(evidence, node, [&](std::string_view text) {
        // "postgres", and of a command line its first word.
        const std::string_view name = text.substr(0, text.find(' '));
        if (const auto at = programs.find(name); at != programs.end()) {
            evidence.keep(at->second,
                          {child_program.id, node, Confidence::likely,
                           "starts programs and names " + std::string(name) + " beside it"});
        }
    });
}

}  // namespace

const Rule child_program{.id = "child-program",
                         .summary = "a program that a kept program starts by name",
                         .inspect = inspect};

}  // namespace slimimg::closure::rules
