#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "slimimg/base/path.hpp"
#include "slimimg/closure/shell.hpp"

#include "closure/shell/expansion.hpp"
#include "closure/shell/syntax.hpp"
#include "closure/shell/tables.hpp"
#include "closure/shell/text.hpp"

namespace slimimg::closure {

std::string_view shell_path_use_name(ShellPath::Use use) {
    using Use = ShellPath::Use;
    switch (use) {
        case Use::sourced:
            return "sourced";
        case Use::read:
            return "read";
        case Use::written:
            return "written";
        case Use::tested:
            return "tested";
        case Use::changed_to:
            return "changed to";
        case Use::argument:
            return "argument";
        case Use::value:
            return "value";
        case Use::mentioned:
            return "mentioned";
    }
    return "";
}

namespace shell {
namespace {

using Use = ShellPath::Use;

constexpr unsigned most_rounds = 6;
constexpr unsigned deepest_command = 12;  ///< wrappers in wrappers, sh -c in sh -c
constexpr std::size_t most_texts = 512;
constexpr std::size_t most_text_bytes = 8U << 20;  ///< of all texts together
constexpr std::size_t most_results = 200'000;
constexpr std::size_t most_words = 512;  ///< of a command that is told of

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

bool is_option(const Field& field) {
    return field.text.size() > 1 && field.text[0] == '-';
}

Fields tail(const Fields& argv, std::size_t from) {
    if (from >= argv.size()) {
        return {};
    }
    return {argv.begin() + static_cast<std::ptrdiff_t>(from), argv.end()};
}

std::string joined(const Fields& argv, std::size_t from) {
    std::string text;
    for (std::size_t i = from; i < argv.size(); ++i) {
        text += (i == from ? "" : " ") + argv[i].text;
    }
    return text;
}

/// No shell takes NUL for a character, and here it stands for what isn't known.
std::string without_nul(std::string_view text) {
    std::string clean(text);
    std::erase(clean, unknown);
    return clean;
}

class Reader {
  public:
    Reader(std::string_view text, const ShellContext& context)
        : text_(text),
          context_(context),
          variables_(context),
          expander_(program_, context, variables_, facts_.files) {}

    ShellFacts read() {
        facts_.files.push_back(context_.path);
        program_.scopes.emplace_back();
        parse_unit(text_, 0, 1);
        for (unsigned round = 1; round <= most_rounds && variables_.next_round(); ++round) {
            begin_round(round);
            run_unit(0, Here{});
        }
        finish();
        return std::move(facts_);
    }

  private:
    // ---- texts ----------------------------------------------------------------------------

    std::size_t parse_unit(std::string_view text, ScopeId scope, unsigned line) {
        Unit unit;
        unit.first = program_.statements.size();
        unit.scope = scope;
        const std::size_t first_scope = program_.scopes.size();
        parse(program_, text, {scope, line, context_.dialect == ShellDialect::bash});
        unit.last = program_.statements.size();
        for (StatementId id = unit.first; id < unit.last; ++id) {
            const Statement& statement = program_.statements[id];
            for (const Assignment& assignment : statement.assignments) {
                variables_.declare(assignment.name);
            }
            if (!statement.loop_variable.empty()) {
                variables_.declare(statement.loop_variable);
            }
        }
        for (ScopeId id = first_scope; id < program_.scopes.size(); ++id) {  // its functions
            // A function that is defined again and again counts a few times.
            add_value(functions_[program_.scopes[id].function], id);
        }
        bytes_ += text.size();
        units_.push_back(unit);
        return units_.size() - 1;
    }

    /// Parses a text once and runs it here. `positional`: it shares "$@" with the caller.
    void run_text(const std::string& key, std::string_view text, std::optional<std::size_t> file,
                  const Here& here, const Fields* arguments) {
        const auto known = texts_.find(key);
        std::size_t index = 0;
        if (known != texts_.end()) {
            index = known->second;
        } else {
            if (units_.size() >= most_texts || bytes_ + text.size() > most_text_bytes) {
                doubt(here, "shell-too-long", "runs more text than is followed");
                return;
            }
            const Scope& outer = program_.scopes[here.scope];
            Scope scope;
            scope.function = outer.function;
            scope.file = file.value_or(outer.file);
            scope.positional = arguments != nullptr ? program_.scopes.size() : outer.positional;
            program_.scopes.push_back(scope);
            const std::size_t problems = program_.problems.size();
            index = parse_unit(text, program_.scopes.size() - 1, file ? 1 : here.line);
            if (!is_known(text)) {
                program_.problems.resize(problems);  // what isn't known may close what is open
            }
            texts_.emplace(key, index);
        }
        const ScopeId scope = units_[index].scope;
        if (arguments != nullptr) {
            variables_.call(scope, *arguments);
        }
        reach(here, scope);
        run_unit(index, here);
    }

