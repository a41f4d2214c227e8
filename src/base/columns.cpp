#include "slimimg/base/columns.hpp"

#include <algorithm>

#include "slimimg/base/path.hpp"

namespace slimimg {
namespace {

bool is_continuation(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

/// The byte offset of the `column`th code point.
std::size_t offset_of_column(std::string_view text, std::size_t column) {
    std::size_t offset = 0;
    while (offset < text.size()) {
        if (!is_continuation(text[offset]) && column-- == 0) {
            return offset;
        }
        ++offset;
    }
    return offset;
}

}  // namespace

std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

std::string fitted(std::string_view text, std::size_t width) {
    std::string shown = path::printable(text);
    const std::size_t columns = width_of(shown);
    if (columns <= width || width < 3) {
        return shown;
    }
    const std::size_t front = (width - 1) / 3;
    const std::size_t back = width - 1 - front;
    const std::string end = shown.substr(offset_of_column(shown, columns - back));
    shown.resize(offset_of_column(shown, front));
    return shown + "…" + end;
}

std::string folded(std::string_view line, std::size_t width) {
    constexpr std::string_view next_line = "\n  ";
    std::string text;
    std::size_t column = 0;
    while (!line.empty()) {
        const std::string_view word = line.substr(0, line.find(' '));
        line.remove_prefix(std::min(line.size(), word.size() + 1));
        if (column > 0 && column + 1 + width_of(word) > width) {
            text += next_line;
            column = next_line.size() - 1;
        } else if (column > 0) {
            text += ' ';
            ++column;
        }
        text += word;
        column += width_of(word);
    }
    return text;
}

}  // namespace slimimg
