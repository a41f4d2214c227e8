#pragma once

#include "elf/look.hpp"

namespace slimimg::elf {

/// Reads the build ID, the dlopen notes and the package note of all PT_NOTE segments into `facts`;
/// what can't be read is a diagnostic there.
void read_notes(const Look& look, ElfFacts& facts);

/// The entries of one .note.dlopen text (UAPI.12, "ELF dlopen() metadata"): an array of objects,
/// or the single object of an older draft. Nothing where it isn't well-formed JSON of that shape.
std::optional<std::vector<DlopenNote>> parse_dlopen_note(std::string_view json);

}  // namespace slimimg::elf
