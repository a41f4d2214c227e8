#include "closure/shell/reader.hpp"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

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
        case Use::started:
            return "started";
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

constexpr unsigned most_rounds = 6;
constexpr std::size_t most_text_bytes = 8U << 20;  ///< of all texts together

ShellReach reach_at(const std::vector<ShellReach>& reach_of, ScopeId scope, bool conditional) {
    return conditional ? std::min(reach_of[scope], ShellReach::sometimes) : reach_of[scope];
}

}  // namespace

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

std::string without_nul(std::string_view text) {
    std::string clean(text);
    std::erase(clean, unknown);
    return clean;
}

ShellFacts Reader::read() {
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

std::size_t Reader::parse_unit(std::string_view text, ScopeId scope, unsigned line) {
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
        functions_[program_.scopes[id].function].add(id, most_combined);
    }
    bytes_ += text.size();
    units_.push_back(unit);
    return units_.size() - 1;
}

void Reader::run_text(const std::string& key, std::string_view text,
                      std::optional<std::size_t> file, const Here& here, const Fields* arguments) {
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
        variables_.call(scope, facts_.files[program_.scopes[scope].file], *arguments);
    }
    reach(here, scope);
    run_unit(index, here);
}

void Reader::run_files(const Here& here, std::span<const ShellSource> files,
                       const Fields* arguments) {
    for (const ShellSource& file : files) {
        auto at = std::find(facts_.files.begin(), facts_.files.end(), file.path);
        if (at == facts_.files.end()) {
            if (facts_.files.size() >= most_texts) {
                return;
            }
            at = facts_.files.insert(at, file.path);
        }
        const std::string key = "file:" + file.path;
        const bool known = texts_.contains(key);
        run_text(key, known ? std::string() : without_nul(file.text),
                 static_cast<std::size_t>(at - facts_.files.begin()), here, arguments);
    }
}

void Reader::run_unit(std::size_t index, const Here& caller) {
    if (units_[index].round == round_ || caller.depth > deepest_command) {
        return;
    }
    units_[index].round = round_;
    const Unit unit = units_[index];
    for (StatementId id = unit.first; id < unit.last; ++id) {
        run_statement(id, caller.depth);
    }
}

void Reader::begin_round(unsigned round) {
    round_ = round;
    commands_.clear();
    code_.clear();
    paths_.clear();
    doubts_.clear();
    calls_.clear();
    expander_.begin_round();
    facts_.tested.clear();
    folders_ = {};
    facts_.runs_arguments.reset();
    runs_by_exec_ = false;
}

ShellPlace Reader::place(const Here& here) const {
    return {program_.scopes[here.scope].file, here.line};
}

void Reader::doubt(const Here& here, std::string_view code, const std::string& what) {
    if (doubts_.size() < most_results) {
        Diagnostic diagnostic{Severity::warning, std::string(code),
                              facts_.files[program_.scopes[here.scope].file],
                              "line " + std::to_string(here.line) + ": " + what, true};
        doubts_.push_back({std::move(diagnostic), here.scope, here.conditional});
    }
}

void Reader::add_path(const Here& here, std::string_view text, Use use) {
    const bool plainly_a_file =
        use == Use::sourced || use == Use::read || use == Use::written || use == Use::tested;
    std::string path = shown(text);
    if (path.empty() || path == "/" || path == "." || path == "*" || path.size() > 4096 ||
        path.starts_with("/*") || path.find('\n') != path.npos || paths_.size() >= most_results) {
        return;
    }
    if (!path.starts_with('/') && (!plainly_a_file || !is_known(text))) {
        return;
    }
    paths_.push_back({{std::move(path), use, place(here), {}}, here.scope, here.conditional});
}

void Reader::add_program(const Here& here, const std::string& name) {
    if (paths_.size() < most_results) {
        paths_.push_back(
            {{"*/" + name, Use::started, place(here), {}}, here.scope, here.conditional});
    }
}

void Reader::add_paths(const Here& here, std::string_view text, Use use) {
    find_paths(text, [&](std::string_view path, bool whole) {
        add_path(here, path, whole ? use : Use::mentioned);
    });
}

