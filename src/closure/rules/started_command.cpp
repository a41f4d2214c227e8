#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/base/one_of.hpp"
#include "slimimg/base/path.hpp"
#include "slimimg/closure/shell.hpp"

#include "closure/rules/dependencies.hpp"
#include "closure/rules/layers.hpp"
#include "closure/rules/path_programs.hpp"
#include "closure/rules/python_parts.hpp"
#include "closure/rules/rules.hpp"
#include "closure/rules/script_calls.hpp"
#include "closure/rules/shell_script.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::Node;
using rootfs::NodeId;

constexpr std::size_t largest_script = 2UL << 20;

/// Who wrote a script decides how much its calls tell.
enum class Author {
    application,
    dependency,  ///< a library: most programs that use it make few of its calls
    runtime,     ///< the interpreter's own library, for all systems that there are
};

/// Where interpreters that no package owns have their libraries.
bool is_of_a_runtime(std::string_view path) {
    static constexpr std::array<std::string_view, 4> folders{
        "/usr/local/lib/ruby", "/usr/local/lib/perl5", "/usr/local/lib/php",
        "/usr/local/share/perl"};
    return is_python_standard_library(path) || is_node_installer(path) ||
           (!is_of_a_dependency(path) &&
            std::any_of(folders.begin(), folders.end(),
                        [&](std::string_view folder) { return path::is_within(path, folder); }));
}

/// True for code that comes with the interpreter: of the same source package as one that runs.
bool is_of_an_interpreter(Evidence& evidence, NodeId node) {
    return std::any_of(evidence.links().begin(), evidence.links().end(), [&](const auto& link) {
        return evidence.packages().have_same_origin(link.first, node);
    });
}

Author author_of(Evidence& evidence, NodeId node) {
    const std::string_view path = evidence.rootfs()[node].path;
    if (evidence.packages().owner(node)) {
        return is_of_an_interpreter(evidence, node) ? Author::runtime : Author::dependency;
    }
    if (is_of_a_runtime(path)) {
        return Author::runtime;
    }
    // Composer installs into vendor.
    const bool dependency =
        is_of_a_dependency(path) || path.find("/vendor/") != std::string_view::npos;
    return dependency ? Author::dependency : Author::application;
}

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

