#include "closure/rules/script_tokens.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "slimimg/base/path.hpp"

namespace slimimg::closure {
namespace {

using Kind = ScriptToken::Kind;
using Language = ScriptLanguage;

/// A quote that opens a text of more lines was no quote: an apostrophe in markup or a pattern.
constexpr std::ptrdiff_t most_lines = 200;

bool is_word(char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           static_cast<unsigned char>(c) >= 0x80;
}

bool is_letter(char c) {
    return c == '_' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v';
}

char closing(char open) {
    switch (open) {
        case '(':
            return ')';
        case '[':
            return ']';
        case '{':
            return '}';
        case '<':
            return '>';
        default:
            return open;
    }
}

/// The inside of a quoted text, and where it ends.
struct Quoted {
    std::string value;
    std::vector<std::string> filled;
    std::size_t end = 0;
};

/// How the inside of a quoted text is read.
struct Quoting {
    bool escapes = true;
    bool fills = false;     ///< parts are filled in at run time
    bool one_line = false;  ///< ends with its line
};

class Reader {
  public:
    Reader(std::string_view text, Language language) : text_(text), language_(language) {}

    std::vector<ScriptToken> read() {
        if (language_ == Language::php) {
            skip_markup();
        }
        while (at_ < text_.size() && !ended_) {
            step();
        }
        return std::move(tokens_);
    }

  private:
    // ---- the text ---------------------------------------------------------------------------

    [[nodiscard]] bool is(Language language) const { return language_ == language; }
    [[nodiscard]] bool looking_at(std::string_view word) const {
        return text_.substr(at_).starts_with(word);
    }
    [[nodiscard]] char peek(std::size_t ahead = 0) const {
        return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\n';
    }
    [[nodiscard]] bool at_line_start() const { return at_ == 0 || text_[at_ - 1] == '\n'; }

    /// Goes on to `to`, counting lines.
    void advance(std::size_t to) {
        to = std::min(to, text_.size());
        line_ += static_cast<unsigned>(std::count(text_.begin() + static_cast<std::ptrdiff_t>(at_),
                                                  text_.begin() + static_cast<std::ptrdiff_t>(to),
                                                  '\n'));
        at_ = to;
    }
    void skip_line() { advance(std::min(text_.find('\n', at_), text_.size())); }
    void skip_behind(std::string_view mark, std::size_t from) {
        const std::size_t end = text_.find(mark, from);
        advance(end == std::string_view::npos ? text_.size() : end + mark.size());
    }
    void add(Kind kind, std::string text) { tokens_.push_back({kind, std::move(text), line_}); }
    void add(Kind kind, Quoted text) {
        tokens_.push_back({kind, std::move(text.value), line_, std::move(text.filled)});
    }

    // ---- what stands before -----------------------------------------------------------------

    [[nodiscard]] bool behind_mark(std::string_view marks) const {
        return !tokens_.empty() && tokens_.back().kind == Kind::mark &&
               marks.find(tokens_.back().text[0]) != std::string_view::npos;
    }

    /// Whether "/" and the like begin a value here: not behind one.
    [[nodiscard]] bool value_begins() const {
        static constexpr std::array<std::string_view, 14> keywords{
            "return", "typeof", "case",  "in",     "of",    "and",  "or",
            "not",    "if",     "elsif", "unless", "split", "grep", "when"};
        if (tokens_.empty()) {
            return true;
        }
        const ScriptToken& last = tokens_.back();
        if (last.kind == Kind::name) {
            return std::find(keywords.begin(), keywords.end(), last.text) != keywords.end();
        }
        return last.kind == Kind::mark &&
               std::string_view(")]}").find(last.text[0]) == std::string_view::npos;
    }

    // ---- comments ---------------------------------------------------------------------------

    void skip_markup() {
        const std::size_t start = text_.find("<?", at_);
        advance(start == std::string_view::npos ? text_.size() : start + 2);
        advance(at_ + (looking_at("php") ? 3 : looking_at("=") ? 1 : 0));
    }

