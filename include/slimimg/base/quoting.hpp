#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace slimimg {

/// 'it'\''s': one word for any POSIX shell, whatever it holds.
std::string single_quoted(std::string_view text);

/// The same, without quotes where none are needed to type it.
std::string shell_word(std::string_view text);

/// The words of a command as one would type them.
std::string shell_line(const std::vector<std::string>& words);

}  // namespace slimimg