void Reader::add_command(const Here& here, const Fields& argv) {
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

void Reader::reach(const Here& from, ScopeId to) {
    calls_.push_back({from.scope, from.conditional, to});
}

void Reader::add_tested(const Field& field) {
    if (is_known(field.text) && !is_option(field)) {
        facts_.tested.insert(field.text);
    }
}

std::vector<ShellReach> Reader::reaches() const {
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

void Reader::finish() {
    const std::vector<ShellReach> reach_of = reaches();
    finish_commands(reach_of);
    finish_code(reach_of);
    finish_paths(reach_of);
    finish_unknown(reach_of);
    for (const auto& [name, scopes] : functions_) {
        facts_.functions.push_back(name);
    }
    facts_.folders = folders_.take();
    for (const auto& [name, variable] : variables_.all()) {
        for (const std::string& value : variable.values.all()) {
            if (is_known(value)) {
                facts_.variables[name].push_back(value);
            }
        }
    }
}

void Reader::finish_commands(const std::vector<ShellReach>& reach_of) {
    std::set<std::string> told;
    for (Found<ShellCommand>& found : commands_) {
        ShellCommand& command = found.value;
        command.reach = reach_at(reach_of, found.scope, found.conditional);
        command.tested = facts_.tested.count(command.name()) > 0;
        std::string key = std::to_string(command.place.file) + ':' +
                          std::to_string(command.place.line) + (command.exec ? "!" : "");
        for (const ShellWord& word : command.argv) {
            key += unknown + word.text;
        }
        if (told.insert(std::move(key)).second) {
            facts_.commands.push_back(std::move(command));
        }
    }
}

void Reader::finish_code(const std::vector<ShellReach>& reach_of) {
    std::set<std::string> told;
    for (Found<ShellCode>& found : code_) {
        found.value.reach = reach_at(reach_of, found.scope, found.conditional);
        if (told.insert(found.value.program + unknown + found.value.text).second) {
            facts_.code.push_back(std::move(found.value));
        }
    }
}

void Reader::finish_paths(const std::vector<ShellReach>& reach_of) {
    std::set<std::tuple<std::string, Use, std::size_t, unsigned>> told;
    for (Found<ShellPath>& found : paths_) {
        ShellPath& path = found.value;
        path.reach = reach_at(reach_of, found.scope, found.conditional);
        if (told.emplace(path.path, path.use, path.place.file, path.place.line).second) {
            facts_.paths.push_back(std::move(path));
        }
    }
}

void Reader::finish_unknown(const std::vector<ShellReach>& reach_of) {
    for (const Problem& problem : program_.problems) {
        facts_.unknown.push_back(
            {Severity::warning, "shell-unparsed", facts_.files[problem.file],
             "line " + std::to_string(problem.line) + ": can't be parsed: " + problem.message,
             true});
    }
    if (expander_.is_spent()) {
        facts_.unknown.push_back({Severity::warning, "shell-too-long", context_.path,
                                  "has more combinations of values than are followed: what comes "
                                  "from variables is told of in part only",
                                  true});
    }
    for (const std::string& name : variables_.overflowed()) {
        facts_.unknown.push_back({Severity::warning, "shell-too-long", context_.path,
                                  name + " gets more than " + std::to_string(most_values) +
                                      " different values: those beyond are not followed",
                                  true});
    }
    std::set<std::pair<std::string, std::string>> told;
    for (Found<Diagnostic>& found : doubts_) {
        if (reach_at(reach_of, found.scope, found.conditional) == ShellReach::never) {
            found.value.severity = Severity::note;
        }
        if (told.emplace(found.value.path, found.value.message).second) {
            facts_.unknown.push_back(std::move(found.value));
        }
    }
}

}  // namespace shell

ShellFacts read_shell(std::string_view text, const ShellContext& context) {
    constexpr std::size_t longest_script = 4U << 20;
    const std::string clean = shell::without_nul(text.substr(0, longest_script));
    ShellFacts facts = shell::Reader(clean, context).read();
    if (text.size() > longest_script) {
        facts.unknown.push_back({Severity::warning, "shell-too-long", context.path,
                                 "only its first 4 MiB are read as a script", true});
    }
    return facts;
}

}  // namespace slimimg::closure
