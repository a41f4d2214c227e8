#include <algorithm>
#include <sstream>

#include <doctest/doctest.h>
#include <unistd.h>

#include "support/loader.hpp"
#include "support/opener.hpp"

using namespace slimimg::closure;
using test::World;

namespace {

struct Opening {
    std::string name;
    bool by_library = false;
};

std::string sorted_lines(std::vector<std::string> lines) {
    std::sort(lines.begin(), lines.end());
    std::string text;
    for (const std::string& line : lines) {
        text += line + "\n";
    }
    return text;
}

std::string with_model(const World& world, const std::vector<Opening>& openings) {
    test::Linked linked(world, "/app/run");
    const std::size_t library = static_cast<std::size_t>(&linked.object("/app/lib/libcaller.so") -
                                                         linked.link.objects.data());
    std::vector<std::string> lines;
    for (const Opening& opening : openings) {
        const auto index = link_module(linked.store, linked.link, opening.name,
                                       opening.by_library ? library : 0, {});
        if (!index) {
            lines.push_back("not loaded: " + opening.name);
        } else {
            CHECK(*index < linked.link.objects.size());
        }
    }
    for (std::size_t i = 1; i < linked.link.objects.size(); ++i) {
        lines.push_back(linked.link.objects[i].path);
    }
    return sorted_lines(lines);
}

std::string for_real(const World& world, const std::vector<Opening>& openings,
                     const std::vector<std::string>& env = {}, unsigned uid = 0) {
    const test::TemporaryFolder folder;
    world.extract(folder.path());
    std::vector<std::string> argv{"/app/run"};
    for (const Opening& opening : openings) {
        if (opening.by_library) {
            argv.emplace_back("-c");
        }
        argv.push_back(opening.name);
    }
    const test::Output output =
        test::run({.argv = argv, .env = env, .root = folder.path(), .uid = uid});
    INFO(output.text);
    CHECK(output.status == 0);
    std::vector<std::string> lines;
    std::istringstream text(output.text);
    for (std::string line; std::getline(text, line);) {
        // The program has no name with glibc, and its own with musl; warnings are no names.
        if (!line.empty() && line != "/app/run" && !line.starts_with("ERROR: ld.so: ") &&
            line.find("vdso") == std::string::npos) {
            lines.push_back(line);
        }
    }
    return sorted_lines(lines);
}

void check_same(const World& world, const std::vector<Opening>& openings) {
    CHECK(with_model(world, openings) == for_real(world, openings));
}

World world_for(const char* compiler, unsigned mode = 0755) {
    static const test::Opener glibc = test::make_opener("gcc");
    static const test::Opener musl = test::make_opener("musl-gcc");
    const bool is_musl = std::string(compiler) == "musl-gcc";
    const test::Opener& opener = is_musl ? musl : glibc;
    World world;
    if (is_musl) {
        world.add_musl();
    } else {
        world.add_glibc().add_host("/lib/x86_64-linux-gnu/libc.so.6");
    }
    world.add_text("/app/run", opener.program, mode);
    world.add_text("/app/lib/libcaller.so", opener.library);
    return world;
}

}  // namespace

