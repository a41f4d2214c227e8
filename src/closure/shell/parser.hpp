#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "closure/shell/syntax.hpp"

namespace slimimg::closure::shell {

constexpr unsigned most_nesting = 120;

inline bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

inline bool is_name_start(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

inline bool is_name(char c) {
    return is_name_start(c) || is_digit(c);
}

/// Ends an unquoted word.
inline bool is_meta(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '|' || c == '&' || c == ';' || c == '(' ||
           c == ')' || c == '<' || c == '>';
}

/// The text of a word that has nothing to expand; nothing otherwise.
std::optional<std::string> literal(const Word& word);

/// A recursive-descent parser over one text. Lexing depends on where it stands, so there are no
/// tokens: each function reads characters. What it can't read it tells of, and goes on.
class Parser {
  public:
    Parser(Program& program, std::string_view text, const Origin& origin)
        : program_(program),
          text_(text),
          end_(text.size()),
          line_(origin.line),
          scope_(origin.scope),
          bash_(origin.bash) {}

    void parse_all();

  private:
    // ---- characters -----------------------------------------------------------------------

    [[nodiscard]] bool at_end() const { return stopped_ || pos_ >= end_; }
    [[nodiscard]] char peek(std::size_t ahead = 0) const;
    [[nodiscard]] bool looking_at(std::string_view what) const;
    void advance(std::size_t count = 1);
    bool take(std::string_view what);
    /// The next word is this one, unquoted and alone.
    [[nodiscard]] bool looking_at_word(std::string_view word) const;
    bool take_word(std::string_view word) { return looking_at_word(word) && take(word); }

    void problem(std::string message);
    void stop(std::string message);

    /// Blanks, continued lines and a comment.
    void skip_blanks();
    void take_newline();
    void skip_newlines();
    /// Newlines, ";" and "&" between commands.
    void skip_separators();

    /// What ends a list of commands.
    [[nodiscard]] bool at_closing() const;
    void skip_closing();

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
    void read_here_documents();
    void read_body(const PendingDocument& document, std::size_t start, std::size_t body_end,
                   unsigned first_line);
    void add_here_document(Redirection& redirection, bool strip_tabs);

    // ---- lists, pipelines, commands -------------------------------------------------------

    /// Commands up to something that closes; the caller looks what.
    void parse_list();

    /// Commands and the word or character that closes them. Another closing word is left to the
    /// construct around, as if this one were closed; in parentheses it is skipped.
    void parse_until(std::string_view close);
    void parse_and_or();
    void parse_pipeline();
    void parse_command();

    /// Any command but a simple one, with its redirections.
    bool parse_compound();
    void parse_trailing_redirections();
    void parse_parentheses();
    void parse_if();

    /// do … done, or a brace group in its place.
    void parse_body();
    void parse_for();
    [[nodiscard]] bool is_list_end() const;
    void parse_case();
    void parse_case_item();

    /// The words of [[ … ]], its operators left out.
    void parse_test();

    /// A regular expression after =~: parentheses and bars belong to it.
    Word parse_regex();
    std::string take_name();
    std::string take_function_name();
    void parse_function(const std::string& name);

    // ---- simple commands ------------------------------------------------------------------

    Statement new_statement() const;
    void add(Statement statement);

    /// False where there is none.
    bool parse_simple();

    /// True where the last command is one plain `exit`, `return` or `exec` of the text's own level.
    [[nodiscard]] bool ends_script() const;

    /// NAME=…, NAME+=…, NAME[…]=…
    bool parse_assignment(Statement& statement);

    /// Where the "]" of the subscript that opens at `at` stands; 0 where there is none near.
    [[nodiscard]] std::size_t subscript_end(std::size_t at) const;
    void parse_array(Assignment& assignment);

    // ---- redirections ---------------------------------------------------------------------

    /// The length of what may stand before a redirection's operator: 2>, {fd}>.
    [[nodiscard]] std::size_t descriptor_length() const;
    bool parse_redirection(Statement& statement);

    // ---- words ----------------------------------------------------------------------------

    static void append_text(Word& word, std::string_view text, bool quoted);

    /// One character of the text as it stands.
    void take_text(Word& word, bool quoted);

    /// A word; empty where none begins here.
    Word parse_word();

    /// A word where one must begin: takes a character in any case.
    Word parse_progressing_word();

    /// The next quoted text, expansion or character of an unquoted word.
    void parse_piece(Word& word);
    void parse_single_quoted(Word& word);
    void parse_double_quoted(Word& word);

    /// All up to the end, as a here-document or arithmetic is read.
    Word parse_quoted();
    void parse_quoted_piece(Word& word, bool in_quotes);

    /// @(a|b): a pattern that is not known further.
    void parse_extended_pattern(Word& word);

    /// $'…'
    void parse_escaped(Word& word);
    void take_escape(std::string& text);
    std::uint32_t take_number(unsigned base, unsigned digits);
    static void append_code_point(std::string& text, std::uint32_t value, bool is_byte);

    // ---- expansions -----------------------------------------------------------------------

    void parse_dollar(Word& word, bool quoted);
    static Part& add_part(Word& word, Part::Kind kind, bool quoted);
    void parse_dollar_parenthesis(Word& word, bool quoted);
    void parse_substitution(Part& part);
    void parse_process(Word& word);

    /// Where the "))" stands that closes what opens before `at`; nothing where the parentheses
    /// don't close together, which makes it a command in parentheses.
    [[nodiscard]] std::optional<std::size_t> arithmetic_end(std::size_t at) const;

    /// Arithmetic up to its "))" at `close`: only the commands inside matter.
    void parse_arithmetic(std::size_t close);
    void parse_backquoted(Word& word, bool quoted);

    /// A whole text that stands inside another one.
    void parse_nested();
    void parse_braced(Word& word, bool quoted);

    /// The operator of ${name…} and its words, to the "}".
    void parse_operation(Part& part);

    /// A word up to one of `stops`, blanks and operators included.
    Word parse_operand(std::string_view stops, bool plain_quotes);
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

}  // namespace slimimg::closure::shell