    void run_unit(std::size_t index, const Here& caller) {
        if (units_[index].round == round_ || caller.depth > deepest_command) {
            return;
        }
        units_[index].round = round_;
        const Unit unit = units_[index];
        for (StatementId id = unit.first; id < unit.last; ++id) {
            run_statement(id, caller.depth);
        }
    }

    // ---- results --------------------------------------------------------------------------

    void begin_round(unsigned round) {
        round_ = round;
        commands_.clear();
        paths_.clear();
        doubts_.clear();
        calls_.clear();
        facts_.tested.clear();
        facts_.folders.clear();
        facts_.runs_arguments.reset();
        runs_by_exec_ = false;
    }

    [[nodiscard]] ShellPlace place(const Here& here) const {
        return {program_.scopes[here.scope].file, here.line};
    }

    void doubt(const Here& here, std::string_view code, const std::string& what) {
        if (doubts_.size() < most_results) {
            Diagnostic diagnostic{Severity::warning, std::string(code),
                                  facts_.files[program_.scopes[here.scope].file],
                                  "line " + std::to_string(here.line) + ": " + what};
            doubts_.push_back({std::move(diagnostic), here.scope, here.conditional});
        }
    }

    void add_path(const Here& here, std::string_view text, Use use) {
        const bool plainly_a_file =
            use == Use::sourced || use == Use::read || use == Use::written || use == Use::tested;
        std::string path = shown(text);
        if (path.empty() || path == "/" || path == "." || path == "*" || path.size() > 4096 ||
            path.starts_with("/*") || path.find('\n') != path.npos ||
            paths_.size() >= most_results) {
            return;
        }
        if (!path.starts_with('/') && (!plainly_a_file || !is_known(text))) {
            return;
        }
        paths_.push_back({{std::move(path), use, place(here), {}}, here.scope, here.conditional});
    }

    /// The paths in a word: itself, behind "--option=", in a list; or inside a longer text.
    void add_paths(const Here& here, std::string_view text, Use use) {
        find_paths(text, [&](std::string_view path, bool whole) {
            add_path(here, path, whole ? use : Use::mentioned);
        });
    }

    void add_command(const Here& here, const Fields& argv) {
        if (commands_.size() >= most_results) {
            return;
        }
        ShellCommand command;
        const bool affordable = expander_.spend(argv.size() * sizeof(ShellWord));
        const std::size_t count = affordable ? std::min(argv.size(), most_words) : 1;
        for (std::size_t i = 0; i < count; ++i) {
            command.argv.push_back({shown(argv[i].text), is_known(argv[i].text)});
        }
        command.place = place(here);
        command.exec = here.exec;
        command.function = program_.scopes[here.scope].function;
        commands_.push_back({std::move(command), here.scope, here.conditional});
    }

    void reach(const Here& from, ScopeId to) {
        calls_.push_back({from.scope, from.conditional, to});
    }

    void add_tested(const Field& field) {
        if (is_known(field.text) && !is_option(field)) {
            facts_.tested.insert(field.text);
        }
    }

    // ---- statements -----------------------------------------------------------------------

    void run_statement(StatementId id, unsigned depth) {
        const Statement& statement = program_.statements[id];
        Here here;
        here.scope = statement.scope;
        here.line = statement.line;
        here.conditional = statement.conditional;
        here.depth = depth + 1;
        here.statement = &statement;
        for (const Assignment& assignment : statement.assignments) {
            assign(here, assignment);
        }
        for (const Redirection& redirection : statement.redirections) {
            redirect(here, redirection);
        }
        if (!statement.loop_variable.empty()) {
            loop(here, statement);
        } else if (!statement.words.empty()) {
            run_words(here, statement);
        }
    }