TEST_SUITE("dlopen") {
    TEST_CASE("a module and its needs join the process") {
        for (const char* compiler : {"gcc", "musl-gcc"}) {
            INFO(compiler);
            World world = world_for(compiler);
            world.add("/lib/plugin.so", {.needed = {"liba.so"}}).add("/lib/liba.so", {});
            check_same(world, {{"plugin.so"}});
            check_same(world, {{"/lib/plugin.so"}, {"plugin.so"}, {"liba.so"}});
            check_same(world, {{"gone.so"}, {"libcaller.so"}});
        }
    }

    TEST_CASE("the RUNPATH of who calls is searched by glibc, the program's by musl") {
        for (const char* compiler : {"gcc", "musl-gcc"}) {
            INFO(compiler);
            World world = world_for(compiler);
            world.add("/caller/plugin.so", {.needed = {"liba.so"}}).add("/caller/liba.so", {});
            world.add("/app/lib/plugin.so", {.soname = "other.so"}).add("/lib/liba.so", {});
            check_same(world, {{"plugin.so"}});
            check_same(world, {{"plugin.so", true}});
            check_same(world, {{"liba.so", true}});
        }
    }

    TEST_CASE("the RPATHs above the caller of dlopen are not those of the module") {
        for (const char* compiler : {"gcc", "musl-gcc"}) {
            INFO(compiler);
            World world = world_for(compiler);
            world.add("/opt/plugin.so", {.needed = {"liba.so"}, .rpath = "/rpath"});
            world.add("/rpath/liba.so", {.needed = {"libb.so", "libd.so"}});
            world.add("/rpath/libb.so", {}).add("/lib/libb.so", {});
            world.add("/app/lib/libd.so", {}).add("/lib/libd.so", {});
            check_same(world, {{"/opt/plugin.so"}});
        }
    }

    TEST_CASE("objects are known by their names to what is opened later") {
        for (const char* compiler : {"gcc", "musl-gcc"}) {
            INFO(compiler);
            World world = world_for(compiler);
            world.add("/opt/plugin.so", {.soname = "libshared.so.1"});
            world.add("/lib/libshared.so.1", {}).add_link("/lib/same.so", "/opt/plugin.so");
            check_same(world, {{"/opt/plugin.so"}, {"libshared.so.1"}});
            check_same(world, {{"/opt/plugin.so"}, {"same.so"}, {"libshared.so.1"}});
        }
    }

    TEST_CASE("$ORIGIN in a name is the caller's, for glibc") {
        World world = world_for("gcc");
        world.add("/app/plugin.so", {}).add("/app/lib/plugin.so", {});
        check_same(world, {{"$ORIGIN/plugin.so", true}});
        // The program's folder is known by /proc, which a test's chroot has not.
        CHECK(with_model(world, {{"$ORIGIN/plugin.so"}}).find("/app/plugin.so\n") !=
              std::string::npos);
    }

    TEST_CASE("glibc opens neither programs nor what forbids it") {
        World world = world_for("gcc");
        constexpr std::uint64_t no_open = 0x40;
        world.add("/lib/plugin.so", {.flags_1 = no_open});
        world.add_program("/lib/program.so", {});
        check_same(world, {{"plugin.so"}, {"program.so"}});
    }

    TEST_CASE("indexes stay true when filtees move objects") {
        World world = world_for("gcc");
        world.add("/lib/plugin.so", {.needed = {"liba.so"}, .auxiliaries = {"libx.so"}});
        world.add("/lib/liba.so", {}).add("/lib/libx.so", {});
        test::Linked linked(world, "/app/run");
        const std::size_t known = linked.link.objects.size();
        const auto index = link_module(linked.store, linked.link, "plugin.so", 0, {});
        REQUIRE(index == known + 1);
        CHECK(linked.link.objects[known].path == "/lib/libx.so");
        CHECK(linked.link.objects[known].loaded_by == index);
        CHECK(linked.link.objects[*index].path == "/lib/plugin.so");
        CHECK(linked.link.objects[known + 2].loaded_by == index);
        CHECK(link_module(linked.store, linked.link, "libx.so", 0, {}) == known);
    }

    TEST_CASE("what a module misses is told") {
        World world = world_for("gcc");
        world.add("/lib/plugin.so", {.needed = {"libgone.so"}});
        test::Linked linked(world, "/app/run");
        CHECK(link_module(linked.store, linked.link, "plugin.so", 0, {}));
        REQUIRE(linked.link.missing.size() == 1);
        CHECK(linked.link.missing[0].name == "libgone.so");
        CHECK(!link_module(linked.store, linked.link, "gone.so", 0, {}));
        CHECK(linked.link.missing.size() == 2);
        CHECK(!link_module(linked.store, linked.link, "", 0, {}));
    }

    TEST_CASE("a set-id program heeds its environment no more than the model says") {
        for (const char* compiler : {"gcc", "musl-gcc"}) {
            INFO(compiler);
            World world = world_for(compiler, 04755);
            world.add("/env/libcaller.so", {}).add("/lib/libx.so", {}).add("/opt/libz.so", {});
            world.add("/lib/liby.so", {}, 04755);
            world.add_text("/etc/ld.so.preload", "/opt/libz.so\n");
            const LoaderEnvironment environment{.library_path = "/env",
                                                .preload = "libx.so:liby.so:/lib/libx.so"};
            const test::Linked linked(world, "/app/run", environment);
            std::vector<std::string> lines;
            for (std::size_t i = 1; i < linked.link.objects.size(); ++i) {
                lines.push_back(linked.link.objects[i].path);
            }
            const bool is_musl = linked.link.kind == Link::Kind::musl;
            CHECK(std::count(lines.begin(), lines.end(), "/lib/liby.so") == (is_musl ? 0 : 1));
            // Only a file of another user's can be set-id: that takes root.
            if (geteuid() == 0) {
                CHECK(for_real(world, {},
                               {"LD_LIBRARY_PATH=/env", "LD_PRELOAD=libx.so:liby.so:/lib/libx.so"},
                               65534) == sorted_lines(lines));
            }
        }
    }
}
