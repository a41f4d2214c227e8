#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/base/path.hpp"
#include "slimimg/closure/shell.hpp"
#include "slimimg/elf/literals.hpp"

#include "closure/elf_reading.hpp"
#include "closure/rules/constant_strings.hpp"
#include "closure/rules/dependencies.hpp"
#include "closure/rules/rules.hpp"
#include "closure/rules/starting.hpp"

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

/// Packages that others ask for to be installed, set up and looked after, not to run.
bool is_for_maintenance(std::string_view package) {
    static constexpr std::array<std::string_view, 12> names{
        "adduser",      "cron",           "debconf",
        "debianutils",  "dpkg",           "init-system-helpers",
        "install-info", "logrotate",      "lsb-base",
        "passwd",       "sensible-utils", "ucf"};
    return std::find(names.begin(), names.end(), package) != names.end();
}

/// Programs of the packages that the program's own package depends on, recommends or suggests, by
/// name: who packed it knew what it starts (rsync and git ssh, tar bzip2 and xz).
std::map<std::string_view, NodeId> relatives(Evidence& evidence, NodeId node) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    const PackageDb& packages = evidence.packages();
    std::map<std::string_view, NodeId> found;
    const auto owner = packages.owner(node);
    if (!owner || is_for_maintenance(packages[*owner].name)) {
        return found;
    }
    for (const auto* list : {&packages[*owner].depends, &packages[*owner].recommends}) {
        for (const std::string& wanted : *list) {
            const auto package = is_for_maintenance(wanted) ? std::nullopt : packages.find(wanted);
            if (!package) {
                continue;
            }
            for (const NodeId file : packages[*package].files) {
                const Node& program = tree[file];
                const std::string_view folder = path::basename(path::parent(program.path));
                const std::string_view name = path::basename(program.path);
                if ((program.is_executable() || program.is_symlink()) && name.size() > 1 &&
                    (folder == "bin" || folder == "sbin") && !is_developers_tool(name)) {
                    found.emplace(name, file);
                }
            }
        }
    }
    return found;
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Linkers lay a text into the end of a longer one ("ssh" into "git+ssh"), so that only its end can
/// be seen; of a word ("ip" of "gzip") it is no evidence.
bool has_text_ending_in(std::string_view data, std::string_view name) {
    const std::string wanted = std::string(name) + '\0';
    for (std::size_t at = data.find(wanted); at != std::string_view::npos;
         at = data.find(wanted, at + 1)) {
        if (at == 0 || !is_letter(data[at - 1])) {
            return true;
        }
    }
    return false;
}

/// The names that stand at the end of a text, or where the compiler ends no text (Go, Rust) as a
/// literal.
std::set<std::string, std::less<>> named_relatives(Evidence& evidence, NodeId node) {
    constexpr std::size_t step_bytes = 64;
    const Bytes file = as_bytes(evidence.text(node));
    std::set<std::string, std::less<>> names;
    for (const auto& [name, program] : relatives(evidence, node)) {
        names.emplace(name);
    }
    if (names.empty() || has_unterminated_strings(evidence, node)) {
        return elf::find_literals(file, names);
    }
    const auto parts = elf::constant_data(file);
    std::erase_if(names, [&](const std::string& name) {
        return !evidence.afford(child_program.id, node, file.size() / step_bytes) ||
               std::none_of(parts.begin(), parts.end(),
                            [&](Bytes part) { return has_text_ending_in(as_text(part), name); });
    });
    return names;
}

