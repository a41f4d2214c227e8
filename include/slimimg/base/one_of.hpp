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

/// True where `text` ends with one of them.
template <std::size_t Size>
bool ends_with_one_of(std::string_view text, const std::array<std::string_view, Size>& endings) {
    return std::any_of(endings.begin(), endings.end(),
                       [&](std::string_view ending) { return text.ends_with(ending); });
}

}  // namespace slimimg
