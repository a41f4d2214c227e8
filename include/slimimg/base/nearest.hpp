#pragma once

#include <span>
#include <string_view>

namespace slimimg {

/// The candidate that `text` most likely is a slip of: with the fewest letters changed, added, left
/// out or swapped, no more than a third of them and not all. Empty where none is near.
std::string_view nearest(std::string_view text, std::span<const std::string_view> candidates);

}  // namespace slimimg
