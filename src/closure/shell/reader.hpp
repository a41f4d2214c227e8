#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/closure/shell.hpp"

#include "closure/shell/expansion.hpp"
#include "closure/shell/syntax.hpp"
#include "closure/shell/tables.hpp"

namespace slimimg::closure::shell {

using Use = ShellPath::Use;

/// The most results of each kind, and words of a command, that are told of.
constexpr std::size_t most_results = 200'000;
constexpr std::size_t most_words = 512;
constexpr std::size_t most_texts = 512;
constexpr unsigned deepest_command = 12;  ///< wrappers in wrappers, sh -c in sh -c

/// A text that was parsed: the script, a sourced file, what sh -c or eval is given.
struct Unit {
    StatementId first = 0;
    StatementId last = 0;
    ScopeId scope = 0;
    unsigned round = 0;  ///< in which it was last looked at
};

/// Where a command stands and how it is looked up.
struct Here {
    ScopeId scope = 0;
    unsigned line = 1;
    bool conditional = false;
    bool functions = true;  ///< may be a function …
    bool builtins = true;   ///< … or built in
    bool exec = false;
    unsigned depth = 0;
    const Statement* statement = nullptr;

    [[nodiscard]] Here as_program() const {
        Here here = *this;
        here.functions = false;
        here.builtins = false;
        return here;
    }
};

/// Something found, before it is known whether it is reached.
template <typename T>
struct Found {
    T value;
    ScopeId scope = 0;
    bool conditional = false;
};

inline bool is_option(const Field& field) {
    return field.text.size() > 1 && field.text[0] == '-';
}

/// The words from one on.
Fields tail(const Fields& argv, std::size_t from);

/// The words from one on, blanks between them.
std::string joined(const Fields& argv, std::size_t from);

/// No shell takes NUL for a character, and here it stands for what isn't known.
std::string without_nul(std::string_view text);

/// Goes through a script's statements as a shell would, but through all of them, and notes what
/// they run and name.
class Reader {
  public:
    Reader(std::string_view text, const ShellContext& context)
        : text_(text),
          context_(context),
          variables_(context),
          expander_(program_, context, variables_, facts_.files) {}

    ShellFacts read();

  private:
    // ---- texts ----------------------------------------------------------------------------

    std::size_t parse_unit(std::string_view text, ScopeId scope, unsigned line);

    /// Parses a text once and runs it here. `positional`: it shares "$@" with the caller.
    void run_text(const std::string& key, std::string_view text, std::optional<std::size_t> file,
                  const Here& here, const Fields* arguments);
    void run_files(const Here& here, std::span<const ShellSource> files, const Fields* arguments);
    void run_unit(std::size_t index, const Here& caller);

    // ---- results --------------------------------------------------------------------------

    void begin_round(unsigned round);
    [[nodiscard]] ShellPlace place(const Here& here) const;
    void doubt(const Here& here, std::string_view code, const std::string& what);
    /// A program of which only the name is known, not its folder.
    void add_program(const Here& here, const std::string& name);
    void add_path(const Here& here, std::string_view text, Use use);

    /// The paths in a word: itself, behind "--option=", in a list; or inside a longer text.
    void add_paths(const Here& here, std::string_view text, Use use);
    void add_command(const Here& here, const Fields& argv);
    void reach(const Here& from, ScopeId to);
    void add_tested(const Field& field);

    // ---- statements -----------------------------------------------------------------------

    void run_statement(StatementId id, unsigned depth);
    void assign(const Here& here, const Assignment& assignment);
    void redirect(const Here& here, const Redirection& redirection);
    void loop(const Here& here, const Statement& statement);

    /// The lists of fields that some words may become together: each possibility of each word is
    /// in one of them.
    std::vector<Fields> variants(const std::vector<Word>& words, ScopeId scope);
    void run_words(const Here& here, const Statement& statement);
    [[nodiscard]] static bool is_plain_parameter(const Word& word);

    // ---- commands -------------------------------------------------------------------------

    void run(Here here, const Fields& argv);

    /// False for what no file is called: the text after it isn't a command that can be kept.
    [[nodiscard]] static bool is_plausible(const std::string& name);
    void run_unknown(const Here& here, const Fields& argv);
    void reach_matching_functions(const Here& here, const Fields& argv);
    void add_argument_paths(const Here& here, const Fields& argv);

