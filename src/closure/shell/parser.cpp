#include "closure/shell/parser.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace slimimg::closure::shell {

void Parser::parse_all() {
    while (!at_end()) {
        skip_separators();
        if (at_end()) {
            break;
        }
        if (at_closing()) {
            problem("nothing is open that this closes");
            skip_closing();
            continue;
        }
        parse_and_or();
        if (ends_script()) {
            // A here-document of it still follows on the next lines; nobody reads the rest.
            while (!at_end() && peek() != '\n') {
                advance();
            }
            if (!at_end()) {
                take_newline();
            }
            return;
        }
    }
    read_here_documents();
}

char Parser::peek(std::size_t ahead) const {
    return !stopped_ && pos_ + ahead < end_ ? text_[pos_ + ahead] : '\n';
}

bool Parser::looking_at(std::string_view what) const {
    return !stopped_ && text_.substr(pos_, end_ - pos_).starts_with(what);
}

void Parser::advance(std::size_t count) {
    for (; count > 0 && pos_ < end_; --count) {
        line_ += text_[pos_] == '\n' ? 1U : 0U;
        ++pos_;
    }
}

bool Parser::take(std::string_view what) {
    if (!looking_at(what)) {
        return false;
    }
    advance(what.size());
    return true;
}

bool Parser::looking_at_word(std::string_view word) const {
    return looking_at(word) && is_meta(peek(word.size()));
}

void Parser::problem(std::string message) {
    if (program_.problems.size() < 100) {
        program_.problems.push_back({program_.scopes[scope_].file, line_, std::move(message)});
    }
}

void Parser::stop(std::string message) {
    problem(std::move(message));
    stopped_ = true;
}

void Parser::skip_blanks() {
    while (!at_end()) {
        if (peek() == ' ' || peek() == '\t') {
            advance();
        } else if (looking_at("\\\n")) {
            advance(2);
        } else if (peek() == '#') {
            while (!at_end() && peek() != '\n') {
                advance();
            }
        } else {
            return;
        }
    }
}

void Parser::take_newline() {
    advance();
    read_here_documents();
}

void Parser::skip_newlines() {
    skip_blanks();
    while (!at_end() && peek() == '\n') {
        take_newline();
        skip_blanks();
    }
}

void Parser::skip_separators() {
    while (true) {
        skip_newlines();
        const bool separator = (peek() == ';' && peek(1) != ';' && peek(1) != '&') ||
                               (peek() == '&' && peek(1) != '&' && peek(1) != '>');
        if (at_end() || !separator) {
            return;
        }
        advance();
    }
}

bool Parser::at_closing() const {
    static constexpr std::array<std::string_view, 8> words = {"then", "else", "elif", "fi",
                                                              "do",   "done", "esac", "}"};
    return peek() == ')' || looking_at(";;") || looking_at(";&") ||
           std::any_of(words.begin(), words.end(),
                       [this](std::string_view word) { return looking_at_word(word); });
}

void Parser::skip_closing() {
    if (peek() == ')' || peek() == '}') {
        advance();
    } else if (peek() == ';') {
        advance(2);
    } else {
        while (!at_end() && !is_meta(peek())) {
            advance();
        }
    }
}

void Parser::read_here_documents() {
    const std::vector<PendingDocument> pending = std::exchange(pending_, {});
    for (const PendingDocument& document : pending) {
        const std::size_t start = pos_;
        const unsigned first_line = line_;
        std::size_t body_end = end_;
        while (!at_end()) {
            const std::size_t newline = std::min(text_.find('\n', pos_), end_);
            std::string_view line = text_.substr(pos_, newline - pos_);
            if (document.strip_tabs) {
                line.remove_prefix(std::min(line.find_first_not_of('\t'), line.size()));
            }
            const std::size_t line_start = pos_;
            advance(newline - pos_ + 1);
            if (line == document.delimiter) {
                body_end = line_start;
                break;
            }
        }
        read_body(document, start, std::min(body_end, end_), first_line);
    }
}

void Parser::read_body(const PendingDocument& document, std::size_t start, std::size_t body_end,
                       unsigned first_line) {
    Word& body = program_.here_documents[document.body];
    if (!document.expands) {
        append_text(body, text_.substr(start, body_end - start), true);
        return;
    }
    Parser parser(program_, text_.substr(start, body_end - start),
                  {document.scope, first_line, bash_});
    parser.nesting_ = nesting_;
    parser.conditional_ = document.conditional;
    const Nesting nesting(parser);
    body = parser.parse_quoted();
}

void Parser::add_here_document(Redirection& redirection, bool strip_tabs) {
    PendingDocument document;
    document.strip_tabs = strip_tabs;
    document.expands = true;
    document.scope = scope_;
    document.conditional = conditional_;
    document.body = program_.here_documents.size();
    skip_blanks();
    while (!at_end() && !is_meta(peek())) {
        const char c = peek();
        if (c == '\'' || c == '"') {
            document.expands = false;
            advance();
            while (!at_end() && peek() != c) {
                document.delimiter += peek();
                advance();
            }
            advance();
            continue;
        }
        if (c == '\\') {
            document.expands = false;
            advance();
        }
        document.delimiter += peek();
        advance();
    }
    program_.here_documents.emplace_back();
    redirection.body = document.body;
    pending_.push_back(std::move(document));
}

void parse(Program& program, std::string_view text, const Origin& origin) {
    Parser(program, text, origin).parse_all();
}

}  // namespace slimimg::closure::shell
