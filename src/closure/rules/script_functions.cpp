#include "closure/rules/script_functions.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "slimimg/base/one_of.hpp"

namespace slimimg::closure {
namespace {

using Kind = ScriptToken::Kind;
using Tokens = std::vector<ScriptToken>;

constexpr std::size_t longest_head = 200;  ///< of a function, in tokens

class Reader {
  public:
    Reader(const Tokens& tokens, ScriptLanguage language)
        : tokens_(tokens), php_(language == ScriptLanguage::php) {}

    std::vector<ScriptFunction> read() {
        for (std::size_t at = 0; at < tokens_.size(); ++at) {
            if (is_name(at, "class") && is_kind(at + 1, Kind::name)) {
                class_ = tokens_[at + 1].text;
            } else if (is_mark(at, '(')) {
                add_function(at);
            } else if (is_mark(at, '=') && is_mark(at + 1, '>') && is_kind(at - 1, Kind::name)) {
                add_arrow(at - 1, {tokens_[at - 1].text}, at + 2);  // cmd => …
            }
        }
        return std::move(functions_);
    }

  private:
    [[nodiscard]] bool is_mark(std::size_t at, char c) const {
        return at < tokens_.size() && tokens_[at].is_mark(c);
    }
    [[nodiscard]] bool is_name(std::size_t at, std::string_view text) const {
        return at < tokens_.size() && tokens_[at].is_name(text);
    }
    [[nodiscard]] bool is_kind(std::size_t at, Kind kind) const {
        return at < tokens_.size() && tokens_[at].kind == kind;
    }

    /// Whether parameters begin at `open`, and whose.
    void add_function(std::size_t open) {
        const std::optional<std::size_t> close = closing(open);
        if (!close) {
            return;
        }
        if (is_mark(*close + 1, '=') && is_mark(*close + 2, '>')) {
            add_arrow(open, parameters(open, *close), *close + 3);
            return;
        }
        if (is_name(open - 1, "function")) {
            add_arrow(open - 1, parameters(open, *close), *close + 1);
            return;
        }
        const bool named = open >= 2 && is_kind(open - 1, Kind::name);
        const bool keyword = named && (is_name(open - 2, "def") || is_name(open - 2, "function"));
        if (keyword || (named && is_method(open - 1, *close))) {
            add(tokens_[open - 1].text, parameters(open, *close), *close + 1);
        }
    }

    /// "run(cmd) {" of a class: neither a call nor a statement.
    [[nodiscard]] bool is_method(std::size_t name, std::size_t close) const {
        static constexpr std::array<std::string_view, 6> statements{"if",    "for",    "while",
                                                                    "catch", "switch", "with"};
        return is_mark(close + 1, '{') && !is_one_of(tokens_[name].text, statements) &&
               !is_mark(name - 1, '.') && !is_name(name - 1, "new");
    }

    /// "run = async (cmd) =>", "run: function (cmd)": named by what it is given to.
    void add_arrow(std::size_t head, std::vector<std::string_view> parameters, std::size_t body) {
        std::size_t sign = head - 1;
        sign -= is_name(sign, "async") ? 1U : 0U;
        if (head >= 2 && sign < tokens_.size() && sign >= 1 &&
            (is_mark(sign, '=') || is_mark(sign, ':')) && is_kind(sign - 1, Kind::name)) {
            add(tokens_[sign - 1].text, std::move(parameters), body);
        }
    }

    void add(std::string_view name, std::vector<std::string_view> parameters, std::size_t body) {
        const bool makes = name == "__init__" || name == "constructor" || name == "__construct";
        if (!parameters.empty() && (parameters.front() == "self" || parameters.front() == "cls")) {
            parameters.erase(parameters.begin());
        }
        functions_.push_back({body, makes ? class_ : name, std::move(parameters)});
    }

    [[nodiscard]] std::optional<std::size_t> closing(std::size_t open) const {
        int depth = 0;
        for (std::size_t at = open; at < tokens_.size() && at < open + longest_head; ++at) {
            depth += is_mark(at, '(') || is_mark(at, '[') || is_mark(at, '{')   ? 1
                     : is_mark(at, ')') || is_mark(at, ']') || is_mark(at, '}') ? -1
                                                                                : 0;
            if (depth == 0) {
                return at;
            }
        }
        return std::nullopt;
    }

    /// Of each, the first name; in PHP the one behind "$", as types stand before.
    [[nodiscard]] std::vector<std::string_view> parameters(std::size_t open,
                                                           std::size_t close) const {
        std::vector<std::string_view> names;
        int depth = 0;
        bool wanted = true;
        for (std::size_t at = open + 1; at < close; ++at) {
            if (is_mark(at, '(') || is_mark(at, '[')) {
                ++depth;
            } else if (is_mark(at, ')') || is_mark(at, ']')) {
                --depth;
            } else if (depth == 0 && is_mark(at, ',')) {
                wanted = true;
            } else if (wanted && is_kind(at, Kind::name) && (!php_ || is_mark(at - 1, '$'))) {
                names.emplace_back(tokens_[at].text);
                wanted = false;
            }
        }
        return names;
    }

    const Tokens& tokens_;
    bool php_;
    std::string_view class_;
    std::vector<ScriptFunction> functions_;
};

}  // namespace

std::vector<ScriptFunction> script_functions(const Tokens& tokens, ScriptLanguage language) {
    return Reader(tokens, language).read();
}

}  // namespace slimimg::closure
