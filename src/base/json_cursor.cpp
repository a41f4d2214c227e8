#include "slimimg/base/json_cursor.hpp"

#include <algorithm>
#include <charconv>

namespace slimimg {
namespace {

constexpr int max_depth = 32;

void append_utf8(std::string& text, unsigned code) {
    const auto byte = [&](unsigned value) { text.push_back(static_cast<char>(value)); };
    if (code < 0x80) {
        byte(code);
    } else if (code < 0x800) {
        byte(0xC0U | code >> 6U);
        byte(0x80U | (code & 0x3FU));
    } else if (code < 0x10000) {
        byte(0xE0U | code >> 12U);
        byte(0x80U | (code >> 6U & 0x3FU));
        byte(0x80U | (code & 0x3FU));
    } else {
        byte(0xF0U | code >> 18U);
        byte(0x80U | (code >> 12U & 0x3FU));
        byte(0x80U | (code >> 6U & 0x3FU));
        byte(0x80U | (code & 0x3FU));
    }
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

}  // namespace

char JsonCursor::peek() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
    return rest_.empty() ? '\0' : rest_.front();
}

bool JsonCursor::at_end() {
    peek();
    return rest_.empty();
}

bool JsonCursor::take(char expected) {
    if (peek() != expected) {
        return false;
    }
    rest_.remove_prefix(1);
    return true;
}

bool JsonCursor::take_word(std::string_view word) {
    if (!rest_.starts_with(word)) {
        return false;
    }
    rest_.remove_prefix(word.size());
    return true;
}

bool JsonCursor::object(const std::function<bool(const std::string& key)>& member) {
    if (depth_ == max_depth || !take('{')) {
        return false;
    }
    if (take('}')) {
        return true;
    }
    ++depth_;
    do {
        const auto key = string();
        if (!key || !take(':') || !member(*key)) {
            return false;
        }
    } while (take(','));
    --depth_;
    return take('}');
}

bool JsonCursor::array(const std::function<bool()>& element) {
    if (depth_ == max_depth || !take('[')) {
        return false;
    }
    if (take(']')) {
        return true;
    }
    ++depth_;
    do {
        if (!element()) {
            return false;
        }
    } while (take(','));
    --depth_;
    return take(']');
}

std::optional<std::string> JsonCursor::string() {
    if (!take('"')) {
        return std::nullopt;
    }
    std::string text;
    while (!rest_.empty()) {
        const char c = rest_.front();
        if (static_cast<unsigned char>(c) < 0x20) {
            return std::nullopt;
        }
        rest_.remove_prefix(1);
        if (c == '"') {
            return text;
        }
        if (c != '\\') {
            text.push_back(c);
        } else if (!take_escape(text)) {
            return std::nullopt;
        }
    }
    return std::nullopt;
}

bool JsonCursor::take_escape(std::string& text) {
    constexpr std::string_view names = "\"\\/bfnrt";
    constexpr std::string_view values = "\"\\/\b\f\n\r\t";
    if (!take_word("u")) {
        const std::size_t which = rest_.empty() ? names.npos : names.find(rest_.front());
        if (which == names.npos) {
            return false;
        }
        text.push_back(values[which]);
        rest_.remove_prefix(1);
        return true;
    }
    const auto first = take_hex4();
    if (!first || (*first >= 0xDC00 && *first <= 0xDFFF)) {
        return false;
    }
    if (*first < 0xD800 || *first > 0xDBFF) {
        append_utf8(text, *first);
        return true;
    }
    const auto second = take_word("\\u") ? take_hex4() : std::nullopt;
    if (!second || *second < 0xDC00 || *second > 0xDFFF) {
        return false;
    }
    append_utf8(text, 0x10000U + ((*first - 0xD800U) << 10U) + (*second - 0xDC00U));
    return true;
}

std::optional<unsigned> JsonCursor::take_hex4() {
    if (rest_.size() < 4) {
        return std::nullopt;
    }
    unsigned value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + 4, value, 16);
    if (error != std::errc{} || end != rest_.data() + 4) {
        return std::nullopt;
    }
    rest_.remove_prefix(4);
    return value;
}

bool JsonCursor::take_digits() {
    if (rest_.empty() || !is_digit(rest_.front())) {
        return false;
    }
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_digit);
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.begin()));
    return true;
}

bool JsonCursor::take_number() {
    take_word("-");
    if (!take_word("0") && !take_digits()) {
        return false;
    }
    if (take_word(".") && !take_digits()) {
        return false;
    }
    if (take_word("e") || take_word("E")) {
        if (!take_word("+")) {
            take_word("-");
        }
        return take_digits();
    }
    return true;
}

bool JsonCursor::skip() {
    switch (peek()) {
        case '{':
            return object([&](const std::string&) { return skip(); });
        case '[':
            return array([&] { return skip(); });
        case '"':
            return string().has_value();
        case 't':
            return take_word("true");
        case 'f':
            return take_word("false");
        case 'n':
            return take_word("null");
        default:
            return take_number();
    }
}

}  // namespace slimimg