    /// Documentation between lines ("=pod" and "=cut", "=begin" and "=end").
    bool skip_documentation() {
        const bool perl = is(Language::perl) && peek() == '=' && is_letter(peek(1));
        const bool ruby = is(Language::ruby) && looking_at("=begin");
        if (!at_line_start() || (!perl && !ruby)) {
            return false;
        }
        skip_behind(perl ? "\n=cut" : "\n=end", at_);
        skip_line();
        return true;
    }

    /// "--[==[ … ]==]" of Lua; the text is a string's, or nothing where it is none.
    bool read_long_bracket(bool comment) {
        std::size_t end = at_ + 1;
        while (end < text_.size() && text_[end] == '=') {
            ++end;
        }
        if (peek() != '[' || end >= text_.size() || text_[end] != '[') {
            return false;
        }
        const std::string close = "]" + std::string(end - at_ - 1, '=') + "]";
        const std::size_t stop = std::min(text_.find(close, end), text_.size());
        if (!comment) {
            add(Kind::string, std::string(text_.substr(end + 1, stop - end - 1)));
        }
        advance(stop + close.size());
        return true;
    }

    bool skip_comment() {
        if (is(Language::lua)) {
            if (!looking_at("--")) {
                return false;
            }
            at_ += 2;
            if (!read_long_bracket(true)) {
                skip_line();
            }
            return true;
        }
        const bool hash = peek() == '#' && !is(Language::javascript) &&
                          !(is(Language::php) && peek(1) == '[') &&
                          !(is(Language::perl) && at_ > 0 && text_[at_ - 1] == '$');
        const bool slashes = is(Language::javascript) || is(Language::php);
        if (hash || (slashes && looking_at("//")) || (at_ == 0 && looking_at("#!"))) {
            const std::size_t line = std::min(text_.find('\n', at_), text_.size());
            const std::size_t end = is(Language::php) ? text_.find("?>", at_) : line;
            advance(std::min(line, end));
            return true;
        }
        if (slashes && looking_at("/*")) {
            skip_behind("*/", at_ + 2);
            return true;
        }
        return skip_documentation();
    }

    // ---- quoted texts -------------------------------------------------------------------------

    /// Behind a part that is filled in, which starts at `at`; `at` where there is none.
    [[nodiscard]] std::size_t behind_filled_part(std::size_t at) const {
        const auto next = [&](std::size_t ahead) {
            return at + ahead < text_.size() ? text_[at + ahead] : '\n';
        };
        std::size_t open = std::string_view::npos;
        switch (language_) {
            case Language::python:
                open = next(0) == '{' ? at : open;
                break;
            case Language::javascript:
                open = next(0) == '$' && next(1) == '{' ? at + 1 : open;
                break;
            case Language::ruby:
                open = next(0) == '#' && next(1) == '{' ? at + 1 : open;
                break;
            case Language::php:
            case Language::perl:
                if (next(0) == '{' && next(1) == '$') {
                    open = at;
                } else if (next(0) == '$' && next(1) == '{') {
                    open = at + 1;
                } else if ((next(0) == '$' || (next(0) == '@' && is(Language::perl))) &&
                           is_letter(next(1))) {
                    std::size_t end = at + 1;
                    while (end < text_.size() && (is_word(text_[end]) || text_[end] == ':')) {
                        ++end;
                    }
                    return end;
                }
                break;
            case Language::lua:
                break;
        }
        if (open == std::string_view::npos) {
            return at;
        }
        std::size_t depth = 0;
        for (std::size_t i = open; i < text_.size() && i < open + 4096; ++i) {
            depth += text_[i] == '{' ? 1U : 0U;
            if (text_[i] == '}' && --depth == 0) {
                return i + 1;
            }
        }
        return at;
    }

