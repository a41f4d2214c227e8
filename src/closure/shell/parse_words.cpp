#include <array>
#include <cstdint>
#include <utility>

#include "closure/shell/parser.hpp"

namespace slimimg::closure::shell {

std::optional<std::string> literal(const Word& word) {
    std::string text;
    for (const Part& part : word) {
        if (part.kind != Part::Kind::text) {
            return std::nullopt;
        }
        text += part.text;
    }
    return text;
}

void Parser::append_text(Word& word, std::string_view text, bool quoted) {
    if (word.empty() || word.back().kind != Part::Kind::text || word.back().quoted != quoted) {
        word.emplace_back().quoted = quoted;
    }
    word.back().text += text;
}

void Parser::take_text(Word& word, bool quoted) {
    append_text(word, text_.substr(pos_, 1), quoted);
    advance();
}

Word Parser::parse_word() {
    Word word;
    while (!at_end()) {
        if (looking_at("<(") || looking_at(">(")) {
            parse_process(word);
        } else if (is_meta(peek())) {
            break;
        } else {
            parse_piece(word);
        }
    }
    return word;
}

Word Parser::parse_progressing_word() {
    const std::size_t start = pos_;
    Word word = parse_word();
    if (pos_ == start && !at_end()) {
        problem("\"" + std::string(1, peek()) + "\" stands where a word is expected");
        advance();
    }
    return word;
}

void Parser::parse_piece(Word& word) {
    const char c = peek();
    if (c == '\\') {
        advance();
        if (at_end()) {
            append_text(word, "\\", true);
        } else if (peek() == '\n') {
            advance();
        } else {
            take_text(word, true);
        }
    } else if (c == '\'') {
        parse_single_quoted(word);
    } else if (c == '"') {
        parse_double_quoted(word);
    } else if (c == '$') {
        parse_dollar(word, false);
    } else if (c == '`') {
        parse_backquoted(word, false);
    } else if ((c == '?' || c == '*' || c == '+' || c == '@' || c == '!') && peek(1) == '(') {
        parse_extended_pattern(word);
    } else {
        take_text(word, false);
    }
}

void Parser::parse_single_quoted(Word& word) {
    const std::size_t close = text_.find('\'', pos_ + 1);
    if (close == std::string_view::npos || close >= end_) {
        problem("a single quote is not closed");
        append_text(word, {}, true);
        advance(end_ - pos_);
        return;
    }
    append_text(word, text_.substr(pos_ + 1, close - pos_ - 1), true);
    advance(close + 1 - pos_);
}

void Parser::parse_double_quoted(Word& word) {
    const unsigned first_line = line_;
    advance();
    append_text(word, {}, true);
    while (!at_end() && peek() != '"') {
        parse_quoted_piece(word, true);
    }
    if (at_end() && !stopped_) {
        problem("the double quote of line " + std::to_string(first_line) + " is not closed");
    }
    advance();
}

Word Parser::parse_quoted() {
    Word word;
    while (!at_end()) {
        parse_quoted_piece(word, false);
    }
    return word;
}

void Parser::parse_quoted_piece(Word& word, bool in_quotes) {
    const char c = peek();
    if (c == '\\') {
        const char next = peek(1);
        if (next == '\n' && pos_ + 1 < end_) {
            advance(2);
            return;
        }
        if (next == '$' || next == '`' || next == '\\' || (next == '"' && in_quotes)) {
            advance();
        }
        take_text(word, true);
    } else if (c == '$') {
        parse_dollar(word, true);
    } else if (c == '`') {
        parse_backquoted(word, true);
    } else {
        take_text(word, true);
    }
}

void Parser::parse_extended_pattern(Word& word) {
    const Nesting nesting(*this);
    advance(2);
    append_text(word, "*", false);
    Word alternatives;
    unsigned open = 1;
    while (!at_end() && open > 0) {
        const char c = peek();
        if (c == '(') {
            ++open;
            advance();
        } else if (c == ')') {
            --open;
            advance();
        } else if (is_meta(c)) {
            advance();
        } else {
            parse_piece(alternatives);
        }
    }
}

void Parser::parse_escaped(Word& word) {
    advance(2);
    std::string text;
    while (!at_end() && peek() != '\'') {
        if (peek() == '\\') {
            advance();
            take_escape(text);
        } else {
            text += peek();
            advance();
        }
    }
    if (at_end()) {
        problem("a single quote is not closed");
    }
    advance();
    append_text(word, text, true);
}

void Parser::take_escape(std::string& text) {
    static constexpr std::string_view letters = "abefnrtvE";
    static constexpr std::string_view values = "\a\b\033\f\n\r\t\v\033";
    const char c = peek();
    advance();
    if (const std::size_t at = letters.find(c); at != letters.npos) {
        text += values[at];
    } else if (c == 'x' || c == 'u' || c == 'U') {
        append_code_point(text, take_number(16, c == 'x' ? 2 : c == 'u' ? 4 : 8), c == 'x');
    } else if (c >= '0' && c <= '7') {
        --pos_;
        append_code_point(text, take_number(8, 3), true);
    } else if (c == 'c') {
        text += static_cast<char>(peek() & 0x1f);
        advance();
    } else {
        text += c;
    }
}

std::uint32_t Parser::take_number(unsigned base, unsigned digits) {
    std::uint32_t value = 0;
    for (; digits > 0; --digits) {
        const char c = peek();
        const char lower = static_cast<char>(c | 0x20);
        unsigned digit = 16;
        if (is_digit(c)) {
            digit = static_cast<unsigned>(c - '0');
        } else if (lower >= 'a' && lower <= 'f') {
            digit = static_cast<unsigned>(lower - 'a') + 10;
        }
        if (digit >= base) {
            break;
        }
        value = value * base + digit;
        advance();
    }
    return value;
}

void Parser::append_code_point(std::string& text, std::uint32_t value, bool is_byte) {
    if (value == 0) {
        return;  // ends the string in bash, and no path has it
    }
    if (is_byte || value < 0x80) {
        text += static_cast<char>(value);
    } else if (value < 0x800) {
        text += static_cast<char>(0xC0 | (value >> 6));
        text += static_cast<char>(0x80 | (value & 0x3F));
    } else if (value < 0x10000) {
        text += static_cast<char>(0xE0 | (value >> 12));
        text += static_cast<char>(0x80 | ((value >> 6) & 0x3F));
        text += static_cast<char>(0x80 | (value & 0x3F));
    } else {
        text += static_cast<char>(0xF0 | ((value >> 18) & 0x07));
        text += static_cast<char>(0x80 | ((value >> 12) & 0x3F));
        text += static_cast<char>(0x80 | ((value >> 6) & 0x3F));
        text += static_cast<char>(0x80 | (value & 0x3F));
    }
}

void Parser::parse_dollar(Word& word, bool quoted) {
    static constexpr std::string_view special = "@*#?-$!0123456789";
    const char next = peek(1);
    if (pos_ + 1 >= end_) {
        take_text(word, quoted);
    } else if (next == '(') {
        parse_dollar_parenthesis(word, quoted);
    } else if (next == '{') {
        parse_braced(word, quoted);
    } else if (next == '[' && bash_) {
        advance(2);
        parse_operand("]", true);
        advance();
        add_part(word, Part::Kind::arithmetic, quoted);
    } else if (next == '\'' && !quoted) {
        parse_escaped(word);
    } else if (next == '"' && !quoted) {
        advance();
        parse_double_quoted(word);
    } else if (is_name_start(next)) {
        advance();
        add_part(word, Part::Kind::parameter, quoted).text = take_name();
    } else if (special.find(next) != special.npos) {
        add_part(word, Part::Kind::parameter, quoted).text = next;
        advance(2);
    } else {
        take_text(word, quoted);
    }
}

Part& Parser::add_part(Word& word, Part::Kind kind, bool quoted) {
    Part& part = word.emplace_back();
    part.kind = kind;
    part.quoted = quoted;
    return part;
}

void Parser::parse_dollar_parenthesis(Word& word, bool quoted) {
    if (looking_at("$((")) {
        if (const auto close = arithmetic_end(pos_ + 3)) {
            advance(3);
            parse_arithmetic(*close);
            add_part(word, Part::Kind::arithmetic, quoted);
            return;
        }
    }
    advance(2);
    Part& part = add_part(word, Part::Kind::command, quoted);
    parse_substitution(part);
}

void Parser::parse_substitution(Part& part) {
    const Nesting nesting(*this);
    std::vector<StatementId> body;
    std::vector<StatementId>* const outer = std::exchange(body_, &body);
    const bool outer_subshell = std::exchange(subshell_, true);
    parse_until(")");
    subshell_ = outer_subshell;
    body_ = outer;
    part.body = std::move(body);
}

void Parser::parse_process(Word& word) {
    advance(2);
    Part part;
    part.kind = Part::Kind::process;
    parse_substitution(part);
    word.push_back(std::move(part));
}

std::optional<std::size_t> Parser::arithmetic_end(std::size_t at) const {
    unsigned open = 0;
    for (; at < end_ && !stopped_; ++at) {
        const char c = text_[at];
        if (c == '\\') {
            ++at;
        } else if (c == '\'' || c == '"') {
            at = text_.find(c, at + 1);
            if (at == std::string_view::npos) {
                return std::nullopt;
            }
        } else if (c == '(') {
            ++open;
        } else if (c == ')' && open > 0) {
            --open;
        } else if (c == ')') {
            return at + 1 < end_ && text_[at + 1] == ')' ? std::optional(at) : std::nullopt;
        }
    }
    return std::nullopt;
}

void Parser::parse_arithmetic(std::size_t close) {
    const Nesting nesting(*this);
    const std::size_t outer_end = std::exchange(end_, close);
    parse_quoted();
    end_ = outer_end;
    if (!stopped_) {
        advance(2);
    }
}

void Parser::parse_backquoted(Word& word, bool quoted) {
    const unsigned first_line = line_;
    advance();
    std::string inner;
    while (!at_end() && peek() != '`') {
        if (peek() == '\\') {
            const char next = peek(1);
            if (next == '`' || next == '\\' || next == '$' || (next == '"' && quoted)) {
                advance();
            } else {
                inner += peek();
                advance();
                if (at_end()) {
                    break;
                }
            }
        }
        inner += peek();
        advance();
    }
    if (at_end() && !stopped_) {
        problem("the backquote of line " + std::to_string(first_line) + " is not closed");
    }
    advance();
    const Nesting nesting(*this);
    if (stopped_) {
        return;
    }
    Part& part = add_part(word, Part::Kind::command, quoted);
    Parser parser(program_, inner, {scope_, first_line, bash_});
    parser.nesting_ = nesting_;
    parser.conditional_ = conditional_;
    parser.body_ = &part.body;
    parser.subshell_ = true;
    parser.parse_nested();
}

void Parser::parse_nested() {
    while (true) {
        parse_list();
        if (at_end()) {
            break;
        }
        problem("nothing is open that this closes");
        skip_closing();
    }
    read_here_documents();
}

void Parser::parse_braced(Word& word, bool quoted) {
    static constexpr std::string_view special = "@*#?-$!";
    const Nesting nesting(*this);
    advance(2);
    Part part;
    part.kind = Part::Kind::parameter;
    part.quoted = quoted;
    const char next = peek(1);
    if (peek() == '#' && (is_name(next) || ((next == '@' || next == '*') && peek(2) == '}'))) {
        part.length = true;
        advance();
    } else if (peek() == '!' && (is_name(next) || next == '@')) {
        part.indirect = true;
        advance();
    }
    if (is_digit(peek())) {
        while (is_digit(peek())) {
            part.text += peek();
            advance();
        }
    } else if (is_name_start(peek())) {
        part.text = take_name();
    } else if (special.find(peek()) != special.npos) {
        part.text = peek();
        advance();
    }
    if (peek() == '[') {
        advance();
        const auto subscript = literal(parse_operand("]", false));
        take("]");
        const bool plain =
            subscript && (*subscript == "@" || *subscript == "*" || *subscript == "0");
        part.subscript = plain ? *subscript : "?";
    }
    if (!take("}")) {
        parse_operation(part);
    }
    word.push_back(std::move(part));
}

void Parser::parse_operation(Part& part) {
    static constexpr std::array<std::string_view, 22> operators = {
        ":-", ":=", ":?", ":+", "##", "%%", "//", "/#", "/%", "^^", ",,",
        "~~", "-",  "=",  "?",  "+",  "#",  "%",  "/",  "^",  ",",  "~"};
    for (const std::string_view candidate : operators) {
        if (take(candidate)) {
            part.operation = candidate;
            break;
        }
    }
    if (part.operation.empty()) {
        if (peek() != ':' && peek() != '@' && peek() != '*') {
            problem("a bad substitution: ${" + part.text + std::string(1, peek()));
            part.operation = "?bad";
        } else {
            part.operation = peek();
            advance();
        }
    }
    const char first = part.operation.front();
    const bool replaces = first == '/';
    const bool slices = part.operation == ":";
    // In double quotes a single quote of a default is a plain character.
    static constexpr std::string_view value_operators = "-=?+";
    const bool plain_quotes =
        part.quoted && value_operators.find(part.operation.back()) != std::string_view::npos;
    part.operands.push_back(parse_operand(replaces ? "/}" : slices ? ":}" : "}", plain_quotes));
    if ((replaces && take("/")) || (slices && take(":"))) {
        part.operands.push_back(parse_operand("}", plain_quotes));
    }
    if (!take("}") && !stopped_) {
        problem("\"}\" is missing after ${" + part.text);
    }
}

Word Parser::parse_operand(std::string_view stops, bool plain_quotes) {
    const Nesting nesting(*this);
    Word word;
    while (!at_end() && stops.find(peek()) == stops.npos) {
        if (peek() == '\'' && plain_quotes) {
            take_text(word, true);
        } else if (is_meta(peek())) {
            take_text(word, plain_quotes);
        } else {
            parse_piece(word);
        }
    }
    return word;
}

}  // namespace slimimg::closure::shell
