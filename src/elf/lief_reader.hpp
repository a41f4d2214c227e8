#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "slimimg/elf/elf.hpp"

namespace slimimg::elf {

/// What LIEF reads of a compact image: interpreter, needed, soname, rpath, runpath, flags and
/// versions; the other facts are left as they are by default. Nothing where LIEF refuses it.
std::optional<ElfFacts> read_with_lief(const std::vector<std::uint8_t>& image);

}  // namespace slimimg::elf