void keep_relatives(Evidence& evidence, NodeId node) {
    const auto programs = relatives(evidence, node);
    for (const std::string& name : evidence.noted("relatives", node, named_relatives)) {
        evidence.keep(programs.at(name), {child_program.id, node, Confidence::likely,
                                          "starts programs and names " + name +
                                              ", of a package that its own one asks for"});
    }
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

/// xkbcomp of "\"%s%sxkbcomp\" -w %d": a command line whose folder is filled in; else empty.
std::string_view filled_in_program(std::string_view text) {
    constexpr std::string_view folder = "%s";
    text.remove_prefix(text.starts_with('"') ? 1 : 0);
    if (!text.starts_with(folder)) {
        return {};
    }
    while (text.starts_with(folder) || text.starts_with('/')) {
        text.remove_prefix(text.starts_with('/') ? 1 : folder.size());
    }
    const auto end = std::find_if(text.begin(), text.end(),
                                  [](char c) { return !is_letter(c) && c != '-' && c != '_'; });
    const std::string_view rest(end, text.end());
    return rest.starts_with('"') || rest.starts_with(" -") ? std::string_view(text.begin(), end)
                                                           : std::string_view();
}

void keep_filled_in(Evidence& evidence, NodeId node) {
    for_each_string(evidence, node, [&](std::string_view text) {
        const std::string_view name = filled_in_program(text);
        if (!name.empty()) {
            evidence.keep_program(name, {child_program.id, node, Confidence::likely,
                                         "starts programs and has \"" + std::string(text) + '"'});
        }
    });
}

/// The siblings that a program names: "postgres", of a command line its first word, and the end of
/// "/agent/gpg-agent" and of "%s/postdrop -r", as linkers lay a text into the end of a longer one.
std::set<std::string, std::less<>> named_siblings(Evidence& evidence, NodeId node) {
    std::set<std::string, std::less<>> named;
    const auto programs = siblings(evidence, node);
    for_each_string(evidence, node, [&](std::string_view text) {
        const std::string_view word = text.substr(0, text.find(' '));
        if (path::is_within(word, "/proc") || path::is_within(word, "/sys")) {
            return;
        }
        const std::string_view name = word.substr(word.rfind('/') + 1);
        if (programs.contains(name)) {
            named.emplace(name);
        }
    });
    return named;
}

void keep_siblings(Evidence& evidence, NodeId node) {
    const std::string_view folder = path::parent(evidence.rootfs()[node].path);
    for (const std::string& name : evidence.noted("siblings", node, named_siblings)) {
        evidence.keep_path(path::join(folder, name),
                           {child_program.id, node, Confidence::likely,
                            "starts programs and names " + name + " beside it"});
    }
}

/// Every system has these, so that no package asks for them, and the names are the ends of others
/// ("xz" of "txz").
struct Helpers {
    std::string_view program;
    std::array<std::string_view, 8> starts;  ///< unused ones are empty
};
constexpr std::array<Helpers, 2> known_helpers{
    {{"tar", {"bzip2", "compress", "gzip", "lzip", "lzma", "lzop", "xz", "zstd"}},
     {"xargs", {"echo"}}}};

void keep_helpers(Evidence& evidence, NodeId node) {
    for (const Helpers& known : known_helpers) {
        if (path::basename(evidence.rootfs()[node].path) != known.program) {
            continue;
        }
        for (const std::string_view name : known.starts) {
            if (!name.empty()) {
                evidence.keep_program(name, {child_program.id, node, Confidence::likely,
                                             std::string(known.program) + " starts it"});
            }
        }
    }
}

constexpr std::array<std::string_view, 12> starting{
    "execv", "execve", "execvp", "execvpe",     "execl",        "execlp",
    "popen", "system", "execle", "posix_spawn", "posix_spawnp", "fexecve"};

/// A program that starts others names them: with a path (rule named-path), or just by name, to be
/// found beside itself (PostgreSQL's initdb and its postgres) or in PATH. Common words are names of
/// programs too, so that a bare name counts only for a program of the same origin, or of a package
/// that its own one asks for.
void inspect(Evidence& evidence, NodeId node) {
    static constexpr std::array<std::string_view, 3> by_shell{"system", "popen", "wordexp"};
    const elf::ElfFacts* facts = evidence.elf(node);
    if (facts == nullptr || is_c_library(evidence, node)) {
        return;
    }
    if (is_go_program(evidence, node) && may_start_programs(evidence, node)) {
        keep_relatives(evidence, node);
    }
    if (!facts->dynamic || !imports_any(evidence, node, starting)) {
        return;
    }
    if (imports_any(evidence, node, by_shell)) {
        evidence.keep_path("/bin/sh", {child_program.id, node,
                                       facts->is_program() ? Confidence::likely : Confidence::hint,
                                       "imports system or popen, which start /bin/sh"});
    }
    if (!facts->is_program() || starts_what_it_is_given(evidence.rootfs()[node].path)) {
        return;
    }
    if (imports_any(evidence, node, by_shell)) {
        keep_commands(evidence, node);
    }
    keep_filled_in(evidence, node);
    keep_siblings(evidence, node);
    keep_relatives(evidence, node);
    keep_helpers(evidence, node);
}

bool starts_by_own_library(Evidence& evidence, NodeId program, const Link& link) {
    return std::any_of(link.objects.begin(), link.objects.end(), [&](const LoadedObject& object) {
        return object.file != program &&
               evidence.packages().have_same_origin(object.file, program) &&
               imports_any(evidence, object.file, starting);
    });
}

/// A program may start others by a library of its own (Postfix's mail_run_replace).
void settle(Evidence& evidence) {
    std::vector<NodeId> programs;
    for (const auto& [program, link] : evidence.links()) {
        if (starts_by_own_library(evidence, program, link) &&
            !starts_what_it_is_given(evidence.rootfs()[program].path)) {
            programs.push_back(program);
        }
    }
    for (const NodeId program : programs) {
        keep_siblings(evidence, program);
    }
}

}  // namespace

const Rule child_program{.id = "child-program",
                         .summary = "a program that a kept program starts by name",
                         .inspect = inspect,
                         .settle = settle};

}  // namespace slimimg::closure::rules
