#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/elf/elf.hpp"

/// What glibc's loader has per processor.
namespace slimimg::closure::loader {

/// How a loader answers a file that a search has come upon (glibc's open_verify).
struct Verdict {
    enum class Kind {
        take,
        skip,    ///< for another machine: the search goes on
        refuse,  ///< the search ends and the program does not start
    } kind = Kind::take;
    std::string reason;
};

/// Judges a file's header for a loader of the ABI `own`.
Verdict judge_header(Bytes file, const elf::Abi& own);

/// True where the loader takes a line of ld.so.cache with these flags (_dl_cache_check_flags).
bool accepts_cache_flags(const elf::Abi& own, std::int32_t flags);
/// The flags after which the loader looks at no further line (_DL_CACHE_DEFAULT_ID).
std::int32_t default_cache_flags(const elf::Abi& own);
/// The hardware bits of a line of ld.so.cache that hold on every CPU of the machine.
std::uint64_t common_cache_hwcaps(const elf::Abi& own);

/// A name that depends on the CPU, or holds on all.
struct HardwareName {
    std::string_view name;
    bool always = false;
};

/// What $PLATFORM may stand for; what holds on every CPU comes last.
std::vector<HardwareName> platforms(const elf::Abi& own);
/// The parts of the hardware folders that loaders up to glibc 2.36 try ("tls/haswell/x86_64"), in
/// the order in which they nest; of each part one name or none (_dl_important_hwcaps).
std::vector<std::vector<HardwareName>> legacy_hardware_folders(const elf::Abi& own);
/// One of the names in the loader's own list of folders below glibc-hwcaps, by which that list is
/// found in its bytes; empty where the machine has none.
std::string_view a_hwcaps_folder(const elf::Abi& own);

/// Where glibc's loader stands for programs of this ABI, by the platform's convention.
std::vector<std::string> glibc_interpreters(const elf::Abi& abi);
/// The names that musl has for the machine: "/lib/ld-musl-<name>.so.1".
std::vector<std::string_view> musl_architectures(const elf::Abi& abi);

}  // namespace slimimg::closure::loader
