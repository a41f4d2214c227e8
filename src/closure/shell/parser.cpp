#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "closure/shell/syntax.hpp"

namespace slimimg::closure::shell {
namespace {

constexpr unsigned most_nesting = 120;
constexpr std::size_t longest_subscript = 256;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_name_start(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_name(char c) {
    return is_name_start(c) || is_digit(c);
}

/// Ends an unquoted word.
bool is_meta(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '|' || c == '&' || c == ';' || c == '(' ||
           c == ')' || c == '<' || c == '>';
}

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& words) {
    return std::find(words.begin(), words.end(), text) != words.end();
}

/// The text of a word that has nothing to expand; nothing otherwise.
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

bool declares(const Statement& statement) {
    static constexpr std::array<std::string_view, 6> names = {"export",  "readonly", "local",
                                                              "declare", "typeset",  "alias"};
    if (statement.words.empty()) {
        return false;
    }
    const auto name = literal(statement.words.front());
    return name && is_one_of(*name, names);
}

class Parser {
  public:
    Parser(Program& program, std::string_view text, const Origin& origin)
        : program_(program),
          text_(text),
          end_(text.size()),
          line_(origin.line),
          scope_(origin.scope),
          bash_(origin.bash) {}

    void parse_all() {
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

  private:
    // ---- characters -----------------------------------------------------------------------

    [[nodiscard]] bool at_end() const { return stopped_ || pos_ >= end_; }
    [[nodiscard]] char peek(std::size_t ahead = 0) const {
        return !stopped_ && pos_ + ahead < end_ ? text_[pos_ + ahead] : '\n';
    }
    [[nodiscard]] bool looking_at(std::string_view what) const {
        return !stopped_ && text_.substr(pos_, end_ - pos_).starts_with(what);
    }
    void advance(std::size_t count = 1) {
        for (; count > 0 && pos_ < end_; --count) {
            line_ += text_[pos_] == '\n' ? 1U : 0U;
            ++pos_;
        }
    }
    bool take(std::string_view what) {
        if (!looking_at(what)) {
            return false;
        }
        advance(what.size());
        return true;
    }
    /// The next word is this one, unquoted and alone.
    [[nodiscard]] bool looking_at_word(std::string_view word) const {
        return looking_at(word) && is_meta(peek(word.size()));
    }
    bool take_word(std::string_view word) { return looking_at_word(word) && take(word); }

    void problem(std::string message) {
        if (program_.problems.size() < 100) {
            program_.problems.push_back({program_.scopes[scope_].file, line_, std::move(message)});
        }
    }
    void stop(std::string message) {
        problem(std::move(message));
        stopped_ = true;
    }

    /// Blanks, continued lines and a comment.
    void skip_blanks() {
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
    void take_newline() {
        advance();
        read_here_documents();
    }
    void skip_newlines() {
        skip_blanks();
        while (!at_end() && peek() == '\n') {
            take_newline();
            skip_blanks();
        }
    }
    /// Newlines, ";" and "&" between commands.
    void skip_separators() {
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

    /// What ends a list of commands.
    [[nodiscard]] bool at_closing() const {
        static constexpr std::array<std::string_view, 8> words = {"then", "else", "elif", "fi",
                                                                  "do",   "done", "esac", "}"};
        return peek() == ')' || looking_at(";;") || looking_at(";&") ||
               std::any_of(words.begin(), words.end(),
                           [this](std::string_view word) { return looking_at_word(word); });
    }
    void skip_closing() {
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

    /// Counts nesting for as long as it lives.
    class Nesting {
      public:
        explicit Nesting(Parser& parser) : parser_(parser) {
            if (++parser_.nesting_ > most_nesting) {
                parser_.stop("nested too deeply to be read further");
            }
        }
        ~Nesting() { --parser_.nesting_; }
        Nesting(const Nesting&) = delete;
        Nesting& operator=(const Nesting&) = delete;

      private:
        Parser& parser_;
    };

    // ---- here-documents -------------------------------------------------------------------

    struct PendingDocument {
        std::string delimiter;
        bool strip_tabs = false;
        bool expands = false;
        std::size_t body = 0;
        ScopeId scope = 0;
        unsigned conditional = 0;
    };

    /// Reads the bodies that begin here, behind the newline.
    void read_here_documents() {
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

    void read_body(const PendingDocument& document, std::size_t start, std::size_t body_end,
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

    void add_here_document(Redirection& redirection, bool strip_tabs) {
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

    // ---- lists, pipelines, commands -------------------------------------------------------

    /// Commands up to something that closes; the caller looks what.
    void parse_list() {
        while (true) {
            skip_separators();
            if (at_end() || at_closing()) {
                return;
            }
            parse_and_or();
        }
    }

    /// Commands and the word or character that closes them. Another closing word is left to the
    /// construct around, as if this one were closed; in parentheses it is skipped.
    void parse_until(std::string_view close) {
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

    void parse_and_or() {
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

    void parse_pipeline() {
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

    void parse_command() {
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

    /// Any command but a simple one, with its redirections.
    bool parse_compound() {
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

    void parse_trailing_redirections() {
        Statement statement = new_statement();
        skip_blanks();
        while (parse_redirection(statement)) {
            skip_blanks();
        }
        if (!statement.redirections.empty()) {
            add(std::move(statement));
        }
    }

    void parse_parentheses() {
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

    void parse_if() {
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

    /// do … done, or a brace group in its place.
    void parse_body() {
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

    void parse_for() {
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

    [[nodiscard]] bool is_list_end() const {
        return peek() == '\n' || peek() == ';' || peek() == '&' || peek() == '|' || peek() == ')';
    }

    void parse_case() {
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

    void parse_case_item() {
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

    /// The words of [[ … ]], its operators left out.
    void parse_test() {
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

    /// A regular expression after =~: parentheses and bars belong to it.
    Word parse_regex() {
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

    std::string take_name() {
        std::string name;
        while (!at_end() && is_name(peek())) {
            name += peek();
            advance();
        }
        return name;
    }

    std::string take_function_name() {
        std::string name;
        while (!at_end() && !is_meta(peek())) {
            name += peek();
            advance();
        }
        return name;
    }

    void parse_function(const std::string& name) {
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

    // ---- simple commands ------------------------------------------------------------------

    Statement new_statement() const {
        Statement statement;
        statement.line = line_;
        statement.scope = scope_;
        statement.conditional = conditional_ > 0;
        statement.source = source_;
        statement.subshell = subshell_;
        return statement;
    }

    void add(Statement statement) {
        const StatementId id = program_.statements.size();
        program_.statements.push_back(std::move(statement));
        if (body_ != nullptr) {
            body_->push_back(id);
        }
    }

    /// False where there is none.
    bool parse_simple() {
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

    /// True where the last command is one plain `exit`, `return` or `exec` of the text's own level.
    [[nodiscard]] bool ends_script() const {
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

    /// NAME=…, NAME+=…, NAME[…]=…
    bool parse_assignment(Statement& statement) {
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

    /// Where the "]" of the subscript that opens at `at` stands; 0 where there is none near.
    [[nodiscard]] std::size_t subscript_end(std::size_t at) const {
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

    void parse_array(Assignment& assignment) {
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

    // ---- redirections ---------------------------------------------------------------------

    /// The length of what may stand before a redirection's operator: 2>, {fd}>.
    [[nodiscard]] std::size_t descriptor_length() const {
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

    bool parse_redirection(Statement& statement) {
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

    // ---- words ----------------------------------------------------------------------------

    static void append_text(Word& word, std::string_view text, bool quoted) {
        if (word.empty() || word.back().kind != Part::Kind::text || word.back().quoted != quoted) {
            word.emplace_back().quoted = quoted;
        }
        word.back().text += text;
    }

    /// One character of the text as it stands.
    void take_text(Word& word, bool quoted) {
        append_text(word, text_.substr(pos_, 1), quoted);
        advance();
    }

    /// A word; empty where none begins here.
    Word parse_word() {
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

    /// A word where one must begin: takes a character in any case.
    Word parse_progressing_word() {
        const std::size_t start = pos_;
        Word word = parse_word();
        if (pos_ == start && !at_end()) {
            problem("\"" + std::string(1, peek()) + "\" stands where a word is expected");
            advance();
        }
        return word;
    }

    /// The next quoted text, expansion or character of an unquoted word.
    void parse_piece(Word& word) {
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

    void parse_single_quoted(Word& word) {
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

    void parse_double_quoted(Word& word) {
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

    /// All up to the end, as a here-document or arithmetic is read.
    Word parse_quoted() {
        Word word;
        while (!at_end()) {
            parse_quoted_piece(word, false);
        }
        return word;
    }

    void parse_quoted_piece(Word& word, bool in_quotes) {
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

    /// @(a|b): a pattern that is not known further.
    void parse_extended_pattern(Word& word) {
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

    /// $'…'
    void parse_escaped(Word& word) {
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

    void take_escape(std::string& text) {
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

    std::uint32_t take_number(unsigned base, unsigned digits) {
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

    static void append_code_point(std::string& text, std::uint32_t value, bool is_byte) {
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

    // ---- expansions -----------------------------------------------------------------------

    void parse_dollar(Word& word, bool quoted) {
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

    static Part& add_part(Word& word, Part::Kind kind, bool quoted) {
        Part& part = word.emplace_back();
        part.kind = kind;
        part.quoted = quoted;
        return part;
    }

    void parse_dollar_parenthesis(Word& word, bool quoted) {
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

    void parse_substitution(Part& part) {
        const Nesting nesting(*this);
        std::vector<StatementId> body;
        std::vector<StatementId>* const outer = std::exchange(body_, &body);
        const bool outer_subshell = std::exchange(subshell_, true);
        parse_until(")");
        subshell_ = outer_subshell;
        body_ = outer;
        part.body = std::move(body);
    }

    void parse_process(Word& word) {
        advance(2);
        Part part;
        part.kind = Part::Kind::process;
        parse_substitution(part);
        word.push_back(std::move(part));
    }

    /// Where the "))" stands that closes what opens before `at`; nothing where the parentheses
    /// don't close together, which makes it a command in parentheses.
    [[nodiscard]] std::optional<std::size_t> arithmetic_end(std::size_t at) const {
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

    /// Arithmetic up to its "))" at `close`: only the commands inside matter.
    void parse_arithmetic(std::size_t close) {
        const Nesting nesting(*this);
        const std::size_t outer_end = std::exchange(end_, close);
        parse_quoted();
        end_ = outer_end;
        if (!stopped_) {
            advance(2);
        }
    }

    void parse_backquoted(Word& word, bool quoted) {
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

    /// A whole text that stands inside another one.
    void parse_nested() {
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

    void parse_braced(Word& word, bool quoted) {
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

    /// The operator of ${name…} and its words, to the "}".
    void parse_operation(Part& part) {
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

    /// A word up to one of `stops`, blanks and operators included.
    Word parse_operand(std::string_view stops, bool plain_quotes) {
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

    Program& program_;
    std::string_view text_;
    std::size_t pos_ = 0;
    std::size_t end_;
    unsigned line_;
    ScopeId scope_;
    bool bash_;
    unsigned nesting_ = 0;
    unsigned conditional_ = 0;
    bool subshell_ = false;
    bool stopped_ = false;
    std::vector<PendingDocument> pending_;
    std::vector<StatementId>* body_ = nullptr;  ///< of the command substitution around
    std::optional<StatementId> source_;         ///< of the pipe that is read from
    std::optional<StatementId> top_command_;    ///< the last simple command of the text's own level
};

}  // namespace

void parse(Program& program, std::string_view text, const Origin& origin) {
    Parser(program, text, origin).parse_all();
}

}  // namespace slimimg::closure::shell
