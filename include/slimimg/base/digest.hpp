#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "slimimg/base/bytes.hpp"

namespace slimimg {

/// A SHA-256 digest, the only algorithm that registries and engines use.
struct Digest {
    std::array<std::uint8_t, 32> value{};

    auto operator<=>(const Digest&) const = default;

    [[nodiscard]] std::string hex() const;
    /// As the OCI image specification writes it: "sha256:<64 hex digits>".
    [[nodiscard]] std::string str() const { return "sha256:" + hex(); }

    /// Reads "sha256:<hex>" or the bare 64 hex digits; nothing for anything else.
    static std::optional<Digest> parse(std::string_view text);
};

/// SHA-256 as a stream. Feed it chunks of 16 KiB or more where speed counts.
class Hasher {
  public:
    Hasher();
    ~Hasher();
    Hasher(Hasher&&) noexcept;
    Hasher& operator=(Hasher&&) noexcept;

    void update(Bytes bytes);
    /// The digest of all bytes so far; the hasher can't be used after it.
    Digest finish();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

Digest sha256(Bytes bytes);

/// The hex digits of digests that other formats ask for. They are no proof against an attacker.
std::string md5_hex(Bytes bytes);   ///< dpkg's md5sums
std::string sha1_hex(Bytes bytes);  ///< SPDX

}  // namespace slimimg
