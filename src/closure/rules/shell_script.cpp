#include "closure/rules/shell_script.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "slimimg/base/path.hpp"
#include "slimimg/base/quoting.hpp"
#include "slimimg/closure/first_line.hpp"
#include "slimimg/closure/shell.hpp"

#include "closure/rules/dependencies.hpp"
#include "closure/rules/folders.hpp"
#include "closure/rules/layers.hpp"
#include "closure/rules/rules.hpp"
#include "closure/rules/started_command.hpp"
#include "closure/shell/operand.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::NodeId;

std::string workdir_of(const Evidence& evidence) {
    return path::normalize(evidence.config().workdir);
}

Confidence confidence_of(ShellReach reach) {
    return reach == ShellReach::never ? Confidence::hint : Confidence::likely;
}

std::string at_line(const ShellPlace& place) {
    return " (line " + std::to_string(place.line) + ")";
}

/// A hook folder holds what is no script too, which a case of the loop gives to another program.
bool is_text(std::string_view content) {
    constexpr std::size_t looked_at = 4096;
    return content.substr(0, looked_at).find('\0') == std::string_view::npos;
}

/// The files that "." and "source" read. A name with unknown parts means all that match it.
std::vector<ShellSource> sourced_files(Evidence& evidence, std::optional<NodeId> script,
                                       const std::string& workdir, const std::string& name) {
    std::vector<ShellSource> files;
    const rootfs::Rootfs& tree = evidence.rootfs();
    const auto add = [&](NodeId node) {
        if (tree[node].is_file()) {
            const std::string_view content = evidence.text(node);
            files.push_back({tree[node].path, is_text(content) ? std::string(content) : ""});
        }
    };
    const std::string full = path::normalize(path::join(workdir, name));
    if (!path::is_glob(name)) {
        const rootfs::Resolution found =
            name.find('/') == std::string::npos ? evidence.find_program(name) : tree.resolve(full);
        if (found.node) {
            add(*found.node);
        } else if (const auto beside = tree.resolve(full).node) {
            add(*beside);
        }
        return files;
    }
    // "$PROGPATH/utils.sh", of a folder that the script works out from "$0".
    if (script && name.starts_with("*/") && !path::is_glob(name.substr(2))) {
        const std::string_view own = path::parent(tree[*script].path);
        if (const auto beside = tree.resolve(name.substr(2), own).node) {
            add(*beside);
        }
        return files;
    }
    const std::string folder(path::parent(full.substr(0, full.find_first_of("*?["))));
    if (const auto start = tree.resolve(folder).node; start && folder != "/") {
        for (NodeId id = *start; id < tree[*start].subtree_end; ++id) {
            const std::string_view path = tree[id].path;
            if (!evidence.afford(shell_script.id, script, Evidence::match_steps(full, path))) {
                break;
            }
            if (path::glob_match(full, path)) {
                add(id);
            }
        }
    }
    return files;
}

/// The script without a "#!" line that a command starts.
std::optional<ShellSource> unmarked_script(Evidence& evidence, const std::string& command) {
    const rootfs::Resolution found = evidence.find_program(command);
    if (!found.node || !evidence.rootfs()[*found.node].is_file()) {
        return std::nullopt;
    }
    const std::string_view text = evidence.text(*found.node);
    if (text.empty() || text.starts_with("#!") || !is_text(text)) {
        return std::nullopt;
    }
    return ShellSource{evidence.rootfs()[*found.node].path, std::string(text)};
}

/// `started` gets the scripts that commands start; they are kept where the command is reached.
ShellContext context_of(Evidence& evidence, ShellDialect dialect, const ShellOrigin& origin,
                        std::set<std::string, std::less<>>& started) {
    ShellContext context;
    context.dialect = dialect;
    context.path = origin.file ? origin.name : "";
    context.workdir = origin.workdir;
    for (const std::string& variable : evidence.config().env) {
        const std::size_t equals = variable.find('=');
        if (equals != std::string::npos) {
            context.environment[variable.substr(0, equals)] = variable.substr(equals + 1);
        }
    }
    context.source = [&evidence, script = origin.file,
                      workdir = origin.workdir](const std::string& name) {
        return sourced_files(evidence, script, workdir, name);
    };
    context.script = [&evidence, &started,
                      known = std::map<std::string, std::optional<ShellSource>>()](
                         const std::string& name) mutable {
        const auto [at, is_new] = known.try_emplace(name);
        if (is_new) {
            at->second = unmarked_script(evidence, name);
        }
        if (!at->second) {
            return static_cast<const ShellSource*>(nullptr);
        }
        started.insert(at->second->path);
        return static_cast<const ShellSource*>(&*at->second);
    };
    return context;
}

