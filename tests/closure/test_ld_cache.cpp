#include <algorithm>
#include <fstream>

#include <doctest/doctest.h>

#include "slimimg/base/file.hpp"
#include "slimimg/closure/ld_cache.hpp"

#include "support/command.hpp"
#include "support/loadable.hpp"

using slimimg::as_bytes;
using slimimg::closure::LdCache;
using slimimg::closure::LdCacheEntry;

namespace {

namespace fs = std::filesystem;

void put(std::string& out, std::uint64_t value, std::size_t size, std::endian order) {
    for (std::size_t i = 0; i < size; ++i) {
        const std::size_t shift = 8 * (order == std::endian::big ? size - 1 - i : i);
        out += static_cast<char>(value >> shift & 0xff);
    }
}

/// The old format: one library for each name, all at /old/<name>.
std::string old_cache(const std::vector<std::string>& names, std::endian order) {
    std::string out = "ld.so-1.7.0";
    out += '\0';
    put(out, names.size(), 4, order);
    std::string strings;
    for (const std::string& name : names) {
        put(out, 3, 4, order);
        put(out, strings.size(), 4, order);
        strings += name + '\0';
        put(out, strings.size(), 4, order);
        strings += "/old/" + name + '\0';
    }
    return out + strings;
}

std::string written_by_ldconfig(const fs::path& folder, const std::string& format) {
    std::ofstream(folder / "conf") << (folder / "lib").string() << "\n";
    const fs::path file = folder / "cache";
    const auto output = test::run(
        {.argv = {"/sbin/ldconfig", "-X", "-c", format, "-f", folder / "conf", "-C", file}});
    INFO(output.text);
    REQUIRE(output.status == 0);
    return std::string(slimimg::map_file(file).text());
}

/// A library that ldconfig takes. It finds out which kind it is by its NEEDED.
void put_library(const fs::path& file) {
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary)
        << test::loadable({.needed = {"libc.so.6"}, .soname = file.filename()});
}

}  // namespace

