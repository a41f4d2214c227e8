#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "slimimg/base/bytes.hpp"

/// As much of ZIP (PKWARE's APPNOTE.TXT 6.3) as jars and wheels need: the central directory, and
/// members that are stored or deflated.
namespace slimimg::archive {

struct ZipMember {
    std::string name;
    std::uint16_t method = 0;  ///< 0 stored, 8 deflated
    Bytes packed;
    std::uint64_t size = 0;  ///< inflated, in bytes
};

/// The members of an archive, which a program may stand before; none where it is damaged, has
/// more than one part or is in the form for over 4 GiB. Never throws for what the bytes hold.
std::vector<ZipMember> zip_members(Bytes archive);

/// A member's content; nothing where it is damaged, encrypted or larger than `most`. A stored
/// member's is a view of the archive.
std::optional<Slice> zip_content(const ZipMember& member, std::size_t most);

}  // namespace slimimg::archive