    /// The variable of a part that is filled in: "x" of "{x}", "${x}", "#{x}", "$x", "{$x}".
    static std::string name_in(std::string_view part) {
        const std::size_t start = part.find_first_not_of("{$#@");
        if (start == std::string_view::npos || !is_letter(part[start])) {
            return {};
        }
        std::size_t end = start;
        while (end < part.size() && is_word(part[end])) {
            ++end;
        }
        const std::string_view rest = part.substr(end);
        return rest.empty() || rest == "}" ? std::string(part.substr(start, end - start))
                                           : std::string();
    }

    static void add_escape(std::string& value, char c) {
        if (c == 'n') {
            value += '\n';
        } else if (c == 't') {
            value += '\t';
        } else if (c != '\n') {
            value += c;
        }
    }

    /// The text from `start` up to `close` (nested in `open`), and where it ends; nothing where it
    /// has no end.
    [[nodiscard]] std::optional<Quoted> quoted(std::size_t start, std::string_view open,
                                               std::string_view close, Quoting how) const {
        Quoted found;
        std::string& value = found.value;
        std::ptrdiff_t lines = 0;
        int depth = 0;
        for (std::size_t at = start; at < text_.size();) {
            const std::string_view rest = text_.substr(at);
            if (rest.starts_with(close) && depth-- == 0) {
                found.end = at + close.size();
                return found;
            }
            if (open != close && rest.starts_with(open)) {
                ++depth;
            }
            lines += rest.front() == '\n' ? 1 : 0;
            if (lines > 0 && (how.one_line || lines > most_lines)) {
                return std::nullopt;
            }
            if (rest.front() == '\\' && rest.size() > 1) {
                if (how.escapes) {
                    add_escape(value, rest[1]);
                } else {
                    value += rest.substr(0, 2);
                }
                at += 2;
                continue;
            }
            if (how.fills && is(Language::python) &&
                (rest.starts_with("{{") || rest.starts_with("}}"))) {
                value += rest.front();
                at += 2;
                continue;
            }
            if (const std::size_t end = how.fills ? behind_filled_part(at) : at; end != at) {
                value += computed_part;
                found.filled.push_back(name_in(text_.substr(at, end - at)));
                at = end;
                continue;
            }
            value += rest.front();
            ++at;
        }
        return std::nullopt;
    }

    /// Reads a quoted text that begins with `quote` here; where it has no end, the quote is a mark.
    void read_quoted(std::string_view quote, Quoting how, Kind kind = Kind::string) {
        auto found = quoted(at_ + quote.size(), quote, quote, how);
        if (!found) {
            add(Kind::mark, std::string(quote));
            at_ += quote.size();
            return;
        }
        // Python puts adjacent texts together.
        if (is(Language::python) && !tokens_.empty() && tokens_.back().kind == Kind::string) {
            ScriptToken& before = tokens_.back();
            before.text += found->value;
            before.filled.insert(before.filled.end(), found->filled.begin(), found->filled.end());
        } else {
            add(kind, *found);
        }
        advance(found->end);
    }

    bool read_string() {
        const char c = peek();
        if (c != '"' && c != '\'' && c != '`') {
            return is(Language::lua) && read_long_bracket(false);
        }
        const std::string_view quote = text_.substr(at_, 1);
        switch (language_) {
            case Language::python:
                read_python_string({});
                break;
            case Language::javascript:
                read_quoted(quote, {true, c == '`', c != '`'});
                break;
            case Language::lua:
                read_quoted(quote, {true, false, true});
                break;
            case Language::php:
            case Language::ruby:
            case Language::perl:
                read_quoted(quote, {true, c != '\'', false},
                            c == '`' ? Kind::command : Kind::string);
                break;
        }
        return true;
    }

    /// Here stands a quote; `prefix` are the letters before it.
    void read_python_string(std::string_view prefix) {
        const bool triple = peek() != '`' && peek(1) == peek() && peek(2) == peek();
        const bool raw = prefix.find_first_of("rR") != std::string_view::npos;
        const bool filled = prefix.find_first_of("fF") != std::string_view::npos;
        read_quoted(text_.substr(at_, triple ? 3 : 1), {!raw, filled, !triple});
    }

