#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace slimimg {

using SipKey = std::array<std::uint64_t, 2>;

/// SipHash-1-3 (Aumasson and Bernstein): who does not know the key can't choose texts whose hashes
/// are equal.
std::uint64_t sip_hash(const SipKey& key, std::string_view text);

/// For tables of names that an image chooses. std::hash has no key: with names made for it a table
/// becomes a list, and a look-up takes as long as the image has names. The key is another one in
/// each process, so that nothing may depend on a table's order.
struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const;
};

template <typename Value>
using NameMap = std::unordered_map<std::string, Value, NameHash, std::equal_to<>>;
/// Of names that live elsewhere.
template <typename Value>
using NameViewMap = std::unordered_map<std::string_view, Value, NameHash, std::equal_to<>>;
using NameViewSet = std::unordered_set<std::string_view, NameHash, std::equal_to<>>;

}  // namespace slimimg
