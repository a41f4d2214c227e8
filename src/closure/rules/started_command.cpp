#include "closure/rules/started_command.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/base/path.hpp"
#include "slimimg/closure/shell.hpp"

#include "closure/rules/dependencies.hpp"
#include "closure/rules/layers.hpp"
#include "closure/rules/rules.hpp"
#include "closure/rules/script_author.hpp"
#include "closure/rules/script_calls.hpp"
#include "closure/rules/shell_script.hpp"
#include "closure/rules/wanted_programs.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::Node;
using rootfs::NodeId;

/// The programs that a call starts; whether the first is computed.
struct Started {
    std::vector<std::string> programs;
    bool computed = false;
};

Started programs_of(const ScriptCall& call) {
    Started started;
    started.computed = call.command.empty();
    if (!started.computed) {
        const ShellFacts facts = read_shell(call.command, {});
        for (const ShellCommand& command : facts.commands) {
            if (command.argv.front().known) {
                started.programs.push_back(command.name());
            }
        }
        started.computed = facts.commands.empty() && !facts.unknown.empty();
    }
    return started;
}

void keep_call(Evidence& evidence, std::optional<NodeId> script, const ScriptCall& call,
               const Started& started, bool own) {
    const std::string place = " (line " + std::to_string(call.line) + ")";
    bool any = own && (started.computed || !started.programs.empty());
    for (const std::string& name : started.programs) {
        const auto program = evidence.find_program(name).node;
        if (!program) {
            continue;
        }
        const bool likely =
            own || (!is_developers_tool(name) &&
                    (call.direct || evidence.remembered(is_installed_on_top, *program)));
        evidence.keep_program(
            name, {started_command.id, script, likely ? Confidence::likely : Confidence::hint,
                   "starts " + name + place});
        any = any || likely;
    }
    if (call.by_shell && any) {
        evidence.keep_program("/bin/sh", {started_command.id, script, Confidence::likely,
                                          "starts a shell for a command" + place});
    }
}

/// ['tar', '-x']: a command's words, for a function of the script's own that runs them.
bool begins_a_list(const std::vector<ScriptToken>& tokens, std::size_t at) {
    return at > 0 && tokens[at - 1].is_mark('[') && at + 1 < tokens.size() &&
           tokens[at + 1].is_mark(',');
}

/// The command's name in "ffmpeg -v error": a text for a script that the program writes, or for one
/// of its own functions. Empty for others.
std::string_view first_word(std::string_view text) {
    const std::size_t blank = text.find(' ');
    return blank == std::string_view::npos ? std::string_view() : text.substr(0, blank);
}

/// In a script that starts what it computes, the names in quotes of programs that were installed
/// for this image, alone or before their arguments, and those that begin a list.
void keep_named_programs(Evidence& evidence, NodeId script,
                         const std::vector<ScriptToken>& tokens) {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        if (tokens[i].kind != ScriptToken::Kind::string) {
            continue;
        }
        const std::string_view text = tokens[i].text;
        const std::string_view first = first_word(text);
        const std::string name(first.empty() ? text : first);
        constexpr std::size_t longest = 64;
        if (name.size() < 2 || name.size() > longest || name.find('/') != std::string::npos) {
            continue;
        }
        const auto program = evidence.find_program(name).node;
        if (program && (evidence.remembered(is_installed_on_top, *program) ||
                        (first.empty() && begins_a_list(tokens, i)))) {
            evidence.keep_program(name, {started_command.id, script, Confidence::likely,
                                         "starts programs and names " + name});
        }
    }
}

/// Whether a shell is to run a script that this one cannot show: `sh gen.sh`, written first.
bool runs_a_script(const Evidence& evidence, const ScriptCall& call) {
    for (const ShellCommand& command : read_shell(call.command, {}).commands) {
        static constexpr std::array<std::string_view, 4> shells{"sh", "bash", "dash", "ash"};
        const bool shell =
            std::find(shells.begin(), shells.end(), path::basename(command.name())) != shells.end();
        const ShellWord* const script = command.argv.size() > 1 ? &command.argv[1] : nullptr;
        if (shell && script != nullptr && script->known && !script->text.starts_with('-') &&
            !evidence.place_of(path::join(evidence.config().workdir, script->text))) {
            return true;
        }
    }
    return false;
}