    /// <<EOT, <<~EOT, <<-EOT, <<"EOT" of Ruby and Perl, <<<EOT of PHP.
    bool read_here_document() {
        std::size_t at = at_ + (is(Language::php) ? 3 : 2);
        const bool has_documents = is(Language::php) || is(Language::ruby) || is(Language::perl);
        if (!has_documents || !looking_at(is(Language::php) ? "<<<" : "<<")) {
            return false;
        }
        while (at < text_.size() &&
               (text_[at] == '~' || text_[at] == '-' || (is(Language::php) && text_[at] == ' '))) {
            ++at;
        }
        const char quote = at < text_.size() ? text_[at] : '\n';
        const bool is_quoted = quote == '"' || quote == '\'';
        at += is_quoted ? 1 : 0;
        std::size_t end = at;
        while (end < text_.size() && is_word(text_[end])) {
            ++end;
        }
        const std::string_view name = text_.substr(at, end - at);
        if (name.empty() || (!is_quoted && (name.front() < 'A' || name.front() > 'Z'))) {
            return false;
        }
        end += is_quoted ? 1 : 0;
        const std::size_t line = std::min(text_.find('\n', end), text_.size());
        const std::size_t body = std::max(documents_end_, std::min(line + 1, text_.size()));
        std::string value;
        std::size_t next = body;
        while (next < text_.size()) {
            const std::size_t stop = std::min(text_.find('\n', next), text_.size());
            const std::string_view row = text_.substr(next, stop - next);
            const std::size_t first = std::min(row.find_first_not_of(" \t"), row.size());
            next = std::min(stop + 1, text_.size());
            const std::string_view word = row.substr(first);
            if (word.starts_with(name) &&
                (word.size() == name.size() || !is_word(word[name.size()]))) {
                if (is(Language::php)) {  // which goes on behind the name
                    next = static_cast<std::size_t>(word.data() - text_.data()) + name.size();
                }
                break;
            }
            value += std::string(row) + '\n';
        }
        add(Kind::string, std::move(value));
        if (is(Language::php)) {
            advance(next);
        } else {
            at_ = end;
            documents_end_ = next;
        }
        return true;
    }

    // ---- quoting by words -----------------------------------------------------------------------

    /// The text between delimiters of one's choice, which stands at `at`.
    bool read_delimited(std::size_t at, Kind kind, bool fills) {
        const std::string_view open = text_.substr(at, 1);
        const std::string close(1, closing(open[0]));
        auto found = quoted(at + 1, open, close, {true, fills, false});
        if (!found) {
            return false;
        }
        add(kind, *found);
        advance(found->end);
        return true;
    }

    /// A list of words: each is a string of its own, in brackets.
    bool read_words(std::size_t at) {
        if (!read_delimited(at, Kind::string, false)) {
            return false;
        }
        const ScriptToken all = std::move(tokens_.back());
        tokens_.back() = {Kind::mark, "[", all.line};
        std::string_view rest = all.text;
        while (!rest.empty()) {
            const std::size_t start = std::min(rest.find_first_not_of(" \t\r\n"), rest.size());
            rest.remove_prefix(start);
            const std::string_view word = rest.substr(0, rest.find_first_of(" \t\r\n"));
            if (!word.empty()) {
                tokens_.push_back({Kind::string, std::string(word), all.line});
                tokens_.push_back({Kind::mark, ",", all.line});
            }
            rest.remove_prefix(word.size());
        }
        tokens_.push_back({Kind::mark, "]", all.line});
        return true;
    }