void keep_call(Evidence& evidence, NodeId script, const ScriptCall& call, const Started& started,
               bool own) {
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

/// A script that may start programs has an entry: evidence of a file is kept as a set of texts.
std::set<std::string, std::less<>> read_whether_it_starts(Evidence& evidence, NodeId node) {
    const Node& file = evidence.rootfs()[node];
    if (!file.is_file() || file.header.size > largest_script) {
        return {};
    }
    const std::string_view text = evidence.text(node);
    const auto language = script_language(file.path, text);
    if (!language || !may_start_programs(text, *language)) {
        return {};
    }
    return {"yes"};
}

bool may_start(Evidence& evidence, NodeId node) {
    return !evidence.noted("script that starts programs", node, read_whether_it_starts).empty();
}

/// The words behind `args:` in the object that goes on at `at`: a text of words or a list.
std::vector<std::string> arguments_of_process(const std::vector<ScriptToken>& tokens,
                                              std::size_t at) {
    std::vector<std::string> words;
    for (; at + 2 < tokens.size() && !tokens[at].is_mark('}'); ++at) {
        if (tokens[at].text != "args" || !tokens[at + 1].is_mark(':')) {
            continue;
        }
        const bool list = tokens[at + 2].is_mark('[');
        for (at += 2; at < tokens.size() && !tokens[at].is_mark(']'); ++at) {
            if (tokens[at].kind == ScriptToken::Kind::string) {
                const ShellFacts facts = read_shell(tokens[at].text, {});
                for (const ShellCommand& command : facts.commands) {
                    for (const ShellWord& word : command.argv) {
                        words.push_back(word.text);
                    }
                }
            }
            if (!list) {
                break;
            }
        }
        break;
    }
    return words;
}

/// PM2's list of processes: {script: 'npm', args: 'run worker'}.
void keep_processes(Evidence& evidence, NodeId node) {
    const std::string_view path = evidence.rootfs()[node].path;
    const std::string_view name = path::basename(path);
    if (name.find("ecosystem") == std::string_view::npos &&
        name.find("pm2") == std::string_view::npos) {
        return;
    }
    const std::vector<ScriptToken> tokens =
        script_tokens(evidence.text(node), ScriptLanguage::javascript);
    for (std::size_t at = 0; at + 2 < tokens.size(); ++at) {
        if (tokens[at].text == "script" && tokens[at + 1].is_mark(':') &&
            tokens[at + 2].kind == ScriptToken::Kind::string) {
            std::vector<std::string> argv{tokens[at + 2].text};
            const std::vector<std::string> words = arguments_of_process(tokens, at + 3);
            argv.insert(argv.end(), words.begin(), words.end());
            keep_package_scripts(evidence, argv,
                                 {node, std::string(path), evidence.config().workdir, {}, 0});
        }
    }
}

void inspect(Evidence& evidence, NodeId node) {
    const Node& file = evidence.rootfs()[node];
    if (!file.is_file() || file.header.size > largest_script) {
        return;
    }
    if (!is_of_a_dependency(file.path)) {
        keep_processes(evidence, node);
    }
    if (!may_start(evidence, node)) {
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

/// What kept scripts start programs: the application, and which dependencies.
struct Starters {
    bool application = false;
    std::set<std::string, std::less<>> dependencies;  ///< folders, of single modules files
};

/// The folder of a dependency, or its file where it is one.
std::string_view dependency_of(std::string_view path) {
    const std::string_view folder = dependency_folder(path);
    return folder.empty() ? path : folder;
}

Starters find_starters(Evidence& evidence) {
    Starters starters;
    for (const auto& [node, reasons] : evidence.kept()) {
        if (!may_start(evidence, node)) {
            continue;
        }
        const Node& file = evidence.rootfs()[node];
        const Author author = author_of(evidence, node);
        starters.application = starters.application || author == Author::application;
        if (author == Author::dependency) {
            starters.dependencies.emplace(dependency_of(file.path));
        }
    }
    return starters;
}

/// The programs that were installed by name on top of the distribution: somebody wants them. What a
/// package manager put beside them nobody asked for.
ProgramNames find_wanted_programs(Evidence& evidence, NodeId) {
    const PackageDb& packages = evidence.packages();
    return programs_in_path(evidence, [&](NodeId program, std::string_view) {
        const auto owner = packages.owner(program);
        const auto real = evidence.rootfs().resolve(evidence.rootfs()[program].path).node;
        return (!owner || packages[*owner].asked_for) &&
               evidence.remembered(is_installed_on_top, program) &&
               !(real && is_node_installer(evidence.rootfs()[*real].path));
    });
}

const ProgramNames& wanted_programs(Evidence& evidence) {
    return evidence.noted("programs that were installed by name", 0, find_wanted_programs);
}

bool is_data(std::string_view path) {
    static constexpr std::array<std::string_view, 6> endings{".json", ".yaml", ".yml",
                                                             ".toml", ".env",  ".ini"};
    return ends_with_one_of(path, endings) || path::basename(path).starts_with(".env");
}

/// Calls `take` for the first word of each text in quotes, and in data of each value.
void for_each_first_word(std::string_view text, bool data,
                         const std::function<void(std::string_view)>& take) {
    const auto is_letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '+' || c == '-';
    };
    const auto stands_before = [&](char c) {
        return c == '\'' || c == '"' || c == '`' ||
               (data && (c == '=' || c == ':' || c == ' ' || c == '-'));
    };
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (!stands_before(text[at])) {
            continue;
        }
        const std::string_view rest = text.substr(at + 1);
        const auto* const stop = std::find_if_not(rest.begin(), rest.end(), is_letter);
        const std::string_view word = rest.substr(0, static_cast<std::size_t>(stop - rest.begin()));
        const char end = word.size() < rest.size() ? rest[word.size()] : '\n';
        if (!word.empty() && std::string_view("'\"` \n\r").find(end) != std::string_view::npos) {
            take(word);
        }
    }
}

/// Libraries call developers' tools where their own developers work, but for those that wrap one
/// and are called after it (simple-git).
bool is_out_of_place(std::string_view program, std::string_view dependency) {
    return !dependency.empty() && is_developers_tool(program) &&
           path::basename(dependency).find(program) == std::string_view::npos;
}

/// The wanted programs that a script or data name.
std::set<std::string, std::less<>> read_wanted_names(Evidence& evidence, NodeId node) {
    std::set<std::string, std::less<>> names;
    const Node& file = evidence.rootfs()[node];
    const ProgramNames& wanted = wanted_programs(evidence);
    if (!file.is_file() || file.header.size > largest_script || evidence.elf(node) != nullptr) {
        return names;
    }
    const std::string_view text = evidence.text(node);
    const bool data = is_data(file.path);
    if (data || script_language(file.path, text)) {
        for_each_first_word(text, data, [&](std::string_view word) {
            if (wanted.contains(word)) {
                names.emplace(word);
            }
        });
    }
    return names;
}

/// Wrappers of programs have the name in one file and start it in another, or in a variable
/// (fluent-ffmpeg, pytesseract, an application's lib/run.js and its settings).
void settle(Evidence& evidence) {
    const ProgramNames& wanted = wanted_programs(evidence);
    if (wanted.empty()) {
        return;
    }
    const Starters starters = find_starters(evidence);
    std::map<std::string, std::optional<NodeId>, std::less<>> named;
    for (const auto& [node, reasons] : evidence.kept()) {
        const Text& path = evidence.rootfs()[node].path;
        const Author author = author_of(evidence, node);
        const bool of_dependency = author == Author::dependency;
        const std::string_view dependency = of_dependency ? dependency_of(path) : "";
        const bool starts = of_dependency
                                ? !is_data(path) && starters.dependencies.contains(dependency)
                                : author == Author::application && starters.application;
        if (!starts) {
            continue;
        }
        for (const std::string& name : evidence.noted("wanted names", node, read_wanted_names)) {
            if (!is_out_of_place(name, dependency)) {
                named.try_emplace(name, node);
            }
        }
    }
    for (const std::string& variable : evidence.config().env) {
        const std::string_view value = std::string_view(variable).substr(variable.find('=') + 1);
        const std::string_view word = value.substr(0, value.find(' '));
        if (starters.application && wanted.contains(word)) {
            named.try_emplace(std::string(word), std::nullopt);
        }
    }
    for (const auto& [name, from] : named) {
        evidence.keep_program(name, {started_command.id, from, Confidence::likely,
                                     "names " + name +
                                         ", which was installed on purpose, and what "
                                         "it belongs to starts programs"});
    }
}

}  // namespace

const Rule started_command{.id = "started-command",
                           .summary = "a program that a script of an interpreter starts",
                           .inspect = inspect,
                           .settle = settle};

}  // namespace slimimg::closure::rules
