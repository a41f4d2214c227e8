#include <doctest/doctest.h>

#include "support/loader.hpp"

using namespace slimimg::closure;
using test::check_musl;
using test::Loadable;
using test::World;

namespace {

World musl_world() {
    World world;
    world.add_musl();
    return world;
}

Loadable program(Loadable what) {
    what.interpreter = test::musl_x86_64;
    what.flags_1 |= test::flag_pie;
    return what;
}

}  // namespace

TEST_SUITE("musl's search") {
    TEST_CASE("names of the C library's parts are the loader itself") {
        World world = musl_world();
        world.add("/app/run", program({.needed = {"liba.so", "libc.musl-x86_64.so.1"}}));
        world.add("/lib/liba.so", {.needed = {"libc.so", "libpthread.so.0"}});
        world.add("/app/libs", program({.needed = {"libm.so.6", "libb.so"}}));
        world.add("/lib/libb.so", {.needed = {"libdl.so.2", "librt.so.1", "libutil.so.1",
                                              "libxnet.so", "libcc.so"}});
        world.add("/lib/libc.so", {}).add("/lib/libm.so.6", {}).add("/lib/libcc.so", {});
        check_musl(world, "/app/run", {"/lib/liba.so", test::musl_x86_64});
        check_musl(world, "/app/libs", {test::musl_x86_64, "/lib/libb.so", "/lib/libcc.so"});
        const test::Linked linked(world, "/app/libs");
        CHECK(linked.link.kind == Link::Kind::musl);
        CHECK(linked.link.interpreter == 1U);
    }

    TEST_CASE("the loader answers to its path") {
        World world = musl_world();
        world.add("/app/run", program({.needed = {test::musl_x86_64, "liba.so"}}));
        world.add("/lib/liba.so", {});
        // The real loader lists itself for reserved names only.
        CHECK(test::listing_of(test::Linked(world, "/app/run").link).paths ==
              std::vector<std::string>{test::musl_x86_64, "/lib/liba.so"});
    }

    TEST_CASE("a loader that nothing needs stands last") {
        World world = musl_world();
        world.add("/app/run", program({.needed = {"liba.so"}})).add("/lib/liba.so", {});
        const test::Linked linked(world, "/app/run");
        CHECK(linked.link.interpreter == 2U);
    }

    TEST_CASE("the default folders are lib, usr/local/lib and usr/lib") {
        World world = musl_world();
        world.add("/app/run", program({.needed = {"liba.so", "libb.so", "libd.so"}}));
        for (const char* folder : {"/usr/lib", "/usr/local/lib", "/lib"}) {
            world.add(std::string(folder) + "/liba.so", {});
        }
        world.add("/usr/lib/libb.so", {}).add("/usr/local/lib/libb.so", {});
        world.add("/usr/lib/libd.so", {}).add("/lib/glibc-hwcaps/x86-64-v2/libd.so", {});
        check_musl(world, "/app/run",
                   {"/lib/liba.so", "/usr/local/lib/libb.so", "/usr/lib/libd.so"});
        const test::Linked linked(world, "/app/run");
        CHECK(linked.object("/usr/lib/libd.so").found_by == "default folder /usr/lib");
        CHECK(linked.object("/usr/lib/libd.so").alternatives.empty());
    }

    TEST_CASE("the path file stands in the place of the default folders") {
        World world = musl_world();
        world.add("/app/run", program({.needed = {"liba.so", "libb.so"}}));
        world.add_text("/etc/ld-musl-x86_64.path", "/none\n/opt/a::\n/opt/b");
        world.add("/opt/a/liba.so", {}).add("/opt/b/libb.so", {}).add("/lib/liba.so", {});
        check_musl(world, "/app/run", {"/opt/a/liba.so", "/opt/b/libb.so"});
        const test::Linked linked(world, "/app/run");
        REQUIRE(linked.link.files.size() == 1);
        CHECK(linked.tree[linked.link.files[0].file].path == "/etc/ld-musl-x86_64.path");
    }

    TEST_CASE("the path file stands beside the loader's folder") {
        World world;
        world.add_musl("/opt/lib/ld.so");
        Loadable run = program({.needed = {"liba.so"}});
        run.interpreter = "/opt/lib/ld.so";
        world.add("/app/run", run);
        world.add_text("/opt/etc/ld-musl-x86_64.path", "/opt/a");
        world.add_text("/etc/ld-musl-x86_64.path", "/none");
        world.add("/opt/a/liba.so", {});
        check_musl(world, "/app/run", {"/opt/a/liba.so"}, {}, {}, "/opt/lib/ld.so");
    }

    TEST_CASE("an empty path file leaves no default folder") {
        World world = musl_world();
        world.add("/app/run", program({.needed = {"liba.so"}})).add("/lib/liba.so", {});
        world.add_text("/etc/ld-musl-x86_64.path", "");
        check_musl(world, "/app/run", {}, {}, {"liba.so"});
    }

    TEST_CASE("LD_LIBRARY_PATH comes first, before RPATH too") {
        World world = musl_world();
        world.add("/app/run", program({.needed = {"liba.so", "libb.so"}, .rpath = "/p"}));
        world.add("/p/liba.so", {}).add("/p/libb.so", {}).add("/env/liba.so", {});
        check_musl(world, "/app/run", {"/env/liba.so", "/p/libb.so"},
                   {.library_path = "/none:/env"});
    }

    TEST_CASE("RUNPATHs and RPATHs of all askers are searched alike") {
        World world = musl_world();
        world.add("/app/run", program({.needed = {"liba.so"}, .runpath = "/p"}));
        world.add("/p/liba.so", {.needed = {"libb.so"}, .rpath = "/r", .runpath = "/a"});
        world.add("/a/libb.so", {.needed = {"libd.so", "libe.so", "libf.so"}, .rpath = "/b"});
        world.add("/b/libd.so", {}).add("/a/libd.so", {});
        world.add("/a/libe.so", {}).add("/p/libe.so", {});
        world.add("/p/libf.so", {}).add("/lib/libf.so", {}).add("/r/libf.so", {});
        check_musl(world, "/app/run",
                   {"/p/liba.so", "/a/libb.so", "/b/libd.so", "/a/libe.so", "/p/libf.so"});
    }

    TEST_CASE("$ORIGIN is the folder of the file as it was opened") {
        World world = musl_world();
        world.add("/app/bin/run", program({.needed = {"liba.so"}, .runpath = "$ORIGIN/../lib"}));
        world.add("/real/liba.so", {.needed = {"libb.so"}, .runpath = "${ORIGIN}/private"});
        world.add_link("/app/lib/liba.so", "/real/liba.so");
        world.add("/app/lib/private/libb.so", {}).add("/real/private/libb.so", {});
        const test::Linked linked(world, "/app/bin/run");
        CHECK(
            test::listing_of(linked.link).paths ==
            std::vector<std::string>{"/app/bin/../lib/liba.so", "/app/bin/../lib/private/libb.so"});
    }

    TEST_CASE("any other token voids the whole path") {
        World world = musl_world();
        world.add("/app/run", program({.needed = {"liba.so"}, .runpath = "/p:/app/$LIB"}));
        world.add("/p/liba.so", {}).add("/lib/liba.so", {});
        check_musl(world, "/app/run", {"/lib/liba.so"});
    }

    TEST_CASE("a loaded file answers to the name it was searched by, not to its SONAME") {
        World world = musl_world();
        world.add("/app/run", program({.needed = {"liba.so", "libb.so"}}));
        world.add("/lib/liba.so", {.soname = "libsame.so"});
        world.add("/lib/libb.so", {.needed = {"libsame.so", "liba.so"}, .runpath = "/other"});
        world.add("/lib/libsame.so", {}).add("/other/liba.so", {});
        check_musl(world, "/app/run", {"/lib/liba.so", "/lib/libb.so", "/lib/libsame.so"});
    }

    TEST_CASE("a file is loaded once, and a search gives one loaded by path its short name") {
        World world = musl_world();
        world.add("/app/run", program({.needed = {"/lib/liba.so", "libb.so", "libd.so"}}));
        world.add("/lib/liba.so", {}).add_link("/lib/libb.so", "liba.so");
        world.add("/lib/libd.so", {.needed = {"liba.so"}, .runpath = "/other"});
        world.add("/other/liba.so", {});
        check_musl(world, "/app/run", {"/lib/liba.so", "/lib/libd.so"});
    }

    TEST_CASE("a path as a name gives no short name") {
        World world = musl_world();
        world.add("/app/run", program({.needed = {"/opt/liba.so", "liba.so"}}));
        world.add("/opt/liba.so", {}).add("/lib/liba.so", {});
        check_musl(world, "/app/run", {"/opt/liba.so", "/lib/liba.so"});
    }

    TEST_CASE("the first file that opens is taken, whatever it is") {
        World world = musl_world();
        world.add("/app/run", program({.needed = {"liba.so"}, .runpath = "/p"}));
        world.add_text("/p/liba.so", "no ELF file").add("/lib/liba.so", {});
        check_musl(world, "/app/run", {}, {}, {"liba.so"});
        World other = musl_world();
        other.add("/app/run", program({.needed = {"liba.so"}, .runpath = "/p"}));
        other.add("/p/liba.so", {.machine = 183}).add("/lib/liba.so", {});
        const test::Linked linked(other, "/app/run");
        REQUIRE(linked.link.missing.size() == 1);
        CHECK(linked.link.missing[0].problem ==
              "/p/liba.so: for another machine; musl takes the first file that opens");
    }

    TEST_CASE("preloads come first, apart by blanks and colons") {
        World world = musl_world();
        world.add("/app/run", program({.needed = {"liba.so"}, .runpath = "/p"}));
        world.add("/lib/liba.so", {}).add("/lib/libx.so", {.needed = {"libz.so"}});
        world.add("/opt/liby.so", {}).add("/lib/libz.so", {}).add("/p/libp.so", {});
        const LoaderEnvironment environment{.preload = " libx.so\t:/opt/liby.so libp.so"};
        const test::Linked linked(world, "/app/run", environment);
        CHECK(test::listing_of(linked.link).paths ==
              std::vector<std::string>{"/lib/libx.so", "/opt/liby.so", "/lib/liba.so",
                                       "/lib/libz.so"});
        REQUIRE(linked.link.diagnostics.size() == 1);
        CHECK(linked.link.diagnostics[0].code == "preload-ignored");
        check_musl(world, "/app/run",
                   {"/lib/libx.so", "/opt/liby.so", "/lib/liba.so", "/lib/libz.so"}, environment);
    }

    TEST_CASE("the environment and the program's $ORIGIN count for nothing in set-id programs") {
        World world = musl_world();
        world.add("/app/run", program({.needed = {"liba.so"}, .runpath = "$ORIGIN"}), 04755);
        world.add("/app/liba.so", {}).add("/env/liba.so", {});
        world.add("/lib/liba.so", {.needed = {"libb.so"}, .runpath = "$ORIGIN/sub"});
        world.add("/lib/sub/libb.so", {}).add("/lib/libx.so", {});
        const test::Linked linked(world, "/app/run",
                                  {.library_path = "/env", .preload = "libx.so"});
        CHECK(test::listing_of(linked.link).paths ==
              std::vector<std::string>{"/lib/liba.so", "/lib/sub/libb.so"});
    }

    TEST_CASE("a second C library is the loader") {
        World world = musl_world();
        world.add("/app/run", program({.needed = {"liba.so", "other-libc.so"}}));
        world.add("/lib/liba.so", {});
        world.add_musl("/lib/other-libc.so");
        check_musl(world, "/app/run", {"/lib/liba.so", test::musl_x86_64});
    }

    TEST_CASE("a library that needs musl's library is linked by musl though glibc is there") {
        World world = musl_world();
        world.add_glibc();
        world.add("/lib/liba.so", {.needed = {"libc.musl-x86_64.so.1", "libb.so"}});
        world.add("/usr/local/lib/libb.so", {});
        check_musl(world, "/lib/liba.so", {test::musl_x86_64, "/usr/local/lib/libb.so"});
    }
}
