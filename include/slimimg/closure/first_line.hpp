#pragma once

#include <string_view>
#include <vector>

namespace slimimg::closure {

/// The first line of a script, taken apart as Linux does (fs/binfmt_script.c): blanks and tabs
/// part words, and nothing else does.
struct FirstLine {
    /// Behind "#!": the interpreter, then what it is given; none where the text is no script.
    std::vector<std::string_view> words;
    /// A carriage return follows the last word. For the kernel it is part of it.
    bool has_return = false;

    /// Empty where there is none by its path.
    [[nodiscard]] std::string_view interpreter() const {
        return words.empty() || !words.front().starts_with('/') ? std::string_view()
                                                                : words.front();
    }
};

FirstLine first_line(std::string_view text);

}  // namespace slimimg::closure
