#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/base/bytes.hpp"

namespace slimimg::closure {

/// One line of /etc/ld.so.cache.
struct LdCacheEntry {
    std::int32_t flags = 0;  ///< FLAG_ELF_LIBC6 and the ABI bits (glibc's ldconfig.h)
    std::string name;        ///< SONAME, the key
    std::string path;
    std::uint32_t os_version = 0;
    std::uint64_t hwcap = 0;
    std::string hwcaps_folder;  ///< "x86-64-v3" for an entry below glibc-hwcaps; else empty
};

/// /etc/ld.so.cache as glibc writes it (elf/cache.c, dl-cache.h): the old format with the new one
/// behind it, or the new one alone, either byte order.
struct LdCache {
    std::vector<LdCacheEntry> entries;  ///< in the file's order

    /// Nothing where the bytes are no cache that glibc's loader would take.
    static std::optional<LdCache> parse(Bytes file);

    /// A cache in the new format with the same bytes that glibc 2.36's ldconfig would write for
    /// these entries; `order` is the byte order of the machine.
    [[nodiscard]] std::string serialize(std::endian order) const;
};

}  // namespace slimimg::closure
