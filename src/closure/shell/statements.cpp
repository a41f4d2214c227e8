#include <algorithm>
#include <utility>

#include "slimimg/closure/first_line.hpp"

#include "closure/shell/reader.hpp"
#include "closure/shell/text.hpp"

namespace slimimg::closure::shell {
namespace {

/// The word is made of the variable's own value, among others.
bool mentions(const Word& word, std::string_view variable) {
    return std::any_of(word.begin(), word.end(), [&](const Part& part) {
        return (part.kind == Part::Kind::parameter && part.text == variable) ||
               std::any_of(part.operands.begin(), part.operands.end(),
                           [&](const Word& operand) { return mentions(operand, variable); });
    });
}

}  // namespace

void Reader::run_statement(StatementId id, unsigned depth) {
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

void Reader::assign(const Here& here, const Assignment& assignment) {
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
    const bool derived = mentions(word, assignment.name);
    for (std::string& value : expander_.texts(word, here.scope, assignment.name)) {
        if (assignment.append) {
            for (const std::string& before : variables_.values(assignment.name, assignment.name)) {
                variables_.assign(assignment.name, before + value, true);
            }
        } else {
            add_paths(here, value, Use::value);
            variables_.assign(assignment.name, std::move(value), derived);
        }
    }
}

void Reader::redirect(const Here& here, const Redirection& redirection) {
    using Kind = Redirection::Kind;
    if (redirection.kind == Kind::here_document) {
        const Word& body = program_.here_documents[*redirection.body];
        const std::string text = expander_.texts(body, here.scope).front();
        add_paths(here, text, Use::mentioned);
        run_cron_lines(here, text);
        // cat > /usr/local/bin/tool <<END: a script that this one writes is there to be run.
        const auto words = first_line(text).words;
        if (std::any_of(words.begin(), words.end(),
                        [](std::string_view word) { return shell_dialect(word).has_value(); })) {
            run_script(here.as_program(), text, {});
        }
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

void Reader::loop(const Here& here, const Statement& statement) {
    for (const Word& word : statement.words) {
        for (const Fields& fields : expander_.fields(word, here.scope)) {
            for (const Field& field : fields) {
                add_paths(here, field.text, Use::argument);
                variables_.assign(statement.loop_variable, field.text);
            }
        }
    }
}

std::vector<Fields> Reader::variants(const std::vector<Word>& words, ScopeId scope) {
    std::vector<std::vector<Fields>> choices;
    std::size_t ways = 1;
    for (const Word& word : words) {
        choices.push_back(expander_.fields(word, scope));
        ways = std::max(ways, choices.back().size());
    }
    Lists lists;
    for (std::size_t i = 0; i < ways; ++i) {
        Fields list;
        for (const std::vector<Fields>& choice : choices) {
            const Fields& fields = choice[i % choice.size()];
            list.insert(list.end(), fields.begin(), fields.end());
        }
        ways = expander_.spend(list.size()) ? ways : 1;
        lists.add(std::move(list));
    }
    return lists.take();
}

void Reader::run_words(const Here& here, const Statement& statement) {
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

bool Reader::is_plain_parameter(const Word& word) {
    return word.size() == 1 && word.front().kind == Part::Kind::parameter &&
           word.front().operation.empty();
}

}  // namespace slimimg::closure::shell
