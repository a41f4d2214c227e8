#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace slimimg::closure::shell {

/// What a shell is given to read: `-c TEXT`, or a file; with `-l` or `--login` the profiles first.
struct Operand {
    std::size_t at = 0;  ///< index of the word behind the options; the number of words: none
    bool is_text = false;
    bool is_login = false;
};

/// Of a shell's command line, whose first word is the shell.
Operand operand_of(const std::vector<std::string_view>& words);

}  // namespace slimimg::closure::shell