    void assign(const Here& here, const Assignment& assignment) {
        const bool is_list = assignment.array && !assignment.append;
        if (assignment.array) {
            const std::vector<Fields> lists = variants(assignment.values, here.scope);
            for (const Fields& list : lists) {
                for (const Field& field : list) {
                    add_paths(here, field.text, Use::value);
                }
            }
            // With several lists to append, every known one gets the first.
            for (std::size_t i = 0; i < (is_list ? lists.size() : 1); ++i) {
                variables_.assign_list(assignment.name, lists[i], !is_list);
            }
            return;
        }
        const Word& word = assignment.values.front();
        for (std::string& value : expander_.texts(word, here.scope, assignment.name)) {
            if (assignment.append) {
                for (const std::string& before :
                     variables_.values(assignment.name, assignment.name)) {
                    variables_.assign(assignment.name, before + value);
                }
            } else {
                add_paths(here, value, Use::value);
                variables_.assign(assignment.name, std::move(value));
            }
        }
    }

    void redirect(const Here& here, const Redirection& redirection) {
        using Kind = Redirection::Kind;
        if (redirection.kind == Kind::here_document) {
            const Word& body = program_.here_documents[*redirection.body];
            add_paths(here, expander_.texts(body, here.scope).front(), Use::mentioned);
            return;
        }
        for (const std::string& target : expander_.texts(redirection.target, here.scope)) {
            if (redirection.kind == Kind::here_string) {
                add_paths(here, target, Use::mentioned);
            } else if (redirection.kind != Kind::duplicate || target.starts_with('/')) {
                add_path(here, target, redirection.kind == Kind::read ? Use::read : Use::written);
            }
        }
    }

    void loop(const Here& here, const Statement& statement) {
        for (const Word& word : statement.words) {
            for (const Fields& fields : expander_.fields(word, here.scope)) {
                for (const Field& field : fields) {
                    add_paths(here, field.text, Use::argument);
                    variables_.assign(statement.loop_variable, field.text);
                }
            }
        }
    }

    /// The lists of fields that some words may become together: each possibility of each word is
    /// in one of them.
    std::vector<Fields> variants(const std::vector<Word>& words, ScopeId scope) {
        std::vector<std::vector<Fields>> choices;
        std::size_t ways = 1;
        for (const Word& word : words) {
            choices.push_back(expander_.fields(word, scope));
            ways = std::max(ways, choices.back().size());
        }
        std::vector<Fields> lists;
        for (std::size_t i = 0; i < ways; ++i) {
            Fields list;
            for (const std::vector<Fields>& choice : choices) {
                const Fields& fields = choice[i % choice.size()];
                list.insert(list.end(), fields.begin(), fields.end());
            }
            ways = expander_.spend(list.size()) ? ways : 1;
            add_value(lists, std::move(list));
        }
        return lists;
    }

    void run_words(const Here& here, const Statement& statement) {
        const std::vector<Fields> commands = variants(statement.words, here.scope);
        new_parameters_.clear();
        for (const Fields& argv : commands) {
            if (!argv.empty()) {
                run(here, argv);
            } else if (commands.size() == 1 && is_plain_parameter(statement.words.front())) {
                doubt(here, "shell-command-unknown",
                      "runs a command from a variable that nothing sets; name what it runs with "
                      "--entrypoint or --include");
            }
        }
        if (!new_parameters_.empty()) {
            variables_.set_parameters(program_.scopes[here.scope].positional,
                                      std::exchange(new_parameters_, {}), is_sure(here));
        }
    }

    [[nodiscard]] static bool is_plain_parameter(const Word& word) {
        return word.size() == 1 && word.front().kind == Part::Kind::parameter &&
               word.front().operation.empty();
    }

    // ---- commands -------------------------------------------------------------------------

    void run(Here here, const Fields& argv) {
        if (argv.empty() || ++here.depth > deepest_command) {
            return;
        }
        const Field& head = argv.front();
        if (head.from_arguments && (!facts_.runs_arguments || (here.exec && !runs_by_exec_))) {
            facts_.runs_arguments = place(here);
            runs_by_exec_ = here.exec;
        }
        if (!is_known(head.text)) {
            run_unknown(here, argv);
            return;
        }
        if (here.functions) {
            const auto function = functions_.find(head.text);
            if (function != functions_.end() && !head.text.empty()) {
                add_argument_paths(here, argv);
                for (const ScopeId scope : function->second) {
                    reach(here, scope);
                    variables_.call(scope, tail(argv, 1));
                }
                return;
            }
        }
        if (here.builtins && is_builtin(context_.dialect, head.text)) {
            run_builtin(here, argv);
            return;
        }
        if (!is_plausible(head.text)) {
            return;
        }
        add_command(here, argv);
        add_argument_paths(here, argv);
        run_wrapped(here, argv);
    }

