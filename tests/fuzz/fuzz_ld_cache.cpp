#include "slimimg/closure/ld_cache.hpp"

#include "fuzz/inputs.hpp"
#include "fuzz/targets.hpp"

namespace fuzz {

using slimimg::closure::LdCache;

void ld_cache(slimimg::Bytes input) {
    const std::vector<std::byte> file = exact(input);
    const auto cache = LdCache::parse(file);
    if (!cache) {
        return;
    }
    const std::string written = cache->serialize(cache->order);
    const auto again = LdCache::parse(slimimg::as_bytes(written));
    demand(again.has_value(), "a cache that was written can't be read");
    demand(again->entries.size() <= cache->entries.size(), "entries came from nowhere");
    demand(again->serialize(again->order) == written, "writing a cache again changes it");
}

std::vector<std::string> ld_cache_seeds() {
    LdCache cache;
    cache.entries = {{.flags = 0x303, .name = "libc.so.6", .path = "/lib/libc.so.6"},
                     {.flags = 0x303, .name = "libz.so.1", .path = "/usr/lib/libz.so.1"},
                     {.flags = 0x303,
                      .name = "libz.so.1",
                      .path = "/usr/lib/glibc-hwcaps/x86-64-v3/libz.so.1",
                      .hwcap = 1ULL << 62,
                      .hwcaps_folder = "x86-64-v3"}};
    const std::string modern = cache.serialize(std::endian::little);
    std::string old("ld.so-1.7.0\0\1\0\0\0\3\0\0\0\0\0\0\0\2\0\0\0a\0/a\0", 33);
    return {modern, cache.serialize(std::endian::big), old, old + std::string(7, '\0') + modern};
}

}  // namespace fuzz
