#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace slimimg::cli {

/// The words of a command line, split as a POSIX shell splits them: blanks part words, quotes and
/// backslashes join them. Nothing is expanded. Throws Error (usage) for a quote without its end.
std::vector<std::string> split_words(std::string_view line);

}  // namespace slimimg::cli
