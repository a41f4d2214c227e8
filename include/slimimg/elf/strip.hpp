#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "slimimg/base/bytes.hpp"

/// ELF files without what only debuggers and linkers read.
namespace slimimg::elf {

/// A file without its debug sections and symbol table, in three parts that follow each other. All
/// that a loader maps stands at its old offset, byte for byte.
struct Stripped {
    std::string header;  ///< the ELF header, with the place of the new section headers
    Bytes kept;          ///< of the file that was given, right behind its header
    std::string tail;    ///< sections that are not mapped, names, section headers

    [[nodiscard]] std::uint64_t size() const { return header.size() + kept.size() + tail.size(); }
    [[nodiscard]] std::string bytes() const;
};

/// What can't be stripped, and why not.
enum class Unstrippable {
    no_program,      ///< no ELF file that an operating system's loader maps, or a damaged one
    nothing_to_cut,  ///< no debug sections and no symbol table, or the file would not shrink
    appended_data,   ///< bytes behind the ELF file's own, which its program may read
};

struct StripResult {
    std::optional<Stripped> file;  ///< nothing: see `problem`
    Unstrippable problem = Unstrippable::no_program;
};

/// Leaves out sections that are not mapped and hold debug data (.debug_*, .zdebug_*, .stab*,
/// .line*, .gdb_index, .gnu_debugdata, .gnu.debuglto_*), the static symbol table and relocations
/// against it, as binutils' strip does; all other sections stay, .gnu_debuglink and notes too.
/// Programs and shared objects only: object files and kernel modules need their symbols.
StripResult strip(Bytes file);

/// Empty where `stripped` says to a loader and to a debugger what `original` says: the same header
/// but for the section headers' place, the same segments with the same bytes, the same facts
/// (libraries, versions, build ID) and dynamic symbols, sections that are what they were. Else
/// what differs.
std::string_view difference_at_run_time(Bytes original, Bytes stripped);

}  // namespace slimimg::elf
