#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// Texts on a terminal.
namespace slimimg {

/// Columns that a UTF-8 text takes: its code points.
std::size_t width_of(std::string_view text);

/// `text` as a terminal may see it (path::printable), cut in its middle to `width` columns: the
/// ends of paths tell most.
std::string fitted(std::string_view text, std::size_t width);

/// A line with line ends in place of blanks, so that no part is wider than `width` unless one word
/// is; what follows the first is indented.
std::string folded(std::string_view line, std::size_t width);

}  // namespace slimimg
