#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace slimimg {

/// Takes the first line off `text`, without its end.
inline std::string_view take_line(std::string_view& text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

/// Without blanks and line ends around it.
inline std::string_view trim(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const std::size_t start = text.find_first_not_of(blanks);
    return start == text.npos ? std::string_view()
                              : text.substr(start, text.find_last_not_of(blanks) + 1 - start);
}

}  // namespace slimimg
