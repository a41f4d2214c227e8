#include <doctest/doctest.h>

#include "slimimg/closure/ld_cache.hpp"

#include "support/loader.hpp"

using namespace slimimg::closure;
using test::Loadable;
using test::World;

namespace {

/// A machine's ABI and what a Debian image for it has.
struct Machine {
    const char* name;
    Loadable abi;
    const char* interpreter;
    const char* triplet;
    std::int32_t cache_flags;
};

// The flags of 32-bit ARM are EABI 5 with hard float, of RISC-V compressed code with double
// float, of POWER the second ELF ABI.
const Machine machines[] = {
    {"amd64", {}, "/lib64/ld-linux-x86-64.so.2", "x86_64-linux-gnu", 0x303},
    {"arm64", {.machine = 183}, "/lib/ld-linux-aarch64.so.1", "aarch64-linux-gnu", 0xa03},
    {"armhf",
     {.machine = 40, .bits = 32, .flags = 0x5000400},
     "/lib/ld-linux-armhf.so.3",
     "arm-linux-gnueabihf",
     0x903},
    {"i386", {.machine = 3, .bits = 32}, "/lib/ld-linux.so.2", "i386-linux-gnu", 3},
    {"riscv64",
     {.machine = 243, .flags = 5},
     "/lib/ld-linux-riscv64-lp64d.so.1",
     "riscv64-linux-gnu",
     0x1003},
    {"ppc64el", {.machine = 21, .flags = 2}, "/lib64/ld64.so.2", "powerpc64le-linux-gnu", 0x503},
    {"s390x",
     {.machine = 22, .order = std::endian::big},
     "/lib/ld64.so.1",
     "s390x-linux-gnu",
     0x403},
};

std::string nul(const std::string& text) {
    return text + '\0';
}

/// A file with the constants of Debian's glibc loader for the machine.
Loadable loader_of(const Machine& machine, const std::string& version = "2.36") {
    const std::string triplet = machine.triplet;
    Loadable loader = machine.abi;
    loader.soname =
        std::string(machine.interpreter).substr(std::string(machine.interpreter).rfind('/') + 1);
    loader.data = nul("/proc/self/exe") + nul("/var/tmp/") + nul("/lib/" + triplet + "/") +
                  nul("/usr/lib/" + triplet + "/") + nul("/lib/") + nul("/usr/lib/") + nul("") +
                  nul("power10:power9") + nul("z16:z15:z14:z13") +
                  nul("x86-64-v4:x86-64-v3:x86-64-v2") +
                  nul("ld.so (Debian GLIBC) stable release version " + version + ".");
    return loader;
}

Loadable program_of(const Machine& machine, std::vector<std::string> needed) {
    Loadable program = machine.abi;
    program.interpreter = machine.interpreter;
    program.flags_1 = test::flag_pie;
    program.needed = std::move(needed);
    return program;
}

std::vector<std::string> paths_of(const World& world, const std::string& program) {
    return test::listing_of(test::Linked(world, program).link).paths;
}

}  // namespace

