#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "slimimg/base/limits.hpp"

namespace slimimg {

/// A limit as the user names it.
struct LimitName {
    std::string_view name;  ///< "layer-bytes": the member's, with hyphens
    std::uint64_t Limits::*value = nullptr;
    bool is_size = false;  ///< in bytes, so that it can be given as a size: "100GB"
    /// Beyond it the code could not count, or would run out of its stack.
    std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
};

/// All of them, in the order of Limits.
std::span<const LimitName> all_limits();

/// For what is read that slimimg has written itself: at least what is usual, any
/// expansion, and any JSON.
Limits limits_of_own_image(const Limits& limits);

/// For the error where an image is past a limit: how the user allows more.
std::string raise_hint(std::uint64_t Limits::*limit);

/// Whether `inflated` bytes out of `stored` ones are taken for an expansion bomb.
bool expands_too_far(std::uint64_t inflated, std::uint64_t stored, const Limits& limits);

}  // namespace slimimg
