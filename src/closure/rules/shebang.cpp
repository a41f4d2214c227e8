#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/base/path.hpp"
#include "slimimg/closure/first_line.hpp"
#include "slimimg/closure/shell.hpp"

#include "closure/rules/dependencies.hpp"
#include "closure/rules/python_parts.hpp"
#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::NodeId;

/// The program behind env(1): the first word that is neither an option nor a variable.
std::string_view program_behind_env(const std::vector<std::string_view>& words) {
    for (std::size_t i = 1; i < words.size(); ++i) {
        if (words[i] == "-u" || words[i] == "-C") {
            ++i;
        } else if (!words[i].starts_with('-') && words[i].find('=') == std::string_view::npos) {
            return words[i];
        } else if (words[i].starts_with("-S") && words[i].size() > 2) {
            return words[i].substr(2);
        }
    }
    return {};
}

/// A script with Windows' line ends: what is started has a name that no file has. What the line
/// means stays all the same, for a shell that is given the script.
void tell_of_return(Evidence& evidence, NodeId script, std::string_view name,
                    const std::string& kind) {
    evidence.unresolved({.name = std::string(name) + '\r',
                         .needed_by = script,
                         .kind = kind,
                         .detail = "the first line of the script ends in a carriage return, which "
                                   "is part of the name"});
}

/// The kernel starts the interpreter that the first line names (fs/binfmt_script.c), and env looks
/// one up in PATH.
void keep_interpreter(Evidence& evidence, NodeId script, bool started) {
    const FirstLine line = first_line(evidence.text(script));
    const std::string_view interpreter = line.interpreter();
    const auto& words = line.words;
    if (interpreter.empty()) {
        return;
    }
    if (started && line.has_return && words.size() == 1) {
        tell_of_return(evidence, script, interpreter, "interpreter");
    }
    const Confidence confidence = started ? Confidence::required : Confidence::hint;
    const std::string detail = "#!" + std::string(interpreter);
    if (!evidence.keep_path(interpreter, {shebang.id, script, confidence, detail}) && started &&
        !evidence.rootfs().resolve(interpreter).node) {
        evidence.unresolved({.name = std::string(interpreter),
                             .needed_by = script,
                             .kind = "interpreter",
                             .detail = "named in the first line of the script"});
    }
    if (path::basename(interpreter) != "env") {
        // with-contenv of s6-overlay runs the next word, as other wrappers do.
        if (words.size() > 1 && shell_dialect(words[1])) {
            evidence.keep_program(
                words[1], {shebang.id, script, confidence, detail + " " + std::string(words[1])});
        }
        return;
    }
    const std::string_view program = program_behind_env(words);
    if (started && line.has_return && !program.empty() && program.end() == words.back().end()) {
        tell_of_return(evidence, script, program, "command");
    }
    if (!program.empty() &&
        !evidence.keep_program(
            program, {shebang.id, script, confidence, detail + " " + std::string(program)}) &&
        started && !evidence.find_program(program).node) {
        evidence.unresolved({.name = std::string(program),
                             .needed_by = script,
                             .kind = "command",
                             .detail = "named behind env in the first line of the script"});
    }
}

void inspect(Evidence& evidence, NodeId node) {
    const rootfs::Node& file = evidence.rootfs()[node];
    if (file.is_file()) {
        // A file that can't be executed is read by an interpreter that something else names.
        // Scripts that a dependency or a runtime's library brings are for their own developers.
        keep_interpreter(evidence, node,
                         file.is_executable() && !is_of_a_dependency(file.path) &&
                             !is_python_standard_library(file.path));
    }
}

/// A dependency's script that runs after all: a program that it installs (npm, next, pm2), or a
/// shell script that its code names.
bool is_started(Evidence& evidence, NodeId script, std::string_view interpreter) {
    const Text& path = evidence.rootfs()[script].path;
    return is_of_a_dependency(path) &&
           (is_run(evidence, script) ||
            (shell_dialect(interpreter) && is_named_by_its_package(evidence, script)));
}

/// Where an interpreter stays anyway, so do the links by which scripts name it: those too that
/// nothing was seen to start.
void settle(Evidence& evidence) {
    std::vector<NodeId> scripts;
    for (const auto& [node, reasons] : evidence.kept()) {
        if (evidence.rootfs()[node].is_executable()) {
            scripts.push_back(node);
        }
    }
    for (const NodeId script : scripts) {
        const std::string_view interpreter = first_line(evidence.text(script)).interpreter();
        if (interpreter.empty()) {
            continue;
        }
        if (is_started(evidence, script, interpreter)) {
            keep_interpreter(evidence, script, true);
        }
        const rootfs::Resolution found = evidence.rootfs().resolve(interpreter);
        if (found.node && evidence.is_kept(*found.node) && !found.links.empty()) {
            evidence.keep_path(interpreter, {shebang.id, script, Confidence::likely,
                                             "#!" + std::string(interpreter)});
        }
    }
}

}  // namespace

const Rule shebang{.id = "shebang",
                   .summary = "the interpreter that a script's first line names",
                   .inspect = inspect,
                   .settle = settle};

}  // namespace slimimg::closure::rules