void inspect(Evidence& evidence, NodeId node) {
    const Node& file = evidence.rootfs()[node];
    if (!file.is_file() || file.header.size > largest_script) {
        return;
    }
    keep_processes(evidence, node);
    if (!script_starts_programs(evidence, node)) {
        return;
    }
    const std::string_view text = evidence.text(node);
    const auto language = script_language(file.path, text);
    const Author author = author_of(evidence, node);
    if (author == Author::runtime) {
        return;
    }
    const bool own = author == Author::application;
    const std::vector<ScriptToken> tokens = script_tokens(text, *language);
    std::optional<unsigned> computed;
    bool unseen = false;
    for (const ScriptCall& call : script_calls(tokens, *language)) {
        const Started started = programs_of(call);
        keep_call(evidence, node, call, started, own);
        if (started.computed && !computed) {
            computed = call.line;
        }
        unseen = unseen || started.computed || (own && runs_a_script(evidence, call));
    }
    if (own && unseen) {
        keep_named_programs(evidence, node, tokens);
    }
    if (own && computed) {
        evidence.diagnose({.severity = Severity::note,
                           .code = "command-computed",
                           .path = file.path,
                           .message = "line " + std::to_string(*computed) +
                                      " starts a program whose name is put together at run time: "
                                      "name it with --include where it is missed",
                           .open = true});
    }
}

/// A function of the application's own that starts what it is given has an entry: its language, how
/// it takes the command, its name.
std::set<std::string, std::less<>> read_runners(Evidence& evidence, NodeId node) {
    std::set<std::string, std::less<>> runners;
    const std::string_view text = evidence.text(node);
    const auto language = script_language(evidence.rootfs()[node].path, text);
    for (const ScriptRunner& runner : script_runners(script_tokens(text, *language), *language)) {
        constexpr std::size_t shortest = 3;  // those of minified code mean anything elsewhere
        constexpr std::size_t most_skipped = 9;
        if (runner.name.size() >= shortest && runner.skip <= most_skipped) {
            runners.insert(std::to_string(static_cast<int>(*language)) +
                           std::to_string(runner.skip) + (runner.by_shell ? "s" : "w") +
                           runner.name);
        }
    }
    return runners;
}

using RunnersOf = std::map<ScriptLanguage, ScriptRunners>;

RunnersOf runners_of_application(Evidence& evidence, const std::vector<NodeId>& scripts) {
    RunnersOf all;
    for (const NodeId script : scripts) {
        if (!script_starts_programs(evidence, script)) {
            continue;
        }
        for (const std::string_view entry :
             evidence.noted("functions that start programs", script, read_runners)) {
            all[static_cast<ScriptLanguage>(entry[0] - '0')].insert(
                {std::string(entry.substr(3)), static_cast<std::size_t>(entry[1] - '0'),
                 entry[2] == 's'});
        }
    }
    return all;
}

/// The application's scripts that are kept.
std::vector<NodeId> own_scripts(Evidence& evidence) {
    std::vector<NodeId> scripts;
    for (const auto& [node, reasons] : evidence.kept()) {
        const Node& file = evidence.rootfs()[node];
        if (file.is_file() && file.header.size <= largest_script &&
            !evidence.packages().owner(node) && !is_of_a_dependency(file.path) &&
            script_language(file.path, evidence.text(node)) &&
            author_of(evidence, node) == Author::application) {
            scripts.push_back(node);
        }
    }
    return scripts;
}

/// One file of the application defines run(cmd), others call it.
void keep_calls_of_runners(Evidence& evidence) {
    const std::vector<NodeId> scripts = own_scripts(evidence);
    const RunnersOf runners = runners_of_application(evidence, scripts);
    if (runners.empty()) {
        return;
    }
    for (const NodeId script : scripts) {
        const std::string_view text = evidence.text(script);
        const auto language = script_language(evidence.rootfs()[script].path, text);
        const auto known = runners.find(*language);
        const bool calls =
            known != runners.end() &&
            std::any_of(known->second.begin(), known->second.end(), [&](const auto& runner) {
                return text.find(runner.name + "(") != std::string_view::npos;
            });
        constexpr std::size_t step_bytes = 8;
        if (!calls || !evidence.afford(started_command.id, script, text.size() / step_bytes)) {
            continue;
        }
        for (const ScriptCall& call :
             calls_of(known->second, script_tokens(text, *language), *language)) {
            keep_call(evidence, script, call, programs_of(call), true);
        }
    }
}

void settle(Evidence& evidence) {
    keep_wanted_programs(evidence);
    keep_calls_of_runners(evidence);
}

}  // namespace

const Rule started_command{.id = "started-command",
                           .summary = "a program that a script of an interpreter starts",
                           .inspect = inspect,
                           .settle = settle};

}  // namespace slimimg::closure::rules

namespace slimimg::closure {

void keep_started_by(Evidence& evidence, const ShellCode& code, const ShellOrigin& origin) {
    const auto language = script_language("", "#! " + code.program);
    if (!language || code.text.size() > largest_script) {
        return;
    }
    // PHP's -r has no "<?php".
    const std::string text = (*language == ScriptLanguage::php ? "<?php " : "") + code.text;
    for (ScriptCall call : script_calls(script_tokens(text, *language), *language)) {
        call.line = code.place.line;
        rules::keep_call(evidence, origin.file, call, rules::programs_of(call), true);
    }
}

}  // namespace slimimg::closure