std::vector<std::string> known_words(const ShellCommand& command) {
    std::vector<std::string> words;
    for (const ShellWord& word : command.argv) {
        if (word.known) {
            words.push_back(word.text);
        }
    }
    return words;
}

/// "$command_directory/postsuper", of which only the end is known: the program of that name in
/// PATH, or that the script's own package has.
void keep_program_somewhere(Evidence& evidence, std::string_view name, const ShellOrigin& origin,
                            const Reason& reason) {
    evidence.keep_program(name, reason);
    const auto owner = origin.file ? evidence.packages().owner(*origin.file) : std::nullopt;
    if (!owner) {
        return;
    }
    for (const NodeId file : evidence.packages()[*owner].files) {
        if (evidence.rootfs()[file].is_executable() &&
            path::basename(evidence.rootfs()[file].path) == name) {
            evidence.keep(file, reason);
        }
    }
}

/// A command of the script; also in folders that the script adds to PATH.
void keep_command(Evidence& evidence, const ShellFacts& facts, const ShellCommand& command,
                  const ShellOrigin& origin) {
    const bool certain = command.exec && command.reach == ShellReach::always;
    const Reason reason{shell_script.id, origin.file,
                        certain ? Confidence::required : confidence_of(command.reach),
                        origin.name + " runs " + command.name() + at_line(command.place)};
    if (command.reach != ShellReach::never) {
        keep_package_scripts(evidence, known_words(command), origin);
        keep_make_targets(evidence, known_words(command), origin);
    }
    std::vector<std::string> folders = origin.programs;
    if (command.name().find('/') != std::string::npos && !command.name().starts_with('/')) {
        folders.insert(folders.end(), facts.folders.begin(), facts.folders.end());
    }
    for (const std::string& folder : folders) {
        if (evidence.keep_program(path::join(folder, command.name()), reason)) {
            return;
        }
    }
    if (evidence.find_program(command.name()).node) {
        evidence.keep_program(command.name(), reason);
        return;
    }
    if (const auto paths = facts.variables.find("PATH"); paths != facts.variables.end()) {
        for (std::string_view rest : paths->second) {
            while (!rest.empty()) {
                const std::string_view folder = rest.substr(0, rest.find(':'));
                rest.remove_prefix(std::min(folder.size() + 1, rest.size()));
                const std::string candidate = path::join(folder, command.name());
                if (folder.starts_with('/') && evidence.find_program(candidate).node) {
                    evidence.keep_program(candidate, reason);
                    return;
                }
            }
        }
    }
    // "$folder/name" of a variable that the script's starter may set.
    if (path::parent(command.name()) == "/") {
        keep_program_somewhere(evidence, path::basename(command.name()), origin, reason);
    }
    if (command.reach != ShellReach::never && !command.tested) {
        // The image's own script meets the same lack, so that this stops nobody.
        evidence.unresolved({.name = command.name(),
                             .needed_by = origin.file,
                             .kind = "command",
                             .detail = origin.name + at_line(command.place) +
                                       ": no executable file of that name in PATH",
                             .required = false});
    }
}

void keep_path(Evidence& evidence, const ShellFacts& facts, const ShellPath& named,
               const ShellOrigin& origin) {
    const Reason reason{shell_script.id, origin.file, confidence_of(named.reach),
                        origin.name + " names " + named.path + at_line(named.place)};
    if (named.use == ShellPath::Use::started) {
        keep_program_somewhere(evidence, path::basename(named.path), origin, reason);
        return;
    }
    const bool asked_for = named.use == ShellPath::Use::argument &&
                           (!origin.file || !evidence.packages().owner(*origin.file));
    std::vector<std::string> bases{origin.workdir};
    if (!named.path.starts_with('/')) {
        bases.insert(bases.end(), facts.folders.begin(), facts.folders.end());
    }
    for (const std::string& base : bases) {
        const std::string full = path::normalize(path::join(base, named.path));
        if (path::is_glob(full)) {
            // What the pattern stands for is decided at run time: the folder that it looks into.
            const std::string folder(path::parent(full.substr(0, full.find_first_of("*?["))));
            if (!path::components(folder).empty()) {
                keep_named(evidence, folder, reason);
            }
        } else if (named.use == ShellPath::Use::written) {
            evidence.keep_path(path::parent(full), reason);
            evidence.keep_path(full, reason);
        } else if (full != "/" && full != base && asked_for) {
            keep_asked_for(evidence, full, reason);
        } else if (full != "/" && full != base) {
            keep_named(evidence, full, reason);
        }
    }
}