    /// False for what no file is called: the text after it isn't a command that can be kept.
    [[nodiscard]] static bool is_plausible(const std::string& name) {
        return !name.empty() && name[0] != '-' && name.size() < 1024 &&
               name.find('\n') == name.npos;
    }

    void run_unknown(const Here& here, const Fields& argv) {
        const std::string& name = argv.front().text;
        add_argument_paths(here, argv);
        if (argv.front().from_arguments) {
            return;
        }
        const std::size_t equals = name.find('=');
        if (equals != name.npos && name.find('/') > equals) {
            return;  // eval "$name=value": an assignment to some variable
        }
        add_path(here, name, Use::argument);
        if (here.functions) {
            reach_matching_functions(here, argv);
        }
        const bool nothing_known = name.size() == 1;
        doubt(here, "shell-command-unknown",
              nothing_known ? "which command it runs depends on what only a run shows"
                            : "runs \"" + shown(name) + "\", of which only this much is known");
    }

    void reach_matching_functions(const Here& here, const Fields& argv) {
        const std::string pattern = shown(argv.front().text);
        if (pattern.size() > 64 || !expander_.spend(functions_.size())) {
            return;
        }
        for (const auto& [name, scopes] : functions_) {
            if (!path::glob_match(pattern, name)) {
                continue;
            }
            for (const ScopeId scope : scopes) {
                reach(here, scope);
                if (pattern != "*") {
                    variables_.call(scope, tail(argv, 1));
                }
            }
        }
    }

    void add_argument_paths(const Here& here, const Fields& argv) {
        for (std::size_t i = 1; i < argv.size(); ++i) {
            add_paths(here, argv[i].text, Use::argument);
        }
    }

    // ---- built-in commands ----------------------------------------------------------------

    void run_builtin(const Here& here, const Fields& argv) {
        using Handler = void (Reader::*)(const Here&, const Fields&);
        struct Entry {
            std::string_view name;
            Handler handler;
        };
        static constexpr std::array<Entry, 26> handlers = {{
            {".", &Reader::run_source},        {"source", &Reader::run_source},
            {"[", &Reader::run_test},          {"[[", &Reader::run_test},
            {"test", &Reader::run_test},       {"eval", &Reader::run_eval},
            {"exec", &Reader::run_exec},       {"command", &Reader::run_command},
            {"builtin", &Reader::run_command}, {"trap", &Reader::run_trap},
            {"set", &Reader::run_set},         {"shift", &Reader::run_shift},
            {"cd", &Reader::run_cd},           {"pushd", &Reader::run_cd},
            {"chdir", &Reader::run_cd},        {"type", &Reader::run_type},
            {"hash", &Reader::run_type},       {"read", &Reader::run_read},
            {"mapfile", &Reader::run_read},    {"readarray", &Reader::run_read},
            {"getopts", &Reader::run_read},    {"printf", &Reader::run_print},
            {"echo", &Reader::run_print},      {"alias", &Reader::run_alias},
            {"unset", &Reader::run_unset},     {"enable", &Reader::run_unset},
        }};
        const auto entry = std::find_if(handlers.begin(), handlers.end(), [&](const Entry& each) {
            return each.name == argv.front().text;
        });
        if (entry != handlers.end()) {
            (this->*entry->handler)(here, argv);
        } else {
            add_argument_paths(here, argv);
        }
    }

    void run_source(const Here& here, const Fields& argv) {
        if (argv.size() < 2) {
            return;
        }
        const std::string& name = argv[1].text;
        add_path(here, name, Use::sourced);
        std::vector<ShellSource> sources;
        if (context_.source) {
            sources = context_.source(shown(name));
        }
        if (sources.empty() && !is_known(name)) {
            doubt(here, "shell-source-unknown",
                  "which file it reads with \".\" depends on what only a run shows");
        }
        const Fields arguments = tail(argv, 2);
        for (const ShellSource& source : sources) {
            auto at = std::find(facts_.files.begin(), facts_.files.end(), source.path);
            if (at == facts_.files.end()) {
                if (facts_.files.size() >= most_texts) {
                    return;
                }
                at = facts_.files.insert(at, source.path);
            }
            run_text("file:" + source.path, without_nul(source.text),
                     static_cast<std::size_t>(at - facts_.files.begin()), here,
                     arguments.empty() ? nullptr : &arguments);
        }
    }

