#include <algorithm>
#include <array>
#include <utility>

#include "slimimg/base/one_of.hpp"

#include "closure/shell/parser.hpp"

namespace slimimg::closure::shell {
namespace {

constexpr std::size_t longest_subscript = 256;

bool declares(const Statement& statement) {
    static constexpr std::array<std::string_view, 6> names = {"export",  "readonly", "local",
                                                              "declare", "typeset",  "alias"};
    if (statement.words.empty()) {
        return false;
    }
    const auto name = literal(statement.words.front());
    return name && is_one_of(*name, names);
}

}  // namespace

void Parser::parse_list() {
    while (true) {
        skip_separators();
        if (at_end() || at_closing()) {
            return;
        }
        parse_and_or();
    }
}

void Parser::parse_until(std::string_view close) {
    while (true) {
        parse_list();
        const bool closed = close == ")" ? looking_at(close) : looking_at_word(close);
        if (closed) {
            advance(close.size());
            return;
        }
        if (at_end() || close != ")") {
            break;
        }
        problem("\"" + std::string(close) + "\" is missing");
        skip_closing();
    }
    problem("\"" + std::string(close) + "\" is missing");
}

void Parser::parse_and_or() {
    unsigned count = 0;
    parse_pipeline();
    while (true) {
        skip_blanks();
        if (!take("&&") && !take("||")) {
            break;
        }
        skip_newlines();
        ++conditional_;
        ++count;
        parse_pipeline();
    }
    conditional_ -= count;
}

void Parser::parse_pipeline() {
    skip_blanks();
    while (true) {
        if (take_word("!")) {
            skip_blanks();
        } else if (bash_ && take_word("time")) {
            skip_blanks();
            if (take_word("-p")) {
                skip_blanks();
            }
        } else {
            break;
        }
    }
    const std::optional<StatementId> outer_source = source_;
    std::size_t first = program_.statements.size();
    parse_command();
    bool begins = true;
    while (true) {
        skip_blanks();
        if (peek() != '|' || peek(1) == '|' || at_end()) {
            break;
        }
        advance(peek(1) == '&' ? 2 : 1);
        for (std::size_t i = first; i < program_.statements.size(); ++i) {
            program_.statements[i].piped = true;
        }
        if (std::exchange(begins, false) && program_.statements.size() > first) {
            source_ = program_.statements.size() - 1;
        }
        first = program_.statements.size();
        skip_newlines();
        parse_command();
    }
    source_ = outer_source;
}

void Parser::parse_command() {
    const Nesting nesting(*this);
    skip_blanks();
    const std::size_t start = pos_;
    if (at_end() || parse_compound() || parse_simple() || pos_ != start) {
        return;
    }
    problem("\"" + std::string(1, peek()) + "\" stands where a command is expected");
    if (!at_closing()) {
        advance();
    }
}

bool Parser::parse_compound() {
    if (peek() == '(') {
        parse_parentheses();
    } else if (take_word("{")) {
        parse_until("}");
    } else if (take_word("if")) {
        parse_if();
    } else if (take_word("while") || take_word("until")) {
        parse_list();
        parse_body();
    } else if (take_word("for") || take_word("select")) {
        parse_for();
    } else if (take_word("case")) {
        parse_case();
    } else if (take_word("[[")) {
        parse_test();
    } else if (take_word("function")) {
        skip_blanks();
        const std::string name = take_function_name();
        skip_blanks();
        if (take("(")) {
            skip_blanks();
            take(")");
        }
        parse_function(name);
        return true;
    } else if (bash_ && take_word("coproc")) {
        parse_command();
        return true;
    } else {
        return false;
    }
    parse_trailing_redirections();
    return true;
}

void Parser::parse_trailing_redirections() {
    Statement statement = new_statement();
    skip_blanks();
    while (parse_redirection(statement)) {
        skip_blanks();
    }
    if (!statement.redirections.empty()) {
        add(std::move(statement));
    }
}

void Parser::parse_parentheses() {
    if (bash_ && looking_at("((")) {
        if (const auto close = arithmetic_end(pos_ + 2)) {
            advance(2);
            parse_arithmetic(*close);
            return;
        }
    }
    advance();
    const bool outer = std::exchange(subshell_, true);
    parse_until(")");
    subshell_ = outer;
}

void Parser::parse_if() {
    unsigned conditions = 0;
    parse_list();
    while (true) {
        ++conditional_;
        ++conditions;
        if (!take_word("then")) {
            problem("\"then\" is missing");
            break;
        }
        parse_list();
        if (take_word("elif")) {
            parse_list();
            continue;
        }
        if (take_word("else")) {
            parse_list();
        }
        if (!take_word("fi")) {
            problem("\"fi\" is missing");
        }
        break;
    }
    conditional_ -= conditions;
}

void Parser::parse_body() {
    ++conditional_;
    skip_separators();
    if (take_word("do")) {
        parse_until("done");
    } else if (take_word("{")) {
        parse_until("}");
    } else {
        problem("\"do\" is missing");
    }
    --conditional_;
}

void Parser::parse_for() {
    skip_blanks();
    if (looking_at("((")) {
        if (const auto close = arithmetic_end(pos_ + 2)) {
            advance(2);
            parse_arithmetic(*close);
        }
        parse_body();
        return;
    }
    Statement statement = new_statement();
    statement.loop_variable = take_name();
    skip_newlines();
    if (take_word("in")) {
        skip_blanks();
        while (!at_end() && !is_list_end()) {
            statement.words.push_back(parse_progressing_word());
            skip_blanks();
        }
    } else {
        Part arguments;
        arguments.kind = Part::Kind::parameter;
        arguments.quoted = true;
        arguments.text = "@";
        statement.words.push_back({arguments});
    }
    add(std::move(statement));
    parse_body();
}

bool Parser::is_list_end() const {
    return peek() == '\n' || peek() == ';' || peek() == '&' || peek() == '|' || peek() == ')';
}

void Parser::parse_case() {
    skip_blanks();
    parse_word();
    skip_newlines();
    if (!take_word("in")) {
        problem("\"in\" is missing");
    }
    ++conditional_;
    while (true) {
        skip_newlines();
        if (at_end()) {
            problem("\"esac\" is missing");
            break;
        }
        if (take_word("esac")) {
            break;
        }
        const std::size_t start = pos_;
        parse_case_item();
        if (pos_ == start) {
            problem("\"esac\" is missing");
            break;
        }
    }
    --conditional_;
}

void Parser::parse_case_item() {
    take("(");
    while (true) {
        skip_newlines();
        parse_word();
        skip_newlines();
        if (!take("|")) {
            break;
        }
    }
    if (!take(")")) {
        problem("\")\" is missing after a pattern");
    }
    parse_list();
    if (!take(";;&") && !take(";;") && !take(";&") && !looking_at_word("esac")) {
        problem("\";;\" is missing");
    }
}

void Parser::parse_test() {
    Statement statement = new_statement();
    append_text(statement.words.emplace_back(), "[[", false);
    while (true) {
        skip_newlines();
        if (at_end()) {
            problem("\"]]\" is missing");
            break;
        }
        if (take_word("]]")) {
            break;
        }
        if (take("=~")) {
            skip_blanks();
            statement.words.push_back(parse_regex());
            continue;
        }
        if (is_meta(peek()) && !looking_at("<(")) {
            if (peek() == ';') {
                problem("\"]]\" is missing");
                break;
            }
            advance();
            continue;
        }
        statement.words.push_back(parse_progressing_word());
    }
    add(std::move(statement));
}

Word Parser::parse_regex() {
    Word word;
    unsigned open = 0;
    while (!at_end()) {
        const char c = peek();
        if (c == '(') {
            ++open;
        } else if (c == ')') {
            if (open == 0) {
                break;
            }
            --open;
        }
        if (c == '\n' || ((c == ' ' || c == '\t') && open == 0)) {
            break;
        }
        if (is_meta(c)) {
            append_text(word, std::string_view(&c, 1), false);
            advance();
        } else {
            parse_piece(word);
        }
    }
    return word;
}

std::string Parser::take_name() {
    std::string name;
    while (!at_end() && is_name(peek())) {
        name += peek();
        advance();
    }
    return name;
}

std::string Parser::take_function_name() {
    std::string name;
    while (!at_end() && !is_meta(peek())) {
        name += peek();
        advance();
    }
    return name;
}

void Parser::parse_function(const std::string& name) {
    Scope scope;
    scope.function = name;
    scope.is_function = true;
    scope.file = program_.scopes[scope_].file;
    scope.positional = program_.scopes.size();
    program_.scopes.push_back(scope);
    const ScopeId outer_scope = std::exchange(scope_, scope.positional);
    const unsigned outer_conditional = std::exchange(conditional_, 0);
    std::vector<StatementId>* const outer_body = std::exchange(body_, nullptr);
    const bool outer_subshell = std::exchange(subshell_, false);
    skip_newlines();
    parse_command();
    scope_ = outer_scope;
    conditional_ = outer_conditional;
    subshell_ = outer_subshell;
    body_ = outer_body;
}

Statement Parser::new_statement() const {
    Statement statement;
    statement.line = line_;
    statement.scope = scope_;
    statement.conditional = conditional_ > 0;
    statement.source = source_;
    statement.subshell = subshell_;
    return statement;
}

void Parser::add(Statement statement) {
    const StatementId id = program_.statements.size();
    program_.statements.push_back(std::move(statement));
    if (body_ != nullptr) {
        body_->push_back(id);
    }
}

bool Parser::parse_simple() {
    Statement statement = new_statement();
    while (true) {
        skip_blanks();
        if (at_end()) {
            break;
        }
        if (parse_redirection(statement)) {
            continue;
        }
        const char c = peek();
        if (c == '(') {
            const auto name = statement.words.size() == 1 && statement.assignments.empty()
                                  ? literal(statement.words.front())
                                  : std::nullopt;
            if (!name) {
                break;
            }
            advance();
            skip_blanks();
            if (!take(")")) {
                problem("\")\" is missing after a function's name");
            }
            parse_function(*name);
            return true;
        }
        if (is_meta(c) && !looking_at("<(") && !looking_at(">(")) {
            break;
        }
        const bool may_assign = statement.words.empty() || declares(statement);
        if (may_assign && parse_assignment(statement)) {
            continue;
        }
        statement.words.push_back(parse_progressing_word());
    }
    const bool found = !statement.words.empty() || !statement.assignments.empty() ||
                       !statement.redirections.empty();
    if (found) {
        add(std::move(statement));
        if (nesting_ == 1) {
            top_command_ = program_.statements.size() - 1;
        }
    }
    return found;
}

bool Parser::ends_script() const {
    if (!top_command_ || *top_command_ + 1 != program_.statements.size() || peek() == '&') {
        return false;
    }
    const Statement& last = program_.statements.back();
    if (last.conditional || last.words.empty()) {
        return false;
    }
    const auto name = literal(last.words.front());
    return name == "exit" || name == "return" || (name == "exec" && last.words.size() > 1);
}

bool Parser::parse_assignment(Statement& statement) {
    if (!is_name_start(peek())) {
        return false;
    }
    std::size_t at = 1;
    while (is_name(peek(at))) {
        ++at;
    }
    const std::size_t name_length = at;
    const bool element = peek(at) == '[';
    if (element) {
        const std::size_t close = subscript_end(at);
        if (close == 0) {
            return false;
        }
        at = close + 1;
    }
    const bool append = peek(at) == '+';
    at += append ? 1 : 0;
    if (peek(at) != '=' || pos_ + at >= end_) {
        return false;
    }
    Assignment assignment;
    assignment.name = text_.substr(pos_, name_length);
    assignment.append = append || element;
    assignment.array = element;
    if (element) {
        advance(name_length + 1);
        parse_operand("]", false);
        take("]");
        take("+");
        take("=");
    } else {
        advance(at + 1);
    }
    if (!element && peek() == '(') {
        assignment.array = true;
        parse_array(assignment);
    } else {
        assignment.values.push_back(parse_word());
    }
    statement.assignments.push_back(std::move(assignment));
    return true;
}

std::size_t Parser::subscript_end(std::size_t at) const {
    unsigned open = 0;
    for (const std::size_t limit = at + longest_subscript; at < limit; ++at) {
        if (pos_ + at >= end_ || peek(at) == '\n') {
            return 0;
        }
        if (peek(at) == '[') {
            ++open;
        } else if (peek(at) == ']' && --open == 0) {
            return at;
        }
    }
    return 0;
}

void Parser::parse_array(Assignment& assignment) {
    advance();
    while (true) {
        skip_newlines();
        if (at_end()) {
            problem("\")\" is missing after an array's elements");
            return;
        }
        if (take(")")) {
            return;
        }
        if (peek() == '[') {  // [key]=value
            if (const std::size_t close = subscript_end(0);
                close > 0 && (peek(close + 1) == '=' || peek(close + 1) == '+')) {
                advance();
                parse_operand("]", false);
                take("]");
                take("+");
                take("=");
                assignment.values.push_back(parse_word());
                continue;
            }
        }
        if (is_meta(peek()) && !looking_at("<(")) {
            problem("\"" + std::string(1, peek()) + "\" stands in an array");
            advance();
            continue;
        }
        assignment.values.push_back(parse_progressing_word());
    }
}

std::size_t Parser::descriptor_length() const {
    std::size_t at = 0;
    if (peek() == '{') {
        at = 1;
        while (at < 64 && is_name(peek(at))) {
            ++at;
        }
        return at > 1 && peek(at) == '}' ? at + 1 : 0;
    }
    while (at < 16 && is_digit(peek(at))) {
        ++at;
    }
    return at;
}

bool Parser::parse_redirection(Statement& statement) {
    if (at_end()) {
        return false;
    }
    const std::size_t descriptor = descriptor_length();
    const char c = peek(descriptor);
    const bool both = descriptor == 0 && looking_at("&>");
    if (!both && ((c != '<' && c != '>') || pos_ + descriptor >= end_)) {
        return false;
    }
    if (descriptor == 0 && (looking_at("<(") || looking_at(">("))) {
        return false;
    }
    Redirection redirection;
    redirection.of_output = both || (c == '>' && (descriptor == 0 || looking_at("1>")));
    advance(descriptor);
    if (take("<<<")) {
        redirection.kind = Redirection::Kind::here_string;
    } else if (looking_at("<<")) {
        advance(2);
        redirection.kind = Redirection::Kind::here_document;
        const bool strip_tabs = take("-");
        add_here_document(redirection, strip_tabs);
        statement.redirections.push_back(std::move(redirection));
        return true;
    } else if (take("&>>") || take("&>") || take(">>") || take(">|")) {
        redirection.kind = Redirection::Kind::write;
    } else if (take("<&") || take(">&")) {
        // ">& file" writes both outputs to a file.
        redirection.kind = Redirection::Kind::duplicate;
    } else if (take("<>") || take("<")) {
        redirection.kind = Redirection::Kind::read;
    } else {
        take(">");
        redirection.kind = Redirection::Kind::write;
    }
    skip_blanks();
    redirection.target = parse_word();
    if (redirection.target.empty()) {
        problem("a redirection leads nowhere");
    }
    statement.redirections.push_back(std::move(redirection));
    return true;
}

}  // namespace slimimg::closure::shell