TEST_SUITE("loaders of other machines") {
    TEST_CASE("each machine has its interpreter, folders, cache flags and tokens") {
        for (const Machine& machine : machines) {
            INFO(machine.name);
            const std::string triplet = machine.triplet;
            World world;
            world.add(machine.interpreter, loader_of(machine));
            Loadable program = program_of(machine, {"liba.so", "libb.so", "libc.so", "libd.so"});
            program.runpath = "/app/$LIB";
            world.add("/app/run", program);
            world.add("/usr/lib/" + triplet + "/liba.so", machine.abi);
            world.add("/usr/lib/liba.so", machine.abi).add("/lib/libb.so", machine.abi);
            world.add("/app/lib/" + triplet + "/libc.so", machine.abi);
            world.add("/opt/libd.so", machine.abi).add("/opt/other/libd.so", machine.abi);
            const LdCache cache{.entries = {{machine.cache_flags, "libd.so", "/opt/libd.so"},
                                            {0x7703, "libd.so", "/opt/other/libd.so"}}};
            world.add_text("/etc/ld.so.cache", cache.serialize(machine.abi.order));
            CHECK(paths_of(world, "/app/run") ==
                  std::vector<std::string>{"/usr/lib/" + triplet + "/liba.so", "/lib/libb.so",
                                           "/app/lib/" + triplet + "/libc.so", "/opt/libd.so"});
            // A library alone finds the same loader.
            const test::Linked library(world, "/lib/libb.so");
            REQUIRE(library.link.interpreter);
            CHECK(library.link.objects[*library.link.interpreter].path == machine.interpreter);
        }
    }

    TEST_CASE("only libraries of the same machine are taken") {
        for (const Machine& machine : machines) {
            for (const Machine& other : machines) {
                if (machine.abi.order != other.abi.order) {
                    continue;  // that is an error for glibc, not another machine
                }
                INFO(machine.name, " and ", other.name);
                World world;
                world.add(machine.interpreter, loader_of(machine));
                Loadable program = program_of(machine, {"liba.so"});
                program.runpath = "/p";
                world.add("/app/run", program).add("/p/liba.so", other.abi);
                world.add("/lib/liba.so", machine.abi);
                CHECK(paths_of(world, "/app/run") ==
                      std::vector<std::string>{&machine == &other ? "/p/liba.so" : "/lib/liba.so"});
            }
        }
    }

    TEST_CASE("the float ABI decides on RISC-V, and stops the search on ARM") {
        World riscv;
        riscv.add(machines[4].interpreter, loader_of(machines[4]));
        Loadable program = program_of(machines[4], {"liba.so"});
        program.runpath = "/p";
        riscv.add("/app/run", program).add("/p/liba.so", {.machine = 243, .flags = 1});
        riscv.add("/lib/liba.so", {.machine = 243, .flags = 4});
        CHECK(paths_of(riscv, "/app/run") == std::vector<std::string>{"/lib/liba.so"});

        World arm;
        arm.add(machines[2].interpreter, loader_of(machines[2]));
        program = program_of(machines[2], {"liba.so", "libb.so"});
        arm.add("/app/run", program);
        arm.add("/lib/liba.so", {.machine = 40, .bits = 32, .flags = 0x5000200});
        arm.add("/lib/libb.so", {.machine = 40, .bits = 32, .flags = 0x5000000});
        const test::Linked linked(arm, "/app/run");
        CHECK(test::listing_of(linked.link).paths == std::vector<std::string>{"/lib/libb.so"});
        REQUIRE(linked.link.missing.size() == 1);
        CHECK(linked.link.missing[0].problem == "/lib/liba.so: another float ABI");
    }

    TEST_CASE(
        "unmarked lines of the cache hold on ARM, and marked ones of the other float ABI not") {
        const Machine& arm = machines[2];
        World world;
        world.add(arm.interpreter, loader_of(arm));
        world.add("/app/run", program_of(arm, {"liba.so", "libb.so"}));
        world.add("/opt/liba.so", arm.abi).add("/opt/libb.so", arm.abi);
        const LdCache cache{
            .entries = {{3, "liba.so", "/opt/liba.so"}, {0xb03, "libb.so", "/opt/libb.so"}}};
        world.add_text("/etc/ld.so.cache", cache.serialize(std::endian::little));
        CHECK(paths_of(world, "/app/run") == std::vector<std::string>{"/opt/liba.so"});
    }

    TEST_CASE("hwcaps folders are those that the loader names") {
        struct Case {
            const Machine& machine;
            const char* known;
            const char* unknown;
        };
        for (const Case& folder :
             {Case{machines[5], "power9", "x86-64-v2"}, Case{machines[6], "z15", "power9"},
              Case{machines[0], "x86-64-v4", "z13"}}) {
            World world;
            world.add(folder.machine.interpreter, loader_of(folder.machine));
            world.add("/app/run", program_of(folder.machine, {"liba.so"}));
            world.add("/lib/liba.so", folder.machine.abi);
            for (const char* name : {folder.known, folder.unknown}) {
                world.add("/lib/glibc-hwcaps/" + std::string(name) + "/liba.so",
                          folder.machine.abi);
            }
            const test::Linked linked(world, "/app/run");
            REQUIRE(linked.object("/lib/liba.so").alternatives.size() == 1);
            CHECK(linked.object("/lib/liba.so").alternatives[0].why ==
                  "glibc-hwcaps/" + std::string(folder.known));
        }
    }

    TEST_CASE("hardware folders of old are gone in glibc 2.37") {
        for (const char* version : {"2.36", "2.37", "2.41"}) {
            World world;
            world.add(machines[0].interpreter, loader_of(machines[0], version));
            world.add("/app/run", program_of(machines[0], {"liba.so"}));
            world.add("/lib/tls/liba.so", {}).add("/lib/liba.so", {});
            const bool old = std::string(version) == "2.36";
            CHECK(paths_of(world, "/app/run") ==
                  std::vector<std::string>{old ? "/lib/tls/liba.so" : "/lib/liba.so"});
        }
    }

    TEST_CASE("a loader of another distribution has its own folders") {
        struct Case {
            std::string folders;
            const char* found;
            const char* token;
        };
        for (const Case& other :
             {Case{nul("/lib64/") + nul("/usr/lib64/"), "/usr/lib64/liba.so", "lib64"},
              Case{nul("/lib/odd/") + "code8" + nul("/lib64/") + nul("/usr/lib64/"),
                   "/usr/lib64/liba.so", "lib64"},
              Case{nul("/usr/lib/"), "/usr/lib/liba.so", "lib"},
              Case{nul("/nix/store/x-glibc-2.38/lib/"), "/nix/store/x-glibc-2.38/lib/liba.so",
                   "lib"}}) {
            World world;
            Loadable loader;
            loader.data = nul("") + other.folders + nul("x");
            world.add(test::glibc_x86_64, loader);
            world.add_program("/app/run",
                              {.needed = {"liba.so", "libb.so"}, .runpath = "/app/$LIB"});
            for (const char* folder : {"/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib",
                                       "/nix/store/x-glibc-2.38/lib"}) {
                world.add(std::string(folder) + "/liba.so", {});
            }
            world.add("/app/lib64/libb.so", {}).add("/app/lib/libb.so", {});
            CHECK(paths_of(world, "/app/run") ==
                  std::vector<std::string>{other.found,
                                           "/app/" + std::string(other.token) + "/libb.so"});
        }
    }

    TEST_CASE("an unknown loader is told, and taken for glibc's") {
        World world;
        world.add(test::glibc_x86_64, {});
        world.add_program("/app/run", {.needed = {"liba.so"}});
        world.add("/usr/lib64/liba.so", {});
        const test::Linked linked(world, "/app/run");
        CHECK(linked.link.kind == Link::Kind::glibc);
        CHECK(linked.object("/usr/lib64/liba.so").file != 0);
        REQUIRE(linked.link.diagnostics.size() == 1);
        CHECK(linked.link.diagnostics[0].code == "loader-unknown");
    }

    TEST_CASE("gcompat's interpreter hands over to musl's, with its library preloaded") {
        World world;
        world.add_musl();
        test::Loadable relay;
        relay.data = nul("") + nul("--preload") + nul("/lib/libgcompat.so.0") +
                     nul("/lib/ld-musl-x86_64.so.1") + nul("/proc/self/exe");
        world.add(test::glibc_x86_64, relay);
        world.add_program("/app/run", {.needed = {"libc.so.6", "liba.so"}});
        world.add("/lib/libgcompat.so.0",
                  {.needed = {"libc.musl-x86_64.so.1", "libucontext.so.1"}});
        world.add("/lib/libucontext.so.1", {}).add("/usr/local/lib/liba.so", {});
        world.add("/lib/libx.so", {});
        const test::Linked linked(world, "/app/run", {.preload = "libx.so"});
        CHECK(linked.link.kind == Link::Kind::musl);
        CHECK(linked.link.missing.empty());
        std::vector<std::string> paths;
        for (const auto& object : linked.link.objects) {
            paths.push_back(object.path);
        }
        CHECK(paths == std::vector<std::string>{"/app/run", "/lib/libgcompat.so.0",
                                                test::musl_x86_64, "/usr/local/lib/liba.so",
                                                "/lib/libucontext.so.1", test::glibc_x86_64});
        CHECK(linked.link.interpreter == 2U);
    }

    TEST_CASE("musl's name of the machine is read from its loader") {
        World world;
        Loadable loader{.machine = 183};
        loader.data = nul("") + nul("musl libc (aarch64)\nVersion %s");
        world.add("/lib/ld-musl-aarch64.so.1", loader);
        Loadable program{.machine = 183, .flags_1 = test::flag_pie};
        program.interpreter = "/lib/ld-musl-aarch64.so.1";
        program.needed = {"liba.so", "libc.musl-aarch64.so.1"};
        world.add("/app/run", program).add("/opt/liba.so", {.machine = 183});
        world.add_text("/etc/ld-musl-aarch64.path", "/opt\n");
        CHECK(paths_of(world, "/app/run") ==
              std::vector<std::string>{"/opt/liba.so", "/lib/ld-musl-aarch64.so.1"});
        const test::Linked linked(world, "/app/run");
        CHECK(linked.link.kind == Link::Kind::musl);
        CHECK(linked.link.interpreter == 2U);
    }
}