    void run_test(const Here& here, const Fields& argv) {
        static constexpr std::string_view file_operators =
            " -a -b -c -d -e -f -g -h -k -p -r -s -u "
            "-w -x -G -L -N -O -S ";
        for (std::size_t i = 1; i < argv.size(); ++i) {
            if (i + 1 < argv.size() && has_option(file_operators, argv[i].text)) {
                add_path(here, argv[i + 1].text, Use::tested);
                if (argv[i].text == "-x") {
                    add_tested(argv[i + 1]);
                }
                ++i;
            } else {
                add_paths(here, argv[i].text, Use::mentioned);
            }
        }
    }

    void run_eval(const Here& here, const Fields& argv) {
        run_string(here, joined(argv, argv.size() > 1 && argv[1].text == "--" ? 2 : 1));
    }

    /// A text that this shell runs as its own.
    void run_string(const Here& here, const std::string& text) {
        if (!text.empty() && text != unknown_text()) {
            run_text("eval:" + std::to_string(program_.scopes[here.scope].positional) + ":" + text,
                     text, std::nullopt, here, nullptr);
        } else if (!text.empty()) {
            doubt(here, "shell-command-unknown",
                  "runs a text that depends on what only a run shows");
        }
    }

    void run_exec(const Here& here, const Fields& argv) {
        std::size_t i = 1;
        while (i < argv.size() && is_option(argv[i])) {
            i += argv[i].text == "-a" ? 2U : 1U;
        }
        Here inner = here.as_program();
        inner.exec = true;
        run(inner, tail(argv, i));
    }

    void run_command(const Here& here, const Fields& argv) {
        std::size_t i = 1;
        bool asks = false;
        while (i < argv.size() && is_option(argv[i])) {
            asks = asks || argv[i].text.find_first_of("vV") != std::string::npos;
            ++i;
        }
        if (asks) {
            for (; i < argv.size(); ++i) {
                add_tested(argv[i]);
            }
            return;
        }
        Here inner = here;
        inner.functions = false;
        run(inner, tail(argv, i));
    }

    void run_trap(const Here& here, const Fields& argv) {
        std::size_t i = 1;
        while (i < argv.size() && is_option(argv[i])) {
            ++i;
        }
        if (i + 1 < argv.size() && argv[i].text != "-") {
            Here inner = here;
            inner.conditional = true;
            run_string(inner, argv[i].text);
        }
    }

    void run_set(const Here& here, const Fields& argv) {
        add_argument_paths(here, argv);
        std::size_t i = 1;
        while (i < argv.size() && argv[i].text != "--" && argv[i].text != "-" &&
               (is_option(argv[i]) || argv[i].text.starts_with('+'))) {
            i += argv[i].text.ends_with('o') ? 2U : 1U;  // "-o pipefail", "-euo pipefail"
        }
        const bool dashes = i < argv.size() && (argv[i].text == "--" || argv[i].text == "-");
        if (i >= argv.size()) {
            return;
        }
        // A command with several variants comes here several times.
        new_parameters_.push_back(tail(argv, dashes ? i + 1 : i));
    }

    /// Where it is sure that parameters are set: not behind a condition nor in another process.
    [[nodiscard]] bool is_sure(const Here& here) const {
        return !here.conditional && here.scope == program_.scopes[here.scope].positional &&
               !here.statement->subshell && !here.statement->piped && !here.statement->source;
    }

    void run_shift(const Here& here, const Fields& argv) {
        const ScopeId scope = program_.scopes[here.scope].positional;
        const bool one = argv.size() < 2 || argv[1].text == "1";
        const std::size_t count = one ? 1 : argv[1].text == "2" ? 2 : 0;
        if (count == 0) {
            return;
        }
        std::vector<Fields> shifted;
        for (const Fields& fields : variables_.parameters(scope)) {
            const bool open = !fields.empty() && !is_known(fields.back().text);
            if (fields.size() > count) {
                shifted.push_back(tail(fields, count));
            } else if (open) {
                shifted.push_back({fields.back()});
            }
        }
        variables_.set_parameters(scope, std::move(shifted), is_sure(here));
    }