/// Whether a command starts a login shell: `bash -lc TEXT`, `su - USER`.
bool starts_login_shell(const std::vector<std::string>& words) {
    const std::string_view name = words.empty() ? "" : path::basename(words.front());
    if (name == "su" || name == "runuser") {
        return std::any_of(words.begin() + 1, words.end(), [](const std::string& word) {
            return word == "-" || word == "-l" || word == "--login";
        });
    }
    return shell_dialect(name) && shell::operand_of({words.begin(), words.end()}).is_login;
}

/// What a login shell reads first, after /etc/profile (bash(1), INVOCATION; dash(1)).
constexpr std::array<std::string_view, 3> home_profiles{".bash_profile", ".bash_login", ".profile"};

bool is_profile(std::string_view path) {
    return path == "/etc/profile" || std::find(home_profiles.begin(), home_profiles.end(),
                                               path::basename(path)) != home_profiles.end();
}

void keep_profiles(Evidence& evidence, const ShellOrigin& origin) {
    const Reason reason{shell_script.id, origin.file, Confidence::likely,
                        origin.name + " starts a login shell, which reads it"};
    const std::string home(evidence.config().env_value("HOME").value_or("/root"));
    evidence.keep_path("/etc/profile", reason);
    for (const std::string_view name : home_profiles) {
        evidence.keep_path(path::join(home, name), reason);
    }
}

/// An application's script that asks for a tool that was installed on top stops where it is not
/// there.
void keep_asked_tools(Evidence& evidence, const ShellFacts& facts, const ShellOrigin& origin) {
    if (origin.file && evidence.packages().owner(*origin.file)) {
        return;
    }
    for (const std::string& name : facts.tested) {
        const auto program = evidence.find_program(name).node;
        if (program && evidence.remembered(is_installed_on_top, *program) &&
            !is_developers_tool(name)) {
            evidence.keep_program(name, {shell_script.id, origin.file, Confidence::likely,
                                         origin.name + " asks whether there is " + name});
        }
    }
}

void apply(Evidence& evidence, const ShellFacts& facts,
           const std::set<std::string, std::less<>>& started, const ShellOrigin& origin) {
    for (const std::string& file : facts.files) {
        if (!started.contains(file)) {
            evidence.keep_path(file, {shell_script.id, origin.file, Confidence::likely,
                                      origin.name + " reads it"});
        }
    }
    for (const ShellCommand& command : facts.commands) {
        keep_command(evidence, facts, command, origin);
        if (command.reach != ShellReach::never && starts_login_shell(known_words(command))) {
            keep_profiles(evidence, origin);
        }
    }
    keep_asked_tools(evidence, facts, origin);
    for (const ShellCode& code : facts.code) {
        if (code.reach != ShellReach::never) {
            keep_started_by(evidence, code, origin);
        }
    }
    // A script may name a large folder on every line: once is enough.
    std::set<std::tuple<std::string_view, ShellPath::Use, ShellReach>> seen;
    for (const ShellPath& named : facts.paths) {
        if (seen.emplace(named.path, named.use, named.reach).second) {
            keep_path(evidence, facts, named, origin);
        }
    }
    for (const Diagnostic& unknown : facts.unknown) {
        Diagnostic told = unknown;
        told.path = told.path.empty() && origin.file ? origin.name : told.path;
        evidence.diagnose(std::move(told));
    }
}

/// What a script that the config starts is given as "$1" and on.
std::optional<std::vector<std::string>> arguments_of(const Evidence& evidence, NodeId script) {
    for (const std::vector<std::string>& line : command_lines(evidence)) {
        for (std::size_t i = 0; i < line.size(); ++i) {
            if (evidence.find_program(line[i]).node == script) {
                return std::vector<std::string>(line.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                                                line.end());
            }
        }
    }
    return std::nullopt;
}

ShellOrigin from_config(const Evidence& evidence, std::string name) {
    return {std::nullopt, std::move(name), workdir_of(evidence), {}, 0};
}