    /// A pattern, of no interest; with a second part where it replaces.
    bool skip_pattern(std::size_t at, bool replaces) {
        const std::string_view open = text_.substr(at, 1);
        const std::string close(1, closing(open[0]));
        auto found = quoted(at + 1, open, close, {false, false, false});
        if (found && replaces) {
            std::size_t second = found->end;
            if (open != close) {
                while (second < text_.size() && is_blank(text_[second])) {
                    ++second;
                }
                found = quoted(std::min(second + 1, text_.size()), open, close, {});
            } else {
                found = quoted(second, close, close, {});
            }
        }
        if (!found) {
            return false;
        }
        add(Kind::name, "pattern");
        advance(found->end);
        return true;
    }

    /// %w[a b], %x{ls}, %q(x), %(x), %r{x} of Ruby.
    bool read_percent() {
        if (!is(Language::ruby) || peek() != '%' || (!value_begins() && is_blank(peek(1)))) {
            return false;
        }
        const char kind = peek(1);
        const std::size_t at = at_ + (is_letter(kind) ? 2 : 1);
        const char open = at < text_.size() ? text_[at] : '\n';
        if (std::string_view("([{<|!/").find(open) == std::string_view::npos ||
            (!is_letter(kind) && !value_begins())) {
            return false;
        }
        switch (kind) {
            case 'x':
                return read_delimited(at, Kind::command, true);
            case 'w':
            case 'W':
            case 'i':
                return read_words(at);
            case 'r':
                return skip_pattern(at, false);
            default:
                return read_delimited(at, Kind::string, kind != 'q');
        }
    }

    /// q{}, qq{}, qx{}, qw{}, m{}, qr{}, s{}{}, tr{}{}, y{}{} of Perl, whose `name` ends at `end`.
    bool read_operator(std::string_view name, std::size_t end) {
        static constexpr std::array<std::string_view, 9> operators{"q",  "qq", "qx", "qw", "m",
                                                                   "qr", "s",  "tr", "y"};
        if (!is(Language::perl) ||
            std::find(operators.begin(), operators.end(), name) == operators.end() ||
            behind_mark("$@%&>-")) {
            return false;  // a variable, a method, a test of a file
        }
        while (end < text_.size() && is_blank(text_[end])) {
            ++end;
        }
        const std::string_view rest = text_.substr(end, 2);
        const bool delimits = !rest.empty() && !is_word(rest[0]) && rest != "=>" &&
                              std::string_view(",;)").find(rest[0]) == std::string_view::npos &&
                              (rest[0] != '=' || rest != "= ") && (rest[0] != '}');
        if (!delimits) {
            return false;
        }
        if (name == "q" || name == "qq") {
            return read_delimited(end, Kind::string, name == "qq");
        }
        if (name == "qx") {
            return read_delimited(end, Kind::command, true);
        }
        if (name == "qw") {
            return read_words(end);
        }
        return skip_pattern(end, name == "s" || name == "tr" || name == "y");
    }

    /// /pattern/ where a value may begin.
    bool read_pattern() {
        const bool has_patterns =
            is(Language::javascript) || is(Language::ruby) || is(Language::perl);
        if (!has_patterns || peek() != '/' || !value_begins()) {
            return false;
        }
        bool in_class = false;
        for (std::size_t at = at_ + 1; at < text_.size() && text_[at] != '\n'; ++at) {
            const char c = text_[at];
            at += c == '\\' ? 1 : 0;
            in_class = c == '[' || (in_class && c != ']');
            if (c == '/' && !in_class) {
                add(Kind::name, "pattern");
                at_ = at + 1;
                return true;
            }
        }
        return false;
    }

    // ---- tokens -------------------------------------------------------------------------------

    void read_name() {
        std::size_t end = at_;
        while (end < text_.size() && is_word(text_[end])) {
            ++end;
        }
        const std::string_view name = text_.substr(at_, end - at_);
        const char next = end < text_.size() ? text_[end] : '\n';
        if (is(Language::python) && name.size() <= 2 && (next == '"' || next == '\'') &&
            name.find_first_not_of("rRbBfFuU") == std::string_view::npos) {
            at_ = end;
            read_python_string(name);
            return;
        }
        if ((name == "__END__" && (is(Language::perl) || is(Language::ruby)) && at_line_start()) ||
            (name == "__DATA__" && is(Language::perl) && at_line_start())) {
            ended_ = true;
            return;
        }
        if (!read_operator(name, end)) {
            add(Kind::name, std::string(name));
            advance(std::max(end, at_));
        }
    }