    void run_cd(const Here& here, const Fields& argv) {
        std::size_t i = 1;
        while (i < argv.size() && is_option(argv[i])) {
            ++i;
        }
        if (i >= argv.size() || argv[i].text == "-") {
            return;
        }
        const std::string& target = argv[i].text;
        add_path(here, target, Use::changed_to);
        if (!is_known(target) || target.empty()) {
            variables_.assign("PWD", unknown_text());
            return;
        }
        for (const std::string& from : variables_.values("PWD", "PWD")) {
            if (!is_known(from)) {
                continue;
            }
            std::string folder = path::normalize(path::join(from, target));
            add_value(facts_.folders, folder);
            variables_.assign("PWD", std::move(folder));
        }
    }

    void run_type(const Here&, const Fields& argv) {
        for (std::size_t i = 1; i < argv.size(); ++i) {
            if (!is_option(argv[i])) {
                add_tested(argv[i]);
            }
        }
    }

    /// What comes from outside; of a pipe that find begins it is known what that may be.
    void run_read(const Here& here, const Fields& argv) {
        static constexpr std::string_view valued = " -d -i -n -N -p -t -u -c -C -O -s ";
        const bool is_read = argv.front().text == "read";
        add_argument_paths(here, argv);
        for (std::size_t i = 1; i < argv.size(); ++i) {
            if (is_option(argv[i])) {
                const bool silent = is_read && argv[i].text == "-s";
                i += has_option(valued, argv[i].text) && !silent ? 1U : 0U;
            } else if (is_known(argv[i].text)) {
                const bool from_pipe = is_read && here.statement->source;
                for (std::string& value :
                     from_pipe ? expander_.output(program_.statements[*here.statement->source])
                               : std::vector<std::string>{unknown_text()}) {
                    variables_.assign(argv[i].text, std::move(value));
                }
            }
        }
    }

    void run_print(const Here& here, const Fields& argv) {
        for (std::size_t i = 1; i < argv.size(); ++i) {
            add_paths(here, argv[i].text, Use::mentioned);
        }
        if (argv.front().text == "printf" && argv.size() > 2 && argv[1].text == "-v" &&
            is_known(argv[2].text)) {
            variables_.assign(argv[2].text, unknown_text());
        }
    }

    /// The parser takes "name=text" for an assignment.
    void run_alias(const Here& here, const Fields&) {
        Here inner = here;
        inner.conditional = true;
        for (const Assignment& assignment : here.statement->assignments) {
            for (const Word& word : assignment.values) {
                for (const std::string& text : expander_.texts(word, here.scope)) {
                    run_string(inner, text);
                }
            }
        }
    }

    /// Names only.
    void run_unset(const Here&, const Fields&) {}

    // ---- programs that run programs ---------------------------------------------------------

    void run_wrapped(const Here& here, const Fields& argv) {
        const std::string_view name = path::basename(argv.front().text);
        const Here inner = here.as_program();
        if (name == "find") {
            run_find(inner, argv);
        } else if (name == "which") {
            run_type(here, argv);
        } else if (const Wrapper* wrapper = find_wrapper(name)) {
            run_wrapper(inner, *wrapper, argv);
        } else if (shell_dialect(name)) {
            run_shell(inner, argv);
        }
    }

    void run_find(const Here& here, const Fields& argv) {
        static constexpr std::string_view actions = " -exec -execdir -ok -okdir ";
        for (std::size_t i = 1; i < argv.size(); ++i) {
            if (!has_option(actions, argv[i].text)) {
                continue;
            }
            Fields command;
            for (++i; i < argv.size() && argv[i].text != ";" && argv[i].text != "+"; ++i) {
                command.push_back(argv[i].text == "{}" ? Field{unknown_text(), false} : argv[i]);
            }
            run(here, command);
        }
    }

