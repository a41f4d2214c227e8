#include <doctest/doctest.h>

#include "slimimg/closure/ld_cache.hpp"

#include "support/loader.hpp"

using namespace slimimg::closure;
using test::check_glibc;
using test::World;

namespace {

World glibc_world() {
    World world;
    world.add_glibc();
    return world;
}

constexpr std::int32_t x86_64_flags = 0x303;

std::string cache(std::vector<LdCacheEntry> entries) {
    return LdCache{.entries = std::move(entries)}.serialize(std::endian::little);
}

}  // namespace

TEST_SUITE("glibc's search") {
    TEST_CASE("the default folders are the loader's own, in its order") {
        World world = glibc_world();
        world.add_program("/app/run", {.needed = {"liba.so", "libb.so", "libc.so", "libd.so"}});
        for (const char* folder : {"/usr/lib", "/lib", "/usr/lib/x86_64-linux-gnu"}) {
            world.add(std::string(folder) + "/libb.so", {});
        }
        world.add("/usr/lib/libd.so", {}).add("/lib64/libe.so", {});
        world.add("/lib/x86_64-linux-gnu/liba.so", {}).add("/usr/lib/x86_64-linux-gnu/liba.so", {});
        world.add("/lib/libc.so", {}).add("/usr/lib/libc.so", {});
        check_glibc(world, "/app/run",
                    {"/lib/x86_64-linux-gnu/liba.so", "/usr/lib/x86_64-linux-gnu/libb.so",
                     "/lib/libc.so", "/usr/lib/libd.so"});
    }

    TEST_CASE("folders outside the loader's own are not searched") {
        World world = glibc_world();
        world.add_program("/app/run", {.needed = {"liba.so"}});
        world.add("/lib64/liba.so", {}).add("/usr/local/lib/liba.so", {});
        check_glibc(world, "/app/run", {}, {}, {"liba.so"});
        const test::Linked linked(world, "/app/run");
        REQUIRE(linked.link.missing.size() == 1);
        CHECK(linked.link.missing[0].searched ==
              std::vector<std::string>{"/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib",
                                       "/usr/lib"});
        CHECK(linked.tree[linked.link.missing[0].needed_by].path == "/app/run");
    }

    TEST_CASE("objects load breadth first") {
        World world = glibc_world();
        world.add_program("/app/run", {.needed = {"liba.so", "libb.so"}});
        world.add("/lib/liba.so", {.needed = {"libc.so"}});
        world.add("/lib/libb.so", {.needed = {"libd.so", "libc.so"}});
        world.add("/lib/libc.so", {}).add("/lib/libd.so", {.needed = {"liba.so"}});
        check_glibc(world, "/app/run",
                    {"/lib/liba.so", "/lib/libb.so", "/lib/libc.so", "/lib/libd.so"});
        const test::Linked linked(world, "/app/run");
        CHECK(linked.object("/lib/libc.so").loaded_by == 1U);
        CHECK(linked.object("/lib/libd.so").loaded_by == 2U);
        CHECK(linked.object("/lib/liba.so").found_by == "default folder /lib");
    }

    TEST_CASE("a loaded object answers to its SONAME") {
        World world = glibc_world();
        world.add_program("/app/run", {.needed = {"plugin.so", "libb.so"}, .runpath = "/app/lib"});
        world.add("/app/lib/plugin.so", {.soname = "libshared.so.1"});
        world.add("/app/lib/libb.so", {.needed = {"libshared.so.1"}});
        world.add("/lib/libshared.so.1", {});
        check_glibc(world, "/app/run", {"/app/lib/plugin.so", "/app/lib/libb.so"});
    }

    TEST_CASE("the program answers to its SONAME too") {
        World world = glibc_world();
        world.add_program("/app/run", {.needed = {"liba.so"}, .soname = "libself.so"});
        world.add("/lib/liba.so", {.needed = {"libself.so"}}).add("/lib/libself.so", {});
        check_glibc(world, "/app/run", {"/lib/liba.so"});
    }

    TEST_CASE("a file loaded under one name is not loaded again under another") {
        World world = glibc_world();
        world.add_program("/app/run", {.needed = {"liba.so", "libalso.so", "libb.so"}});
        world.add("/lib/liba.so", {}).add_link("/lib/libalso.so", "liba.so");
        // libb would find another libalso.so, but the name is known by now.
        world.add("/lib/libb.so", {.needed = {"libalso.so"}, .runpath = "/other"});
        world.add("/other/libalso.so", {});
        check_glibc(world, "/app/run", {"/lib/liba.so", "/lib/libb.so"});
    }

    TEST_CASE("a name with a slash is a path, with tokens") {
        World world = glibc_world();
        world.add_program("/app/bin/run",
                          {.needed = {"$ORIGIN/../lib/liba.so", "/opt/libb.so", "sub/libc.so"}});
        world.add("/app/lib/liba.so", {}).add("/opt/libb.so", {}).add("/data/sub/libc.so", {});
        LoaderEnvironment environment{.workdir = "/data"};
        check_glibc(world, "/app/bin/run",
                    {"/app/bin/../lib/liba.so", "/opt/libb.so", "sub/libc.so"}, environment);
    }

    TEST_CASE("the RPATHs of all loaders up to the program are searched") {
        World world = glibc_world();
        world.add_program("/app/run", {.needed = {"liba.so"}, .rpath = "/p"});
        world.add("/p/liba.so", {.needed = {"libb.so"}, .rpath = "/a"});
        world.add("/a/libb.so", {.needed = {"libc.so", "libd.so", "libe.so"}, .rpath = "/b"});
        world.add("/a/libc.so", {}).add("/p/libc.so", {});
        world.add("/p/libd.so", {}).add("/lib/libd.so", {});
        world.add("/b/libe.so", {}).add("/a/libe.so", {});
        check_glibc(world, "/app/run",
                    {"/p/liba.so", "/a/libb.so", "/a/libc.so", "/p/libd.so", "/b/libe.so"});
        const test::Linked linked(world, "/app/run");
        CHECK(linked.object("/p/libd.so").found_by == "RPATH /p of /app/run");
        CHECK(linked.object("/b/libe.so").found_by == "RPATH /b");
    }

    TEST_CASE("a RUNPATH in a middle library blocks the RPATHs above it") {
        World world = glibc_world();
        world.add_program("/app/run", {.needed = {"liba.so"}, .rpath = "/p"});
        world.add("/p/liba.so", {.needed = {"libb.so", "libc.so"}, .runpath = "/a"});
        world.add("/p/libb.so", {}).add("/p/libc.so", {}).add("/lib/libb.so", {});
        check_glibc(world, "/app/run", {"/p/liba.so", "/lib/libb.so"}, {}, {"libc.so"});
    }

    TEST_CASE("an RPATH beside a RUNPATH counts for nothing") {
        World world = glibc_world();
        world.add_program("/app/run",
                          {.needed = {"liba.so"}, .rpath = "/rpath", .runpath = "/runpath"});
        world.add("/rpath/liba.so", {}).add("/runpath/liba.so", {.needed = {"libb.so"}});
        world.add("/rpath/libb.so", {}).add("/lib/libb.so", {});
        check_glibc(world, "/app/run", {"/runpath/liba.so", "/lib/libb.so"});
    }

    TEST_CASE("a RUNPATH is not handed down") {
        World world = glibc_world();
        world.add_program("/app/run", {.needed = {"liba.so"}, .runpath = "/p"});
        world.add("/p/liba.so", {.needed = {"libb.so"}});
        world.add("/p/libb.so", {});
        check_glibc(world, "/app/run", {"/p/liba.so"}, {}, {"libb.so"});
    }

    TEST_CASE("LD_LIBRARY_PATH comes after RPATH and before RUNPATH") {
        World world = glibc_world();
        world.add_program("/app/run", {.needed = {"liba.so", "libb.so"}, .rpath = "/rpath"});
        world.add_program("/app/walk", {.needed = {"liba.so"}, .runpath = "/rpath"});
        world.add("/rpath/liba.so", {}).add("/env/liba.so", {}).add("/env2/libb.so", {});
        world.add("/lib/libb.so", {});
        const LoaderEnvironment environment{.library_path = "/none;/env/:/env2"};
        check_glibc(world, "/app/run", {"/rpath/liba.so", "/env2/libb.so"}, environment);
        check_glibc(world, "/app/walk", {"/env/liba.so"}, environment);
    }

    TEST_CASE("an empty part of a search path is the working folder") {
        World world = glibc_world();
        world.add_program("/app/run", {.needed = {"liba.so"}});
        world.add_program("/app/walk", {.needed = {"liba.so"}, .runpath = "/none::sub"});
        world.add("/data/liba.so", {.needed = {"libb.so"}, .runpath = "$ORIGIN"});
        world.add("/data/libb.so", {});
        const LoaderEnvironment environment{.library_path = ":/none", .workdir = "/data"};
        check_glibc(world, "/app/run", {"liba.so", "libb.so"}, environment);
        check_glibc(world, "/app/walk", {"liba.so", "/data/libb.so"}, {.workdir = "/data"});
    }

    TEST_CASE("$ORIGIN of a library is the folder it was opened in, of a program the real one") {
        World world = glibc_world();
        world.add_program("/app/bin/run", {.needed = {"liba.so"}, .runpath = "${ORIGIN}/../lib"});
        world.add("/real/liba.so", {.needed = {"libb.so"}, .runpath = "$ORIGIN/private"});
        world.add_link("/app/lib/liba.so", "/real/liba.so");
        world.add("/app/lib/private/libb.so", {}).add("/real/private/libb.so", {});
        check_glibc(world, "/app/bin/run",
                    {"/app/bin/../lib/liba.so", "/app/bin/../lib/private/libb.so"});
        const test::Linked linked(world, "/app/bin/run");
        const auto& object = linked.object("/app/bin/../lib/liba.so");
        CHECK(linked.tree[object.file].path == "/real/liba.so");
        REQUIRE(object.links.size() == 1);
        CHECK(linked.tree[object.links[0]].path == "/app/lib/liba.so");
        CHECK(object.found_by == "RUNPATH ${ORIGIN}/../lib");
    }

    TEST_CASE("$LIB is Debian's multiarch folder, and unknown tokens stand for themselves") {
        World world = glibc_world();
        world.add_program("/app/run", {.needed = {"liba.so", "libb.so", "libc.so"},
                                       .runpath = "/app/$LIB:/app/$LIBRARY:/app/${ORIGIN"});
        world.add("/app/lib/x86_64-linux-gnu/liba.so", {});
        world.add("/app/$LIBRARY/libb.so", {}).add("/app/${ORIGIN/libc.so", {});
        check_glibc(world, "/app/run",
                    {"/app/lib/x86_64-linux-gnu/liba.so", "/app/$LIBRARY/libb.so",
                     "/app/${ORIGIN/libc.so"});
    }

    TEST_CASE("$PLATFORM is another folder on another CPU: all are kept") {
        World world = glibc_world();
        world.add_program("/app/run", {.needed = {"liba.so"}, .runpath = "/app/$PLATFORM"});
        world.add("/app/x86_64/liba.so", {}).add("/app/haswell/liba.so", {});
        const test::Linked linked(world, "/app/run");
        const auto& object = linked.object("/app/x86_64/liba.so");
        REQUIRE(object.alternatives.size() == 1);
        CHECK(object.alternatives[0].path == "/app/haswell/liba.so");
        CHECK(object.alternatives[0].why == "$PLATFORM haswell");
    }

    TEST_CASE("files for another class or machine are skipped") {
        World world = glibc_world();
        world.add_program("/app/run", {.needed = {"liba.so", "libb.so"}, .runpath = "/p"});
        world.add("/p/liba.so", {.machine = 3, .bits = 32}).add("/lib/liba.so", {});
        world.add("/p/libb.so", {.machine = 183}).add("/usr/lib/libb.so", {});
        check_glibc(world, "/app/run", {"/lib/liba.so", "/usr/lib/libb.so"});
    }

    TEST_CASE("a file that is no ELF file ends the search") {
        World world = glibc_world();
        world.add_program("/app/run", {.needed = {"liba.so"}, .runpath = "/p"});
        world.add_text("/p/liba.so", std::string(200, 'x')).add("/lib/liba.so", {});
        const test::Linked linked(world, "/app/run");
        REQUIRE(linked.link.missing.size() == 1);
        CHECK(linked.link.missing[0].problem == "/p/liba.so: invalid ELF header");
        const test::TemporaryFolder folder;
        world.extract(folder.path());
        const auto real = test::list_with_glibc(folder.path(), test::glibc_x86_64, "/app/run", {});
        CHECK(real.error.find("/p/liba.so: invalid ELF header") != std::string::npos);
    }

    TEST_CASE("what no loader maps is refused, with the loader's reason") {
        struct Case {
            test::Loadable library;
            const char* reason;
        };
        for (const Case& refused : {Case{{.type = 2}, "cannot dynamically load executable"},
                                    Case{{.flags_1 = test::flag_pie},
                                         "cannot dynamically load position-independent executable"},
                                    Case{{.type = 1}, "only ET_DYN and ET_EXEC can be loaded"},
                                    Case{{.os_abi = 9}, "ELF file OS ABI invalid"}}) {
            World world = glibc_world();
            world.add_program("/app/run", {.needed = {"liba.so"}});
            world.add("/lib/liba.so", refused.library);
            const test::Linked linked(world, "/app/run");
            REQUIRE(linked.link.missing.size() == 1);
            CHECK(linked.link.missing[0].problem == std::string("/lib/liba.so: ") + refused.reason);
            const test::TemporaryFolder folder;
            world.extract(folder.path());
            const auto real =
                test::list_with_glibc(folder.path(), test::glibc_x86_64, "/app/run", {});
            CHECK(real.error.find(refused.reason) != std::string::npos);
        }
    }

    TEST_CASE("the cache is asked after RUNPATH and before the default folders") {
        World world = glibc_world();
        world.add_program("/app/run", {.needed = {"liba.so", "libb.so"}, .runpath = "/p"});
        world.add("/p/liba.so", {}).add("/opt/liba.so", {}).add("/opt/libb.so", {});
        world.add("/lib/libb.so", {});
        world.add_text("/etc/ld.so.cache", cache({{x86_64_flags, "liba.so", "/opt/liba.so"},
                                                  {x86_64_flags, "libb.so", "/opt/libb.so"}}));
        check_glibc(world, "/app/run", {"/p/liba.so", "/opt/libb.so"});
        const test::Linked linked(world, "/app/run");
        REQUIRE(linked.link.files.size() == 1);
        CHECK(linked.tree[linked.link.files[0].file].path == "/etc/ld.so.cache");
        CHECK(linked.link.files[0].why == "the only way to libb.so");
        CHECK(linked.object("/opt/libb.so").found_by == "ld.so.cache");
    }

    TEST_CASE("a cache that says what the default folders hold is told as such") {
        World world = glibc_world();
        world.add_program("/app/run", {.needed = {"liba.so"}}).add("/lib/liba.so", {});
        world.add_text("/etc/ld.so.cache", cache({{x86_64_flags, "liba.so", "/lib/liba.so"}}));
        const test::Linked linked(world, "/app/run");
        REQUIRE(linked.link.files.size() == 1);
        CHECK(linked.link.files[0].why ==
              "looked up before the default folders, which hold the same");
    }

    TEST_CASE("a stale line of the cache falls through") {
        World world = glibc_world();
        world.add_program("/app/run", {.needed = {"liba.so"}}).add("/lib/liba.so", {});
        world.add_text("/etc/ld.so.cache", cache({{x86_64_flags, "liba.so", "/gone/liba.so"}}));
        check_glibc(world, "/app/run", {"/lib/liba.so"});
    }

    TEST_CASE("lines of the cache for another ABI are passed over") {
        World world = glibc_world();
        world.add_program("/app/run", {.needed = {"liba.so"}}).add("/opt/liba.so", {});
        world.add("/lib/liba.so", {});
        world.add_text("/etc/ld.so.cache",
                       cache({{3, "liba.so", "/opt/liba.so"}, {0x803, "liba.so", "/opt/liba.so"}}));
        check_glibc(world, "/app/run", {"/lib/liba.so"});
    }

    TEST_CASE("a cache of the other byte order is ignored") {
        World world = glibc_world();
        world.add_program("/app/run", {.needed = {"liba.so"}}).add("/opt/liba.so", {});
        world.add("/lib/liba.so", {});
        const LdCache other{.entries = {{x86_64_flags, "liba.so", "/opt/liba.so"}}};
        world.add_text("/etc/ld.so.cache", other.serialize(std::endian::big));
        check_glibc(world, "/app/run", {"/lib/liba.so"});
    }

    TEST_CASE("names of many versions are found in the cache") {
        World world = glibc_world();
        std::vector<LdCacheEntry> entries;
        std::vector<std::string> needed;
        std::vector<std::string> paths;
        for (int i = 0; i < 25; ++i) {
            const std::string name = "libv.so." + std::to_string(i);
            entries.push_back({x86_64_flags, name, "/opt/" + name});
            entries.push_back({x86_64_flags, "lib" + name, "/opt/none"});
            needed.push_back(name);
            paths.push_back("/opt/" + name);
            world.add("/opt/" + name, {});
        }
        world.add_text("/etc/ld.so.cache", cache(entries));
        world.add_program("/app/run", {.needed = needed});
        check_glibc(world, "/app/run", paths);
    }

    TEST_CASE("NODEFLIB rejects the default folders, through the cache too") {
        World world = glibc_world();
        world.add_program("/app/run", {.needed = {"liba.so", "libb.so", "libc.so"},
                                       .flags_1 = test::flag_no_default_lib});
        world.add("/lib/liba.so", {}).add("/usr/lib/libb.so", {}).add("/opt/libc.so", {});
        world.add_text("/etc/ld.so.cache", cache({{x86_64_flags, "libb.so", "/usr/lib/libb.so"},
                                                  {x86_64_flags, "libc.so", "/opt/libc.so"}}));
        check_glibc(world, "/app/run", {"/opt/libc.so"}, {}, {"liba.so", "libb.so"});
    }

    TEST_CASE("copies for CPUs are kept beside the base copy, in every searched folder") {
        World world = glibc_world();
        world.add_program("/app/run", {.needed = {"liba.so", "libb.so"}, .runpath = "/p"});
        world.add("/p/glibc-hwcaps/x86-64-v3/liba.so", {.needed = {"libfast.so"}});
        world.add("/p/glibc-hwcaps/x86-64-v2/liba.so", {});
        world.add("/p/glibc-hwcaps/other/liba.so", {}).add("/p/liba.so", {});
        world.add("/lib/glibc-hwcaps/x86-64-v3/libb.so", {}).add("/lib/libb.so", {});
        world.add("/lib/libfast.so", {});
        const test::Linked linked(world, "/app/run");
        const auto& object = linked.object("/p/liba.so");
        REQUIRE(object.alternatives.size() == 2);
        CHECK(object.alternatives[0].path == "/p/glibc-hwcaps/x86-64-v3/liba.so");
        CHECK(object.alternatives[0].why == "glibc-hwcaps/x86-64-v3");
        CHECK(object.alternatives[1].path == "/p/glibc-hwcaps/x86-64-v2/liba.so");
        CHECK(linked.object("/lib/libb.so").alternatives.size() == 1);
        CHECK(linked.object("/lib/libfast.so").loaded_by == 1U);
        CHECK(linked.link.missing.empty());

        // Without what only the copy for certain CPUs needs, the real loader agrees.
        const test::TemporaryFolder folder;
        world.extract(folder.path());
        const auto real = test::list_with_glibc(folder.path(), test::glibc_x86_64, "/app/run", {});
        CHECK(real.paths == std::vector<std::string>{"/p/liba.so", "/lib/libb.so"});
    }

    TEST_CASE("copies for CPUs in the cache are kept too") {
        World world = glibc_world();
        world.add_program("/app/run", {.needed = {"liba.so"}});
        world.add("/opt/liba.so", {}).add("/opt/glibc-hwcaps/x86-64-v3/liba.so", {});
        const std::uint64_t extension = 1ULL << 62;
        world.add_text("/etc/ld.so.cache", cache({{x86_64_flags, "liba.so", "/opt/liba.so"},
                                                  {.flags = x86_64_flags,
                                                   .name = "liba.so",
                                                   .path = "/opt/glibc-hwcaps/x86-64-v3/liba.so",
                                                   .hwcap = extension,
                                                   .hwcaps_folder = "x86-64-v3"}}));
        const test::Linked linked(world, "/app/run");
        REQUIRE(linked.object("/opt/liba.so").alternatives.size() == 1);
        CHECK(linked.object("/opt/liba.so").alternatives[0].why == "glibc-hwcaps/x86-64-v3");
        check_glibc(world, "/app/run", {"/opt/liba.so"});
    }

    TEST_CASE("a library for some CPUs only is taken, with a warning") {
        World world = glibc_world();
        world.add_program("/app/run", {.needed = {"liba.so"}});
        world.add("/lib/glibc-hwcaps/x86-64-v2/liba.so", {});
        const test::Linked linked(world, "/app/run");
        CHECK(linked.object("/lib/glibc-hwcaps/x86-64-v2/liba.so").alternatives.empty());
        REQUIRE(linked.link.diagnostics.size() == 1);
        CHECK(linked.link.diagnostics[0].code == "library-for-some-cpus");
    }

    TEST_CASE("the hardware folders of before glibc 2.37 are searched") {
        World world = glibc_world();
        world.add_program("/app/run", {.needed = {"liba.so", "libb.so", "libc.so"}});
        world.add("/lib/tls/liba.so", {}).add("/lib/liba.so", {});
        world.add("/lib/tls/x86_64/libb.so", {}).add("/lib/x86_64/libb.so", {});
        world.add("/lib/haswell/libc.so", {}).add("/lib/libc.so", {});
        const test::Linked linked(world, "/app/run");
        CHECK(linked.object("/lib/libc.so").alternatives.size() == 1);
        CHECK(linked.object("/lib/libc.so").alternatives[0].why == "haswell");
        CHECK(linked.object("/lib/tls/liba.so").alternatives.empty());
        CHECK(linked.object("/lib/tls/x86_64/libb.so").alternatives.empty());
        // What this machine's CPU takes of the folders that depend on it is not compared.
        const test::TemporaryFolder folder;
        world.extract(folder.path());
        const auto real = test::list_with_glibc(folder.path(), test::glibc_x86_64, "/app/run", {});
        REQUIRE(real.paths.size() == 3);
        CHECK(real.paths[0] == "/lib/tls/liba.so");
        CHECK(real.paths[1] == "/lib/tls/x86_64/libb.so");
    }

    TEST_CASE("preloads come before the program's own needs") {
        World world = glibc_world();
        world.add_program("/app/run", {.needed = {"liba.so"}, .runpath = "/p"});
        world.add("/lib/liba.so", {}).add("/p/libx.so", {.needed = {"liby.so"}});
        world.add("/lib/liby.so", {}).add("/opt/libz.so", {}).add("/lib/libw.so", {});
        world.add_text("/etc/ld.so.preload", "# /gone/liba.so\n/opt/libz.so:libw.so # libq.so");
        check_glibc(world, "/app/run",
                    {"/p/libx.so", "/opt/libz.so", "/lib/libw.so", "/lib/liba.so", "/lib/liby.so"},
                    {.preload = "libx.so /opt/libz.so:/gone.so"});
        const test::Linked linked(world, "/app/run", {.preload = "/gone.so"});
        CHECK(linked.link.missing.empty());
        REQUIRE(linked.link.diagnostics.size() == 1);
        CHECK(linked.link.diagnostics[0].code == "preload-ignored");
        REQUIRE(linked.link.files.size() == 1);
        CHECK(linked.tree[linked.link.files[0].file].path == "/etc/ld.so.preload");
    }

    TEST_CASE("filtees are looked up before their filters") {
        World world = glibc_world();
        world.add_program("/app/run", {.needed = {"liba.so", "libb.so", "libc.so"}});
        world.add("/lib/liba.so", {});
        world.add(
            "/lib/libb.so",
            {.needed = {"libd.so"}, .filters = {"libf.so"}, .auxiliaries = {"libx.so", "libc.so"}});
        world.add("/lib/libc.so", {}).add("/lib/libd.so", {});
        world.add("/lib/libf.so", {.needed = {"libg.so"}}).add("/lib/libx.so", {});
        world.add("/lib/libg.so", {});
        check_glibc(world, "/app/run",
                    {"/lib/liba.so", "/lib/libf.so", "/lib/libx.so", "/lib/libc.so", "/lib/libb.so",
                     "/lib/libd.so", "/lib/libg.so"});
    }

    TEST_CASE("a missing auxiliary is nothing, a missing filtee is") {
        World world = glibc_world();
        world.add_program("/app/run", {.needed = {"liba.so"}});
        world.add("/lib/liba.so", {.filters = {"libf.so"}, .auxiliaries = {"libx.so"}});
        const test::Linked linked(world, "/app/run");
        REQUIRE(linked.link.missing.size() == 1);
        CHECK(linked.link.missing[0].name == "libf.so");
    }

    TEST_CASE("the interpreter stands where it is first needed, by its SONAME") {
        World world = glibc_world();
        world.add_program("/app/run", {.needed = {"liba.so", "libb.so"}});
        world.add("/lib/liba.so", {.needed = {"ld-linux-x86-64.so.2", "libc.so"}});
        world.add("/lib/libb.so", {}).add("/lib/libc.so", {});
        world.add("/lib/ld-linux-x86-64.so.2", {});
        check_glibc(world, "/app/run",
                    {"/lib/liba.so", "/lib/libb.so", test::glibc_x86_64, "/lib/libc.so"});
        const test::Linked linked(world, "/app/run");
        CHECK(linked.link.interpreter == 3U);
        CHECK(linked.link.objects[3].found_by == "PT_INTERP");
    }

    TEST_CASE("a missing interpreter is told, and the libraries are still looked for") {
        World world;
        world.add_program("/app/run", {.needed = {"liba.so"}});
        world.add("/usr/lib/x86_64-linux-gnu/liba.so", {});
        const test::Linked linked(world, "/app/run");
        CHECK(linked.link.missing_interpreter == test::glibc_x86_64);
        CHECK(!linked.link.interpreter);
        CHECK(linked.object("/usr/lib/x86_64-linux-gnu/liba.so").file != 0);
    }

    TEST_CASE("an interpreter reached over links brings them along") {
        World world;
        world.add_host("/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2");
        world.add_link("/lib64", "usr/lib64");
        world.add_link("/usr/lib64/ld-linux-x86-64.so.2",
                       "/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2");
        world.add_program("/app/run", {});
        const test::Linked linked(world, "/app/run");
        REQUIRE(linked.link.interpreter == 1U);
        CHECK(linked.link.objects[1].links.size() == 2);
        CHECK(linked.link.objects[1].path == test::glibc_x86_64);
    }

    TEST_CASE("static programs have no loader") {
        World world = glibc_world();
        world.add("/app/static", {.type = 2});
        world.add("/app/static-pie", {.flags_1 = test::flag_pie});
        for (const char* program : {"/app/static", "/app/static-pie"}) {
            const test::Linked linked(world, program);
            CHECK(linked.link.kind == Link::Kind::none);
            CHECK(linked.link.objects.size() == 1);
            CHECK(!linked.link.missing_interpreter);
        }
    }

    TEST_CASE("a library is linked with the image's loader") {
        World world = glibc_world();
        world.add("/opt/libplugin.so", {.needed = {"liba.so"}, .runpath = "$ORIGIN"});
        world.add("/opt/liba.so", {});
        check_glibc(world, "/opt/libplugin.so", {"/opt/liba.so"});
        const test::Linked linked(world, "/opt/libplugin.so");
        CHECK(linked.link.kind == Link::Kind::glibc);
        CHECK(linked.link.objects.back().found_by == "the image's loader for the machine");
    }

    TEST_CASE("LD_LIBRARY_PATH and preloads by path count for nothing in set-id programs") {
        World world = glibc_world();
        const test::Loadable program{.needed = {"liba.so"}, .runpath = "/p"};
        world.add_program("/app/run", program, 04755).add_program("/app/group", program, 02755);
        world.add_program("/app/locking", program, 02744);
        world.add("/env/liba.so", {}).add("/p/liba.so", {}).add("/lib/libx.so", {});
        world.add("/lib/liby.so", {}, 04755);
        const LoaderEnvironment environment{.library_path = "/env",
                                            .preload = "/lib/libx.so libx.so liby.so"};
        for (const char* name : {"/app/run", "/app/group"}) {
            const auto listing = test::listing_of(test::Linked(world, name, environment).link);
            CHECK(listing.paths == std::vector<std::string>{"/lib/liby.so", "/p/liba.so"});
        }
        const auto listing =
            test::listing_of(test::Linked(world, "/app/locking", environment).link);
        CHECK(listing.paths ==
              std::vector<std::string>{"/lib/libx.so", "/lib/liby.so", "/env/liba.so"});
    }

    TEST_CASE("$ORIGIN in set-id programs must lead to the default folders") {
        World world = glibc_world();
        world.add_program("/usr/lib/app/run",
                          {.needed = {"liba.so", "libb.so", "libc.so"},
                           .runpath = "$ORIGIN/../app/x:/a/$ORIGIN:$ORIGIN/../../../opt"},
                          04755);
        world.add("/usr/lib/app/x/liba.so", {}).add("/opt/libb.so", {});
        world.add("/a/usr/lib/app/libc.so", {});
        const auto listing = test::listing_of(test::Linked(world, "/usr/lib/app/run").link);
        CHECK(listing.paths == std::vector<std::string>{"/usr/lib/app/../app/x/liba.so"});
        CHECK(listing.missing == std::vector<std::string>{"libb.so", "libc.so"});
    }

    TEST_CASE("tokens in a NEEDED name stop a set-id program") {
        World world = glibc_world();
        world.add_program("/app/run", {.needed = {"$ORIGIN/liba.so"}}, 04755);
        world.add("/app/liba.so", {});
        const test::Linked linked(world, "/app/run");
        REQUIRE(linked.link.missing.size() == 1);
        CHECK(linked.link.missing[0].problem == "tokens are not allowed in set-id programs");
    }

    TEST_CASE("search paths without end stop") {
        World world = glibc_world();
        std::string runpath = "/p";
        for (int i = 0; i < 20000; ++i) {
            runpath += ":/p" + std::to_string(i);
        }
        std::vector<std::string> needed;
        for (int i = 0; i < 1000; ++i) {
            needed.push_back("libgone" + std::to_string(i) + ".so");
        }
        world.add_program("/app/run", {.needed = needed, .runpath = runpath});
        const test::Linked linked(world, "/app/run");
        REQUIRE(!linked.link.diagnostics.empty());
        CHECK(linked.link.diagnostics.back().code == "loader-search-too-long");
    }
}