/// What a shell among the words of the config is given: `-c TEXT`, or a file. One with a "#!" line
/// is read for itself.
void read_operand(Evidence& evidence, const std::vector<std::string>& line, std::size_t first,
                  ShellDialect dialect) {
    const shell::Operand operand =
        shell::operand_of({line.begin() + static_cast<std::ptrdiff_t>(first), line.end()});
    const std::size_t at = first + operand.at;
    if (at >= line.size()) {
        return;
    }
    const auto from = [&](std::size_t start) {
        return std::vector<std::string>(
            line.begin() + static_cast<std::ptrdiff_t>(std::min(start, line.size())), line.end());
    };
    if (operand.is_text) {
        keep_shell_text(evidence, line[at], dialect, from_config(evidence, "the start command"),
                        from(at + 2));
        return;
    }
    const std::string workdir = workdir_of(evidence);
    for (const ShellSource& file : sourced_files(evidence, std::nullopt, workdir, line[at])) {
        if (!file.text.starts_with("#!")) {
            keep_shell_text(evidence, file.text, dialect,
                            {evidence.rootfs().find(file.path), file.path, workdir, {}, 0},
                            from(at + 1));
        }
    }
}

/// What the config's program runs in turn, where it is one that does: `timeout 5 app`,
/// `su -c 'app --flag'`, `find … -exec app`.
void read_wrapped(Evidence& evidence, const std::vector<std::string>& line,
                  const std::string& name) {
    if (line.size() < 2 || shell_dialect(line.front())) {
        return;
    }
    std::set<std::string, std::less<>> started;
    const ShellOrigin origin = from_config(evidence, name);
    ShellContext context = context_of(evidence, ShellDialect::dash, origin, started);
    context.arguments = std::vector<std::string>();
    context.script = nullptr;  // the kernel starts no script without a first line
    std::string text;
    for (const std::string& word : line) {
        text += single_quoted(word) + ' ';  // "time" and "if" are words here too
    }
    ShellFacts facts = read_shell(text, context);
    // Of the program itself its own rule tells.
    std::erase_if(facts.commands,
                  [&](const ShellCommand& command) { return command.name() == line.front(); });
    if (!facts.commands.empty() || !facts.code.empty()) {
        facts.paths.clear();
        apply(evidence, facts, started, origin);
    }
}

/// The shell form of ENTRYPOINT and CMD, and any `sh -c` or `sh FILE` behind a wrapper.
void start(Evidence& evidence) {
    for (const std::vector<std::string>& line : command_lines(evidence)) {
        keep_package_scripts(evidence, line, from_config(evidence, "the start command"));
        keep_make_targets(evidence, line, from_config(evidence, "the start command"));
        read_wrapped(evidence, line, "the start command");
        for (std::size_t i = 0; i < line.size(); ++i) {
            if (const auto dialect = shell_dialect(line[i])) {
                read_operand(evidence, line, i, *dialect);
            }
            if (starts_login_shell({line.begin() + static_cast<std::ptrdiff_t>(i), line.end()})) {
                keep_profiles(evidence, from_config(evidence, "the start command"));
            }
        }
    }
    const std::vector<std::string>& check = evidence.config().healthcheck;
    if (check.size() > 1 && check.front() == "CMD") {
        read_wrapped(evidence, {check.begin() + 1, check.end()}, "HEALTHCHECK");
    }
    if (check.size() > 1 && check.front() == "CMD-SHELL") {
        const std::vector<std::string>& shell = evidence.config().shell;
        const std::string program = shell.empty() ? "/bin/sh" : shell.front();
        evidence.keep_program(
            program, {shell_script.id, std::nullopt, Confidence::likely, "HEALTHCHECK runs in it"});
        keep_shell_text(evidence, check[1], shell_dialect(program).value_or(ShellDialect::dash),
                        from_config(evidence, "HEALTHCHECK"), std::vector<std::string>());
    }
}

/// Of a script that has no first line its name tells: something gives it to a shell, or sources it.
/// A package's is left to the scripts that source it.
std::optional<ShellDialect> dialect_of(Evidence& evidence, NodeId node) {
    const std::string_view text = evidence.text(node);
    const std::string_view path = evidence.rootfs()[node].path;
    if (text.starts_with("#!") || !is_text(text)) {
        return dialect_of_script(text);
    }
    if (is_profile(path)) {
        return ShellDialect::bash;
    }
    const bool bash = path.ends_with(".bash");
    if (evidence.packages().owner(node) || !(bash || path.ends_with(".sh"))) {
        return std::nullopt;
    }
    return bash ? ShellDialect::bash : ShellDialect::dash;
}