    void run_wrapper(const Here& here, const Wrapper& wrapper, const Fields& argv) {
        std::size_t i = 1;
        if (!wrapper.subcommand.empty()) {
            if (argv.size() < 2 || argv[1].text != wrapper.subcommand) {
                return;
            }
            i = 2;
        }
        unsigned skip = wrapper.skip;
        bool dashes = false;
        bool only_command_left = false;  // options stand before the words that are skipped
        bool runs_the_rest = !wrapper.script_only;
        Fields command;
        for (; i < argv.size(); ++i) {
            const std::string& text = argv[i].text;
            const std::string_view option = std::string_view(text).substr(0, text.find('='));
            if (text == "--" && !dashes) {
                dashes = true;
                if (wrapper.after_dashes) {
                    skip = 0;
                }
            } else if (is_option(argv[i]) && !dashes && !only_command_left) {
                const bool joined_value = option.size() < text.size();
                if (option == wrapper.script_option && i + 1 < argv.size()) {
                    run_script(here, argv[i + 1].text, {});
                    return;
                }
                if (!wrapper.rest_option.empty() && has_option(wrapper.rest_option, option)) {
                    skip = 0;
                    runs_the_rest = true;
                }
                const bool names_program = has_option(wrapper.program_option, option);
                if (names_program && joined_value) {
                    command = {{text.substr(option.size() + 1), false}};
                } else if (names_program && i + 1 < argv.size()) {
                    command = {argv[++i]};
                } else if (!joined_value && has_option(wrapper.valued, option)) {
                    ++i;
                }
            } else if (text == "-") {
                continue;  // a login shell
            } else if (wrapper.assignments && option.size() < text.size()) {
                assign_environment(here, text);
            } else if (skip > 0) {
                --skip;
                only_command_left = skip == 0 && wrapper.script_option.empty();
            } else if (!dashes && is_options(argv, i)) {
                continue;
            } else if (runs_the_rest && (dashes || !wrapper.after_dashes)) {
                break;
            }
        }
        const Fields rest = tail(argv, i);
        command.insert(command.end(), rest.begin(), rest.end());
        if (wrapper.name == "xargs" && !command.empty()) {
            command.push_back({unknown_text(), false});
        }
        run(here, command);
    }

    /// A word before the command that is nothing but a variable: it holds options.
    [[nodiscard]] static bool is_options(const Fields& argv, std::size_t at) {
        return argv[at].text == unknown_text() && !argv[at].from_arguments && at + 1 < argv.size();
    }

    void assign_environment(const Here& here, const std::string& text) {
        const std::size_t equals = text.find('=');
        const std::string name = text.substr(0, equals);
        if (is_known(name)) {
            add_paths(here, text.substr(equals + 1), Use::value);
            variables_.assign(name, text.substr(equals + 1));
        }
    }

    /// sh [-options] -c text [name argument…], or a script, or standard input.
    void run_shell(const Here& here, const Fields& argv) {
        std::size_t i = 1;
        bool is_text = false;
        for (; i < argv.size() && (is_option(argv[i]) || argv[i].text.starts_with('+')); ++i) {
            const std::string& text = argv[i].text;
            if (text == "--") {
                ++i;
                break;
            }
            const bool short_options = !text.starts_with("--");
            is_text = is_text || (short_options && text.find('c') != text.npos);
            const bool valued = text == "--rcfile" || text == "--init-file" ||
                                (short_options && (text.ends_with('o') || text.ends_with('O')));
            i += valued ? 1U : 0U;
        }
        if (is_text && i < argv.size()) {
            run_script(here, argv[i].text, tail(argv, i + 2));
        } else if (i >= argv.size()) {
            run_here_documents(here);
        }
    }

    /// A text for another shell.
    void run_script(const Here& here, const std::string& text, const Fields& arguments) {
        if (text == unknown_text()) {
            doubt(here, "shell-command-unknown",
                  "gives a shell a text that depends on what only a run shows");
            return;
        }
        Here inner = here;
        inner.functions = true;
        inner.builtins = true;
        run_text("script:" + text, text, std::nullopt, inner, &arguments);
    }

    /// sh <<EOF: the here-document is a script.
    void run_here_documents(const Here& here) {
        if (here.statement == nullptr) {
            return;
        }
        for (const Redirection& redirection : here.statement->redirections) {
            if (redirection.body) {
                const Word& body = program_.here_documents[*redirection.body];
                run_script(here, expander_.texts(body, here.scope).front(), {});
            }
        }
    }

    // ---- the end --------------------------------------------------------------------------

