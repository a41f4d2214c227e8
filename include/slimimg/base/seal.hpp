#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "slimimg/base/bytes.hpp"
#include "slimimg/base/run_options.hpp"

namespace slimimg {

/// 128 bits under a secret key that tell whether bytes are still those that were sealed: the tag of
/// Poly1305 (RFC 8439), several times as fast as SHA-256. It is used as a universal hash: for any
/// two different inputs of up to L bytes, made without knowing the key or a seal, the seals are
/// equal with a chance below L / 2^103. Keys and seals are secrets: they stay in the cache.
using Seal = std::array<std::uint8_t, 16>;

using SealKey = std::array<std::uint8_t, 32>;

/// Large bytes have a seal for each piece of this size.
inline constexpr std::size_t seal_piece_bytes = 4 << 20;

/// Bytes with the seals that their pieces had.
struct SealedBytes {
    Slice bytes;
    std::vector<Seal> seals;
};

/// From the system's source of randomness.
SealKey random_seal_key();

Seal seal(const SealKey& key, Bytes bytes);

/// The seals of all pieces, computed on `options.threads` threads.
std::vector<Seal> seal_pieces(const SealKey& key, Bytes bytes, const RunOptions& options);

}  // namespace slimimg