    // ---- built-in commands ----------------------------------------------------------------

    void run_builtin(const Here& here, const Fields& argv);
    /// The files that a name means where the script starts, else in a folder that it changed to.
    std::vector<ShellSource> files_named(const std::string& name);
    void run_source(const Here& here, const Fields& argv);
    void run_test(const Here& here, const Fields& argv);
    void run_eval(const Here& here, const Fields& argv);

    /// A text that this shell runs as its own.
    void run_string(const Here& here, const std::string& text);
    void run_exec(const Here& here, const Fields& argv);
    void run_command(const Here& here, const Fields& argv);
    void run_trap(const Here& here, const Fields& argv);
    void run_set(const Here& here, const Fields& argv);

    /// Where it is sure that parameters are set: not behind a condition nor in another process.
    [[nodiscard]] bool is_sure(const Here& here) const;
    void run_shift(const Here& here, const Fields& argv);
    void run_cd(const Here& here, const Fields& argv);
    void run_type(const Here&, const Fields& argv);

    /// What comes from outside; of a pipe that find begins it is known what that may be.
    void run_read(const Here& here, const Fields& argv);
    void run_print(const Here& here, const Fields& argv);

    /// The parser takes "name=text" for an assignment.
    void run_alias(const Here& here, const Fields&);

    // ---- programs that run programs ---------------------------------------------------------

    void run_wrapped(const Here& here, const Fields& argv);
    void run_find(const Here& here, const Fields& argv);
    void run_wrapper(const Here& here, const Wrapper& wrapper, const Fields& argv);

    /// A word before the command that is nothing but a variable: it holds options.
    [[nodiscard]] static bool is_options(const Fields& argv, std::size_t at);
    void assign_environment(const Here& here, const std::string& text);

    /// tar --to-command=CMD, split --filter=CMD and the like; mkfs -t ext4, which is mkfs.ext4.
    void run_option_values(const Here& here, const Fields& argv);
    void run_awk(const Here& here, const Fields& argv);
    /// sh [-options] -c text [name argument…], or a script, or standard input.
    void run_shell(const Here& here, const Fields& argv);
    void run_as_script(const Here& here, std::span<const ShellSource> files,
                       const Fields& arguments);

    /// A text for another shell.
    void run_script(const Here& here, const std::string& text, const Fields& arguments);

    /// python3 -c CODE, perl -e CODE; or the code comes by standard input.
    void run_interpreter(const Here& here, const Fields& argv);
    /// crontab FILE, crontab -.
    void run_crontab(const Here& here, const Fields& argv);
    /// The lines of a cron table in a text that the script writes.
    void run_cron_lines(const Here& here, std::string_view text);

    /// What the statement may read from standard input, as far as its text tells: here-documents
    /// and strings, what echo, printf and cat put into a pipe.
    std::vector<std::string> input(const Here& here);

    // ---- the end --------------------------------------------------------------------------

    /// How each scope is reached: along the calls from the script itself.
    [[nodiscard]] std::vector<ShellReach> reaches() const;
    void finish();
    void finish_code(const std::vector<ShellReach>& reach_of);
    void finish_commands(const std::vector<ShellReach>& reach_of);
    void finish_paths(const std::vector<ShellReach>& reach_of);
    void finish_unknown(const std::vector<ShellReach>& reach_of);

    std::string_view text_;
    const ShellContext& context_;
    Program program_;
    ShellFacts facts_;
    Variables variables_;
    Expander expander_;

    std::vector<Unit> units_;
    std::map<std::string, std::size_t> texts_;
    std::map<std::string, Distinct<ScopeId>, std::less<>> functions_;
    Texts folders_;
    std::size_t bytes_ = 0;
    unsigned round_ = 0;
    bool runs_by_exec_ = false;

    std::vector<Fields> new_parameters_;  ///< of the `set` that is being looked at
    std::vector<Found<ShellCommand>> commands_;
    std::vector<Found<ShellCode>> code_;
    std::vector<Found<ShellPath>> paths_;
    std::vector<Found<Diagnostic>> doubts_;
    struct Call {
        ScopeId from;
        bool conditional;
        ScopeId to;
    };
    std::vector<Call> calls_;
};

}  // namespace slimimg::closure::shell