TEST_SUITE("ld.so.cache") {
    TEST_CASE("this machine's cache comes out byte for byte") {
        const auto file = slimimg::map_file("/etc/ld.so.cache");
        const auto cache = LdCache::parse(file.bytes);
        REQUIRE(cache);
        CHECK(cache->entries.size() > 10);
        CHECK(cache->generator.starts_with("ldconfig ("));
        CHECK(cache->serialize(std::endian::little) == file.text());
    }

    TEST_CASE("a cache with hwcaps folders comes out byte for byte as ldconfig writes it") {
        const test::TemporaryFolder folder;
        for (const char* name : {"liba.so.1", "liba.so.9", "liba.so.10", "libtail-liba.so.1"}) {
            put_library(folder.path() / "lib" / name);
        }
        put_library(folder.path() / "lib/glibc-hwcaps/x86-64-v3/liba.so.1");
        put_library(folder.path() / "lib/glibc-hwcaps/x86-64-v2/liba.so.1");
        put_library(folder.path() / "lib/glibc-hwcaps/x86-64-v2/liba.so.10");
        const std::string file = written_by_ldconfig(folder.path(), "new");
        auto cache = LdCache::parse(as_bytes(file));
        REQUIRE(cache);
        std::vector<std::string> folders;
        for (const LdCacheEntry& entry : cache->entries) {
            if (entry.name == "liba.so.1") {
                folders.push_back(entry.hwcaps_folder);
            }
        }
        CHECK(folders == std::vector<std::string>{"x86-64-v2", "x86-64-v3", ""});
        std::reverse(cache->entries.begin(), cache->entries.end());
        CHECK(cache->serialize(std::endian::little) == file);
    }

    TEST_CASE("the old format is read, with the new one behind it and without") {
        const test::TemporaryFolder folder;
        put_library(folder.path() / "lib/liba.so.1");
        const auto both = LdCache::parse(as_bytes(written_by_ldconfig(folder.path(), "compat")));
        REQUIRE(both);
        const auto current = LdCache::parse(as_bytes(written_by_ldconfig(folder.path(), "new")));
        REQUIRE(current);
        CHECK(both->entries == current->entries);
        const auto old = LdCache::parse(as_bytes(written_by_ldconfig(folder.path(), "old")));
        REQUIRE(old);
        CHECK(old->entries == current->entries);
    }

    TEST_CASE("either byte order is read") {
        LdCache cache{.entries = {{.flags = 0x303,
                                   .name = "liba.so",
                                   .path = "/lib/liba.so",
                                   .hwcap = (1ULL << 62) | (2ULL << 32),
                                   .hwcaps_folder = "z15"},
                                  {0x303, "liba.so", "/opt/liba.so"}},
                      .generator = "test"};
        for (const std::endian order : {std::endian::little, std::endian::big}) {
            const auto again = LdCache::parse(as_bytes(cache.serialize(order)));
            REQUIRE(again);
            CHECK(again->order == order);
            CHECK(again->generator == "test");
            CHECK(again->entries == cache.entries);
            const auto old = LdCache::parse(as_bytes(old_cache({"libb.so", "liba.so"}, order)));
            REQUIRE(old);
            CHECK(old->order == order);
            REQUIRE(old->entries.size() == 2);
            CHECK(old->entries[1].path == "/old/liba.so");
        }
    }

    TEST_CASE("the order of a cache from before glibc 2.33 is that in which it makes sense") {
        for (const std::endian order : {std::endian::little, std::endian::big}) {
            const LdCache cache{.entries = {{0x303, "liba.so", "/lib/liba.so"}}};
            std::string file = cache.serialize(order);
            file[28] = 0;
            const auto again = LdCache::parse(as_bytes(file));
            REQUIRE(again);
            CHECK(again->order == order);
            CHECK(again->entries == cache.entries);
        }
    }

    TEST_CASE("an empty cache is one") {
        const auto again = LdCache::parse(as_bytes(LdCache{}.serialize(std::endian::little)));
        REQUIRE(again);
        CHECK(again->entries.empty());
    }

    TEST_CASE("what the loader would not take is no cache") {
        const LdCache cache{.entries = {{0x303, "liba.so", "/lib/liba.so"}}};
        const std::string file = cache.serialize(std::endian::little);
        CHECK(!LdCache::parse({}));
        CHECK(!LdCache::parse(as_bytes("glibc-ld.so.cache1.1")));
        CHECK(!LdCache::parse(as_bytes("some text that is no cache, but is long enough for one")));
        CHECK(!LdCache::parse(as_bytes(file).first(60)));
        std::string wrong = file;
        wrong[28] = 1;
        CHECK(!LdCache::parse(as_bytes(wrong)));
        wrong = file;
        wrong[20] = 100;
        CHECK(!LdCache::parse(as_bytes(wrong)));
    }

    TEST_CASE("entries that point out of the file are left out") {
        const LdCache cache{
            .entries = {{0x303, "libb.so", "/lib/libb.so"}, {0x303, "liba.so", "/lib/liba.so"}}};
        std::string file = cache.serialize(std::endian::little);
        file[48 + 7] = 0x7f;
        const auto again = LdCache::parse(as_bytes(file));
        REQUIRE(again);
        REQUIRE(again->entries.size() == 1);
        CHECK(again->entries[0].name == "liba.so");
    }

    TEST_CASE("no byte changed in a cache makes reading it fail badly") {
        LdCache cache{.entries = {{.flags = 0x303,
                                   .name = "liba.so",
                                   .path = "/lib/liba.so",
                                   .hwcap = 1ULL << 62,
                                   .hwcaps_folder = "x86-64-v3"},
                                  {0x303, "liba.so", "/opt/liba.so"}},
                      .generator = "test"};
        const std::string file = cache.serialize(std::endian::little);
        for (std::size_t i = 0; i < file.size(); ++i) {
            for (const int value : {0, 1, 0x7f, 0xff}) {
                std::string damaged = file;
                damaged[i] = static_cast<char>(value);
                const auto again = LdCache::parse(as_bytes(damaged));
                CHECK((!again || again->entries.size() <= 2));
            }
            CHECK_NOTHROW(static_cast<void>(LdCache::parse(as_bytes(file).first(i))));
        }
    }
}