    void step() {
        const char c = peek();
        if (c == '\n' && documents_end_ > at_) {
            advance(documents_end_);
            return;
        }
        if (is_blank(c)) {
            advance(at_ + 1);
            return;
        }
        if (is(Language::php) && looking_at("?>")) {
            skip_markup();
            return;
        }
        // $', $" and $/ are variables.
        const bool special = is(Language::perl) && behind_mark("$") && at_ > 0 &&
                             text_[at_ - 1] == '$' &&
                             std::string_view("'\"`/#&;,.\\+").find(c) != std::string_view::npos;
        if (special) {
            add(Kind::name, std::string(1, c));
            ++at_;
            return;
        }
        if (skip_comment() || read_string() || read_here_document() || read_percent() ||
            read_pattern()) {
            return;
        }
        if (is_word(c)) {
            read_name();
            return;
        }
        add(Kind::mark, std::string(1, c));
        ++at_;
    }

    std::string_view text_;
    Language language_;
    std::size_t at_ = 0;
    unsigned line_ = 1;
    std::size_t documents_end_ = 0;  ///< of the here-documents that begin behind this line
    bool ended_ = false;
    std::vector<ScriptToken> tokens_;
};

struct LanguageName {
    std::string_view name;
    Language language;
};

std::optional<Language> language_of_interpreter(std::string_view line) {
    static constexpr std::array<LanguageName, 9> interpreters{{{"python", Language::python},
                                                               {"node", Language::javascript},
                                                               {"bun", Language::javascript},
                                                               {"deno", Language::javascript},
                                                               {"php", Language::php},
                                                               {"ruby", Language::ruby},
                                                               {"perl", Language::perl},
                                                               {"luajit", Language::lua},
                                                               {"lua", Language::lua}}};
    for (const LanguageName& known : interpreters) {
        const std::size_t at = line.find(known.name);
        if (at != std::string_view::npos && at > 0 &&
            (line[at - 1] == '/' || line[at - 1] == ' ')) {
            return known.language;
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<ScriptLanguage> script_language(std::string_view path, std::string_view text) {
    static constexpr std::array<LanguageName, 25> endings{
        {{".py", Language::python},      {".pyw", Language::python},
         {".js", Language::javascript},  {".mjs", Language::javascript},
         {".cjs", Language::javascript}, {".ts", Language::javascript},
         {".mts", Language::javascript}, {".cts", Language::javascript},
         {".jsx", Language::javascript}, {".tsx", Language::javascript},
         {".php", Language::php},        {".phtml", Language::php},
         {".inc", Language::php},        {".rb", Language::ruby},
         {".rake", Language::ruby},      {".ru", Language::ruby},
         {".gemspec", Language::ruby},   {".pl", Language::perl},
         {".pm", Language::perl},        {".cgi", Language::perl},
         {".psgi", Language::perl},      {".t", Language::perl},
         {".lua", Language::lua},        {".wsgi", Language::python},
         {".pyi", Language::python}}};
    const std::string_view name = path::basename(path);
    const std::string_view line = text.substr(0, std::min(text.find('\n'), std::size_t{256}));
    if (line.starts_with("#!")) {
        if (const auto language = language_of_interpreter(line)) {
            return language;
        }
    }
    for (const LanguageName& known : endings) {
        if (name.ends_with(known.name)) {
            return known.language;
        }
    }
    return name == "Rakefile" || name == "Gemfile" ? std::optional(Language::ruby) : std::nullopt;
}

std::vector<ScriptToken> script_tokens(std::string_view text, ScriptLanguage language) {
    return Reader(text, language).read();
}

}  // namespace slimimg::closure
