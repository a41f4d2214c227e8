#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "slimimg/base/bytes.hpp"

namespace slimimg::closure {

/// One line of /etc/ld.so.cache.
struct LdCacheEntry {
    std::int32_t flags = 0;  ///< FLAG_ELF_LIBC6 and the ABI bits (glibc's ldconfig.h)
    std::string name;        ///< SONAME, the key
    std::string path;
    std::uint32_t os_version = 0;
    std::uint64_t hwcap = 0;    ///< as it stands in the file
    std::string hwcaps_folder;  ///< "x86-64-v3" for an entry below glibc-hwcaps; else empty

    bool operator==(const LdCacheEntry&) const = default;
};

/// /etc/ld.so.cache as glibc writes it (elf/cache.c, dl-cache.h): the old format with the new one
/// behind it, or either alone, in either byte order.
struct LdCache {
    std::vector<LdCacheEntry> entries;  ///< in the file's order
    std::endian order = std::endian::little;
    std::string generator;  ///< "ldconfig (Debian GLIBC 2.36-9) stable release version 2.36"

    /// Nothing where the bytes are no cache that glibc's loader would take. Entries whose strings
    /// lie outside the file are left out.
    static std::optional<LdCache> parse(Bytes file);

    /// A cache in the new format with the same bytes that glibc 2.36's ldconfig would write for
    /// these entries, sorted as it sorts them; `byte_order` is that of the machine.
    [[nodiscard]] std::string serialize(std::endian byte_order) const;
};

}  // namespace slimimg::closure
