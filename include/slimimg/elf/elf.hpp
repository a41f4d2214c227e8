#pragma once

#include <bit>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/base/bytes.hpp"
#include "slimimg/base/diagnostic.hpp"
#include "slimimg/base/run_options.hpp"

namespace slimimg::elf {

/// What decides whether a loader takes a file at all (glibc's elf/dl-load.c open_verify).
struct Abi {
    std::uint16_t machine = 0;  ///< e_machine: 62 x86-64, 183 AArch64, 40 ARM, …
    std::uint8_t bits = 64;     ///< 32 or 64
    std::endian order = std::endian::little;
    std::uint8_t os_abi = 0;  ///< EI_OSABI
    std::uint32_t flags = 0;  ///< e_flags: hard or soft float, MIPS ABI, …

    bool operator==(const Abi&) const = default;
};

/// Version names wanted of one library (a Verneed record).
struct VersionNeed {
    std::string library;  ///< vn_file: a NEEDED name
    struct Name {
        std::string name;
        bool weak = false;  ///< VER_FLG_WEAK: only warned about

        bool operator==(const Name&) const = default;
    };
    std::vector<Name> versions;

    bool operator==(const VersionNeed&) const = default;
};

/// One alternative set of a .note.dlopen entry (UAPI.12).
struct DlopenNote {
    std::vector<std::string> sonames;  ///< the first available wins
    std::string feature;               ///< all of one feature go together
    std::string description;
    enum class Priority { required, recommended, suggested } priority = Priority::recommended;
};

/// What the loader, the report and the rules need to know of an ELF file.
struct ElfFacts {
    Abi abi;
    enum class Type { none, relocatable, executable, shared, core, other } type = Type::none;
    bool dynamic = false;                    ///< has a PT_DYNAMIC
    bool pie = false;                        ///< DF_1_PIE
    bool relro = false;                      ///< has a PT_GNU_RELRO
    bool executable_stack = false;           ///< PT_GNU_STACK asks for one
    std::optional<std::string> interpreter;  ///< PT_INTERP
    std::vector<std::string> needed;         ///< DT_NEEDED, in order
    std::optional<std::string> soname;
    std::optional<std::string> rpath;      ///< DT_RPATH as it stands
    std::optional<std::string> runpath;    ///< DT_RUNPATH as it stands
    std::vector<std::string> filters;      ///< DT_FILTER, in order: must be there
    std::vector<std::string> auxiliaries;  ///< DT_AUXILIARY, in order: may be missing
    std::uint64_t flags = 0;               ///< DT_FLAGS
    std::uint64_t flags_1 = 0;             ///< DT_FLAGS_1
    std::vector<VersionNeed> version_needs;
    /// Verdef records in order, the base (named like the library) too: as in glibc, a library that
    /// has none is only warned about, one that has others than the wanted is an error.
    std::vector<std::string> version_definitions;
    std::vector<DlopenNote> dlopen_notes;
    std::string package_note;             ///< .note.package JSON; empty where absent
    std::string build_id;                 ///< hex; empty where absent
    std::uint64_t debug_bytes = 0;        ///< .debug_* and .zdebug_* sections
    std::uint64_t symbol_bytes = 0;       ///< .symtab and .strtab
    std::vector<Diagnostic> diagnostics;  ///< path is empty here: the caller knows it

    /// A program that can be started, not a library: has an interpreter, or is ET_EXEC, or is a
    /// static PIE.
    [[nodiscard]] bool is_program() const;
};

/// One entry of the dynamic symbol table. Its texts are parts of the file.
struct DynamicSymbol {
    std::string_view name;
    std::string_view version;  ///< of a need or a definition; empty where unversioned
    bool defined = false;
    bool weak = false;
    bool hidden_version = false;  ///< name@VERSION and not name@@VERSION
};

/// True where the bytes start like an ELF file.
bool is_elf(Bytes file);

/// Reads a file's facts. Nothing where it isn't an ELF file, or is so damaged that no loader would
/// take it; a lesser damage is a diagnostic in the facts. Never throws for what the bytes are;
/// bounded in time and memory for any bytes.
std::optional<ElfFacts> read_facts(Bytes file, const Limits& limits);

/// The dynamic symbols of a file that has facts, local ones left out. Throws nothing; an unreadable
/// table is a diagnostic in `diagnostics` and an empty result.
std::vector<DynamicSymbol> read_dynamic_symbols(Bytes file, const Limits& limits,
                                                std::vector<Diagnostic>& diagnostics);

/// The parts of the file that hold constant data, where strings that the program uses are found:
/// the data sections by type and flags, or the loaded segments where there are no sections. Code
/// and debug data are left out where sections tell them apart.
std::vector<Bytes> constant_data(Bytes file);
/// Calls `take` for each NUL-terminated text of at least four printable bytes in the constant data.
void for_each_constant_string(Bytes file, const std::function<void(std::string_view)>& take);

/// "x86-64", "AArch64", …; "machine 1234" for one that has no name here.
std::string machine_name(std::uint16_t machine);

/// What Debian and its kin call the folder of such a machine's libraries ("x86_64-linux-gnu";
/// Debian's "Multiarch/Tuples"); empty for a machine that Debian never ran on.
std::string_view multiarch_triplet(const Abi& abi);

}  // namespace slimimg::elf
