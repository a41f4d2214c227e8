#pragma once

#include <cstddef>
#include <deque>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The parsed form of shell scripts: the simple commands in the order of the text, each with where
/// it stands, rather than a tree. That is all that evidence needs.
namespace slimimg::closure::shell {

/// Stands in a text for what isn't known: no byte of a script can be it.
constexpr char unknown = '\0';

using StatementId = std::size_t;
using ScopeId = std::size_t;

struct Part;

/// The parts of a word; none for an empty assignment ("x=").
using Word = std::vector<Part>;

struct Part {
    enum class Kind {
        text,
        parameter,   ///< $x, ${x…}
        command,     ///< $(…), `…`
        arithmetic,  ///< $((…))
        process,     ///< <(…), >(…)
    };
    Kind kind = Kind::text;
    bool quoted = false;
    std::string text;  ///< the text, or the parameter's name

    // Of a parameter.
    std::string operation;       ///< ":-", "##", "/", …; empty for a plain one
    std::string subscript;       ///< of an array: "@", "*", "0"; "?" for others
    bool length = false;         ///< ${#x}
    bool indirect = false;       ///< ${!x}
    std::vector<Word> operands;  ///< the operation's one or two words

    std::vector<StatementId> body;  ///< a command substitution's own commands
};

struct Assignment {
    std::string name;
    bool append = false;       ///< +=
    bool array = false;        ///< =( … ), or to one element
    std::vector<Word> values;  ///< one, but for an array
};

struct Redirection {
    enum class Kind { read, write, here_document, here_string, duplicate };
    Kind kind = Kind::read;
    bool of_output = false;           ///< standard output goes elsewhere
    Word target;                      ///< not of a here-document
    std::optional<std::size_t> body;  ///< index into Program::here_documents
};

/// A simple command, a test, or the head of a for loop.
struct Statement {
    std::vector<Assignment> assignments;
    std::vector<Word> words;
    std::vector<Redirection> redirections;
    std::string loop_variable;  ///< for NAME in words
    unsigned line = 1;
    ScopeId scope = 0;
    bool conditional = false;
    bool piped = false;                 ///< its output goes into a pipe
    bool subshell = false;              ///< in parentheses or a substitution: what it sets is lost
    std::optional<StatementId> source;  ///< what the pipe that it reads from begins with
};

/// A text that is run in the same variables but may have parameters of its own: a function, a
/// script, the text of sh -c or of eval.
struct Scope {
    std::string function;  ///< its name, or that of the function around it
    bool is_function = false;
    std::size_t file = 0;    ///< index into ShellFacts::files
    ScopeId positional = 0;  ///< whose "$@" it has
};

/// What can't be parsed.
struct Problem {
    std::size_t file = 0;
    unsigned line = 1;
    std::string message;
};

/// All that was parsed.
struct Program {
    std::deque<Statement> statements;  ///< stays put as more is parsed
    std::deque<Word> here_documents;
    std::deque<Scope> scopes;
    std::vector<Problem> problems;
};

/// Where a text stands.
struct Origin {
    ScopeId scope = 0;
    unsigned line = 1;  ///< of its first character
    bool bash = true;   ///< bash's grammar where dash reads the same text in another way
};

/// Parses `text` and adds its statements to the end of `program`. Stops behind an unconditional
/// `exit` or `exec`: what follows need not be shell.
void parse(Program& program, std::string_view text, const Origin& origin);

}  // namespace slimimg::closure::shell
