#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "elf/tables.hpp"

namespace slimimg::elf {

/// A small ELF file that says about loading what the whole one says: the same class and byte
/// order, PT_INTERP, those dynamic entries that facts are made of, and the bytes of the tables
/// that they point to, unchanged. This is what LIEF is given: parsing the whole file would cost
/// twenty times more, and LIEF 0.9 has no bounds of its own for hostile files (a version chain
/// that loops takes 4 GB, overlapping sections 14 s).
///
/// Nothing where the tables are damaged or larger than LIEF is to be asked for.
std::optional<std::vector<std::uint8_t>> compact_image(const Look& look, const Dynamic& dynamic,
                                                       const StringTable& strings,
                                                       const Versions& versions);

}  // namespace slimimg::elf
