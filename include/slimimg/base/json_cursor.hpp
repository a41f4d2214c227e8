#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace slimimg {

/// As much of a JSON reader (RFC 8259) as ELF notes and package.json need: goes through a text
/// value by value and builds nothing. Strict; each function returns false, or nothing, at the first
/// mistake, and the text is then to be given up. An embedded JSON library would be a second owner
/// of that dependency for the sake of a few keys.
class JsonCursor {
  public:
    explicit JsonCursor(std::string_view text) : rest_(text) {}

    /// The first character of the next value, 0 at the end.
    char peek();
    /// Calls `member` with each key; it must take the value.
    bool object(const std::function<bool(const std::string& key)>& member);
    /// Calls `element` before each value; it must take it.
    bool array(const std::function<bool()>& element);
    std::optional<std::string> string();
    /// Takes any value.
    bool skip();
    /// What has not been taken yet.
    [[nodiscard]] std::string_view rest() const { return rest_; }
    /// True where nothing but white space is left.
    bool at_end();

  private:
    bool take(char expected);
    bool take_word(std::string_view word);
    bool take_number();
    bool take_digits();
    bool take_escape(std::string& text);
    std::optional<unsigned> take_hex4();

    std::string_view rest_;
    int depth_ = 0;
};

}  // namespace slimimg
