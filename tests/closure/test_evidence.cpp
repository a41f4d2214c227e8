#include <doctest/doctest.h>

#include "slimimg/base/error.hpp"

#include "support/closure.hpp"

using namespace slimimg;
using namespace test;
using closure::Keep;
using closure::Request;

namespace {

rootfs::Rootfs small_tree() {
    return tree({folder("bin"), file("bin/app", "data", 0755), test::symlink("bin/alias", "app"),
                 folder("etc"), file("etc/os-release", "ID=debian\n"), file("etc/app.conf", "x"),
                 folder("etc/d"), file("etc/d/a", "1"), file("etc/d/b", "2"), folder("mnt"),
                 file("mnt/unused", "x")});
}

}  // namespace

TEST_CASE("the entrypoint stays with the folders above it, and nothing else") {
    const ClosureOf image(small_tree(), runs({"/bin/app"}));
    CHECK(image.rules("/bin/app") == "program");
    CHECK(image.rules("/bin") == "parent");
    CHECK(image.rules("/") == "parent");
    CHECK_FALSE(image.keeps("/mnt"));
    CHECK_FALSE(image.keeps("/mnt/unused"));
    CHECK(image.closure.unresolved.empty());
}

TEST_CASE("a command is looked up in the image's PATH, and links on the way stay") {
    image::Config config = runs({"alias"});
    config.env = {"PATH=/nowhere:/bin"};
    const ClosureOf image(small_tree(), config);
    CHECK(image.keeps("/bin/alias"));
    CHECK(image.keeps("/bin/app"));
}

TEST_CASE("a command that is not there is unresolved and fatal, unless it is allowed") {
    const ClosureOf image(small_tree(), runs({"nothing"}));
    REQUIRE(image.misses("nothing", "command"));
    CHECK(image.closure.unresolved.front().fatal());
    const ClosureOf allowed(small_tree(), runs({"nothing"}), {.allow_missing = {"noth*"}});
    CHECK_FALSE(allowed.closure.unresolved.front().fatal());
}

TEST_CASE("a file that can't be executed is no command") {
    const ClosureOf image(small_tree(), runs({"/etc/app.conf"}));
    CHECK(image.misses("/etc/app.conf", "command"));
}

TEST_CASE("arguments that name files keep them, with --option= before them too") {
    const ClosureOf image(small_tree(), runs({"/bin/app", "--config=/etc/app.conf", "etc/d/a"}));
    CHECK(image.rules("/etc/app.conf") == "program");
    CHECK(image.keeps("/etc/d/a"));
    CHECK_FALSE(image.keeps("/etc/d/b"));
}

TEST_CASE("--keep strict keeps what is required and notes the rest as hints") {
    const ClosureOf image(small_tree(), runs({"/bin/app", "/etc/app.conf"}),
                          {.keep = Keep::strict});
    CHECK(image.keeps("/bin/app"));
    CHECK_FALSE(image.keeps("/etc/app.conf"));
    CHECK(image.hints("/etc/app.conf"));
}

TEST_CASE("--include takes paths, folders and globs, and refuses what matches nothing") {
    const ClosureOf image(small_tree(), runs({"/bin/app"}), {.include = {"/etc/d", "/mnt/un*"}});
    CHECK(image.rules("/etc/d/a") == "request");
    CHECK(image.keeps("/etc/d/b"));
    CHECK(image.keeps("/mnt/unused"));
    CHECK_FALSE(image.keeps("/etc/app.conf"));
    CHECK_THROWS_AS(ClosureOf(small_tree(), runs({"/bin/app"}), {.include = {"/none"}}), Error);
}

TEST_CASE("--exclude wins over what is likely, not over what is required") {
    const Request request{.exclude = {"/etc/**", "/bin/*"}};
    const ClosureOf image(small_tree(), runs({"/bin/app", "/etc/app.conf"}), request);
    CHECK_FALSE(image.keeps("/etc/app.conf"));
    CHECK(image.hints("/etc/app.conf"));
    CHECK(image.keeps("/bin/app"));
}

TEST_CASE("--entrypoint replaces the image's own") {
    const ClosureOf image(small_tree(), runs({"/none"}), {.entrypoints = {{"/bin/app"}}});
    CHECK(image.keeps("/bin/app"));
    CHECK(image.closure.unresolved.empty());
}

TEST_CASE("why tells the chain from the config to the file") {
    const ClosureOf image(tree({file("run", "#!/bin/sh\n", 0755), folder("bin"),
                                test::symlink("bin/sh", "dash"), file("bin/dash", "x", 0755)}),
                          runs({"/run"}));
    const auto chain = image.closure.why(*image.rootfs.find("/bin/dash"));
    REQUIRE(chain.size() == 2);
    CHECK(image.rootfs[chain[0].node].path == "/run");
    CHECK(chain[0].reason.rule == "program");
    CHECK(chain[1].reason.rule == "shebang");
    CHECK(image.closure.why(*image.rootfs.find("/bin/dash")).size() == 2);
    const ClosureOf other(small_tree(), runs({"/bin/app"}));
    CHECK(other.closure.why(*other.rootfs.find("/mnt")).empty());
}

TEST_CASE("what is missing for a likely file only is not fatal") {
    const ClosureOf image(tree({file("run", "x", 0755), file("extra", "#!/bin/none\n", 0755)}),
                          runs({"/run", "/extra"}));
    REQUIRE(image.misses("/bin/none", "interpreter"));
    CHECK_FALSE(image.closure.unresolved.front().fatal());
}
