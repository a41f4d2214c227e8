#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "slimimg/base/name_hash.hpp"

namespace slimimg::rootfs {

/// A hash table of names in folders is a vector of nodes' indexes; what an index stands for its
/// owner knows. Its size is a power of two, and some of it is always free: 0 marks a free slot, as
/// the root folder is in no folder. This is the slot where `name` of `folder` stands, or the free
/// one where it belongs; `is_it` says of an index whether it is the one.
template <typename IsIt>
std::size_t slot_of(std::span<const std::uint32_t> slots, std::uint32_t folder,
                    std::string_view name, IsIt is_it) {
    constexpr std::uint64_t odd = 0x9E3779B97F4A7C15;  // 2^64 over the golden ratio
    const std::uint64_t key = (NameHash()(name) + folder) * odd;
    std::size_t at = static_cast<std::size_t>(key >> 32) & (slots.size() - 1);
    while (slots[at] != 0 && !is_it(slots[at])) {
        at = (at + 1) & (slots.size() - 1);
    }
    return at;
}

}  // namespace slimimg::rootfs
