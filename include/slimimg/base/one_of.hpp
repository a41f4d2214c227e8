#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace slimimg {

/// True where `text` is one of a table's few words.
template <std::size_t Size>
bool is_one_of(std::string_view text, const std::array<std::string_view, Size>& words) {
    return std::find(words.begin(), words.end(), text) != words.end();
}

}  // namespace slimimg