    /// How each scope is reached: along the calls from the script itself.
    [[nodiscard]] std::vector<ShellReach> reaches() const {
        std::vector<ShellReach> reach_of(1, ShellReach::always);
        reach_of.resize(program_.scopes.size(), ShellReach::never);
        std::multimap<ScopeId, std::pair<bool, ScopeId>> calls;
        for (const auto& [from, conditional, to] : calls_) {
            calls.emplace(from, std::pair(conditional, to));
        }
        std::vector<ScopeId> work{0};
        while (!work.empty()) {
            const ScopeId from = work.back();
            work.pop_back();
            const auto [first, last] = calls.equal_range(from);
            for (auto call = first; call != last; ++call) {
                const auto [conditional, to] = call->second;
                const ShellReach now = conditional ? ShellReach::sometimes : reach_of[from];
                if (now > reach_of[to]) {
                    reach_of[to] = now;
                    work.push_back(to);
                }
            }
        }
        return reach_of;
    }

    void finish() {
        const std::vector<ShellReach> reach_of = reaches();
        const auto reach_at = [&](ScopeId scope, bool conditional) {
            return conditional ? std::min(reach_of[scope], ShellReach::sometimes) : reach_of[scope];
        };
        std::set<std::string> told;
        for (auto& found : commands_) {
            ShellCommand& command = found.value;
            command.reach = reach_at(found.scope, found.conditional);
            command.tested = facts_.tested.count(command.name()) > 0;
            std::string key = std::to_string(command.place.file) + ':' +
                              std::to_string(command.place.line) + (command.exec ? "!" : "");
            for (const ShellWord& word : command.argv) {
                key += '\0' + word.text;
            }
            if (told.insert(std::move(key)).second) {
                facts_.commands.push_back(std::move(command));
            }
        }
        std::set<std::tuple<std::string, Use, std::size_t, unsigned>> seen;
        for (auto& found : paths_) {
            ShellPath& path = found.value;
            path.reach = reach_at(found.scope, found.conditional);
            if (seen.emplace(path.path, path.use, path.place.file, path.place.line).second) {
                facts_.paths.push_back(std::move(path));
            }
        }
        finish_unknown(reach_at);
        for (const auto& [name, scopes] : functions_) {
            facts_.functions.push_back(name);
        }
        for (const auto& [name, variable] : variables_.all()) {
            for (const std::string& value : variable.values) {
                if (is_known(value)) {
                    facts_.variables[name].push_back(value);
                }
            }
        }
    }

    template <typename ReachAt>
    void finish_unknown(const ReachAt& reach_at) {
        for (const Problem& problem : program_.problems) {
            facts_.unknown.push_back(
                {Severity::warning, "shell-unparsed", facts_.files[problem.file],
                 "line " + std::to_string(problem.line) + ": can't be parsed: " + problem.message});
        }
        std::set<std::pair<std::string, std::string>> seen;
        for (auto& found : doubts_) {
            if (reach_at(found.scope, found.conditional) == ShellReach::never) {
                found.value.severity = Severity::note;
            }
            if (seen.emplace(found.value.path, found.value.message).second) {
                facts_.unknown.push_back(std::move(found.value));
            }
        }
    }

  private:
    std::string_view text_;
    const ShellContext& context_;
    Program program_;
    ShellFacts facts_;
    Variables variables_;
    Expander expander_;

    std::vector<Unit> units_;
    std::map<std::string, std::size_t> texts_;
    std::map<std::string, std::vector<ScopeId>, std::less<>> functions_;
    std::size_t bytes_ = 0;
    unsigned round_ = 0;
    bool runs_by_exec_ = false;

    std::vector<Fields> new_parameters_;  ///< of the `set` that is being looked at
    std::vector<Found<ShellCommand>> commands_;
    std::vector<Found<ShellPath>> paths_;
    std::vector<Found<Diagnostic>> doubts_;
    struct Call {
        ScopeId from;
        bool conditional;
        ScopeId to;
    };
    std::vector<Call> calls_;
};

}  // namespace
}  // namespace shell

ShellFacts read_shell(std::string_view text, const ShellContext& context) {
    constexpr std::size_t longest_script = 4U << 20;
    const std::string clean = shell::without_nul(text.substr(0, longest_script));
    ShellFacts facts = shell::Reader(clean, context).read();
    if (text.size() > longest_script) {
        facts.unknown.push_back({Severity::warning, "shell-too-long", context.path,
                                 "only its first 4 MiB are read as a script"});
    }
    return facts;
}

}  // namespace slimimg::closure
