#pragma once

#include <algorithm>
#include <cstdint>

#include "slimimg/base/bytes.hpp"

namespace slimimg::archive {

inline constexpr std::uint64_t block_bytes = 512;

/// `size` with the zeros that fill its last block.
inline std::uint64_t padded(std::uint64_t size) {
    return (size + block_bytes - 1) / block_bytes * block_bytes;
}

inline bool is_zero(Bytes bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

}  // namespace slimimg::archive
