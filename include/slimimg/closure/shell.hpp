#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/base/diagnostic.hpp"

/// What a shell script runs and names, as far as its text tells. Nothing is executed: the script
/// is parsed, and its words are expanded from the values that its assignments, the environment
/// and the arguments may give them. Every value that is possible counts, in any order: the answer
/// is what the script may do, not what one run of it did.
namespace slimimg::closure {

/// Whose grammar and built-in commands: dash's (POSIX), bash's (ksh and zsh are read alike) or
/// BusyBox ash's.
enum class ShellDialect { dash, bash, busybox };

/// The dialect by the name or path of the shell's program; "sh" and "busybox" too. Nothing where
/// it is no shell that is known.
std::optional<ShellDialect> shell_dialect(std::string_view program);

/// A file that a shell reads.
struct ShellSource {
    std::string path;
    std::string text;
};

/// What is known before the script runs.
struct ShellContext {
    ShellDialect dialect = ShellDialect::dash;
    std::string path;           ///< the script's own, "$0"; empty for sh -c
    std::string workdir = "/";  ///< "$PWD"
    std::map<std::string, std::string, std::less<>> environment;
    /// "$1" and on; nothing where they are not known.
    std::optional<std::vector<std::string>> arguments;
    /// Answers ".", "source" and "sh FILE": the files that this name means, as the script writes it
    /// ("*" for what isn't known, so it may be a pattern and mean several). Null: they are not
    /// followed.
    std::function<std::vector<ShellSource>(const std::string& name)> source;
    /// Answers a command that is no program: the script without a "#!" line that it names, which
    /// the kernel refuses with ENOEXEC and the shell reads then (POSIX.1-2017, XCU 2.9.1.1); null
    /// where there is none. What it answers stays as long as the context. Null: they are not
    /// followed.
    std::function<const ShellSource*(const std::string& name)> script;
};

/// Whether a part of the script runs.
enum class ShellReach {
    never,      ///< in a function that nothing calls
    sometimes,  ///< behind a condition, in a loop, in a trap
    always,
};

/// Where it stands.
struct ShellPlace {
    std::size_t file = 0;  ///< index into ShellFacts::files
    unsigned line = 1;

    bool operator==(const ShellPlace&) const = default;
};

/// A word after expansion. What isn't known of it stands as "*".
struct ShellWord {
    std::string text;
    bool known = true;  ///< false: it has such a "*"

    bool operator==(const ShellWord&) const = default;
};

/// A program that is run: neither built in nor a function of the script. Where a word may have
/// several values there is a command for each. What a wrapper runs (env, nice, gosu, tini, xargs,
/// find -exec, sh -c, …) is a command of its own, and so is the wrapper.
struct ShellCommand {
    /// Never empty; argv[0] is known, but may be a pattern: for f in /hooks.d/*; do "$f".
    std::vector<ShellWord> argv;
    ShellPlace place;
    ShellReach reach = ShellReach::always;
    bool exec = false;     ///< it takes the shell's place: what the script is there to start
    bool tested = false;   ///< the script asks whether it is there (command -v, which, test -x)
    std::string function;  ///< the function that it stands in; empty outside of any

    [[nodiscard]] const std::string& name() const { return argv.front().text; }
};

/// A file or folder that is named. Absolute, or relative to the folder in which the script runs
/// (see ShellFacts::folders); relative ones are given for what is plainly a file only. May be a
/// pattern: path::is_glob.
struct ShellPath {
    enum class Use {
        sourced,     ///< read with "." or "source"
        read,        ///< redirected from
        written,     ///< redirected to: its folder must be there
        tested,      ///< test -f, -d, -x, …
        started,     ///< run where it is found: "*/name"
        changed_to,  ///< cd
        argument,    ///< a word of a command or of a loop's list, also behind "--option="
        value,       ///< assigned to a variable
        mentioned,   ///< inside a longer word or a here-document
    };
    std::string path;
    Use use = Use::argument;
    ShellPlace place;
    ShellReach reach = ShellReach::always;
};
std::string_view shell_path_use_name(ShellPath::Use use);

/// Code that the script gives to an interpreter: `python3 -c CODE`, `perl <<EOF`.
struct ShellCode {
    std::string program;  ///< the interpreter's name, without a folder
    std::string text;
    ShellPlace place;
    ShellReach reach = ShellReach::always;
};

struct ShellFacts {
    std::vector<std::string> files;  ///< the script, then what is read for it
    std::vector<ShellCommand> commands;
    std::vector<ShellPath> paths;
    std::vector<ShellCode> code;
    /// exec "$@" and the like: the script's own arguments are run as a command. Where they are
    /// known the command is in `commands` too.
    std::optional<ShellPlace> runs_arguments;
    std::vector<std::string> functions;
    std::vector<std::string> folders;           ///< known folders that it changes to
    std::set<std::string, std::less<>> tested;  ///< commands whose presence it asks for
    /// What variables may hold in the end, where that is known: PATH, LD_LIBRARY_PATH, …
    std::map<std::string, std::vector<std::string>, std::less<>> variables;
    /// What could not be known: a command, a sourced file or an eval that depends on what only a
    /// run shows, text that can't be parsed. `path` is the file, the message has the line.
    std::vector<Diagnostic> unknown;
};

/// Reads a script. Never throws for what the text holds; time and memory are bounded by a small
/// multiple of its size.
ShellFacts read_shell(std::string_view text, const ShellContext& context);

}  // namespace slimimg::closure