void read_script(Evidence& evidence, NodeId node) {
    const auto dialect = dialect_of(evidence, node);
    if (!dialect) {
        return;
    }
    const ShellOrigin origin{node, evidence.rootfs()[node].path, workdir_of(evidence), {}, 0};
    keep_shell_text(evidence, evidence.text(node), *dialect, origin, arguments_of(evidence, node));
    const auto words = first_line(evidence.text(node)).words;
    if (starts_login_shell({words.begin(), words.end()})) {
        keep_profiles(evidence, origin);
    }
}

void inspect(Evidence& evidence, NodeId node) {
    const rootfs::Node& file = evidence.rootfs()[node];
    if (file.is_file() && !is_of_a_dependency(file.path) && !is_profile(file.path)) {
        read_script(evidence, node);
    }
}

/// A script that a link leads to has the link's folder in "$0", and reads and runs from there what
/// has links of the same names beside that one.
void keep_links_beside(Evidence& evidence) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    std::map<std::pair<NodeId, NodeId>, NodeId> folders;  // of links, of scripts; one of these
    for (const auto& [node, reasons] : evidence.kept()) {
        const auto script = tree[node].is_symlink() ? tree.resolve(tree[node].path).node : node;
        if (script && *script != node && tree[*script].is_file() &&
            tree[*script].parent != tree[node].parent && dialect_of(evidence, *script) &&
            evidence.text(*script).find("$0") != std::string_view::npos) {
            folders.emplace(std::pair(tree[node].parent, tree[*script].parent), *script);
        }
    }
    for (const auto& [pair, script] : folders) {
        const std::vector<NodeId> beside = tree.children(pair.second);
        constexpr std::uint64_t steps = 10;
        if (!evidence.afford(shell_script.id, script, steps * beside.size())) {
            return;
        }
        for (const NodeId file : beside) {
            const auto link = evidence.is_kept(file)
                                  ? tree.child(pair.first, path::basename(tree[file].path))
                                  : std::nullopt;
            if (link && tree[*link].is_symlink() && tree.resolve(tree[*link].path).node == file) {
                evidence.keep(*link, {shell_script.id, script, Confidence::likely,
                                      "is beside the link that it is run by"});
            }
        }
    }
}

/// A dependency's scripts are for its own developers, but for those that something runs; a profile
/// is for the shells that log in.
void settle(Evidence& evidence) {
    keep_links_beside(evidence);
    std::vector<NodeId> scripts;
    for (const auto& [node, reasons] : evidence.kept()) {
        const rootfs::Node& file = evidence.rootfs()[node];
        if (file.is_file() && (is_of_a_dependency(file.path) || is_profile(file.path)) &&
            dialect_of(evidence, node) &&
            (is_run(evidence, node) || is_named_by_its_package(evidence, node))) {
            scripts.push_back(node);
        }
    }
    for (const NodeId script : scripts) {
        read_script(evidence, script);
    }
}

}  // namespace

const Rule shell_script{.id = "shell-script",
                        .summary = "a shell script runs it, reads it or names it",
                        .start = start,
                        .inspect = inspect,
                        .settle = settle};

}  // namespace slimimg::closure::rules

namespace slimimg::closure {

std::optional<ShellDialect> dialect_of_script(std::string_view text) {
    for (const std::string_view word : first_line(text).words) {
        if (const auto dialect = shell_dialect(word)) {
            return dialect;
        }
    }
    return std::nullopt;
}

std::vector<std::vector<std::string>> command_lines(const Evidence& evidence) {
    std::vector<std::vector<std::string>> lines = evidence.request().entrypoints;
    if (lines.empty()) {
        lines.push_back(evidence.config().argv());
    }
    return lines;
}

void keep_shell_text(Evidence& evidence, std::string_view text, ShellDialect dialect,
                     const ShellOrigin& origin, std::optional<std::vector<std::string>> arguments) {
    std::set<std::string, std::less<>> started;
    ShellContext context = rules::context_of(evidence, dialect, origin, started);
    context.arguments = std::move(arguments);
    rules::apply(evidence, read_shell(text, context), started, origin);
}

}  // namespace slimimg::closure
