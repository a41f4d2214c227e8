#include <doctest/doctest.h>

#include "support/closure.hpp"

// What applications of every kind were found to need: tests/apps runs them.

using namespace slimimg;
using namespace test;

namespace {

/// The first layer of an image, which the rules take for a distribution's.
std::string distribution() {
    return tar({folder("etc"), file("etc/os-release", "ID=debian\n"), folder("usr"),
                folder("usr/bin"), file("usr/bin/sh", "x", 0755), folder("run"), folder("var"),
                folder("var/cache")});
}

}  // namespace

TEST_CASE("folders for sockets and caches that a build step makes stay, files in them do not") {
    const ClosureOf image(
        tree_of({distribution(),
                 tar({folder("run/web"), file("run/web/pid", "1"), folder("var/cache/web"),
                      file("var/cache/web/1", "x"), folder("tmp"), folder("tmp/build")})}),
        runs({"/usr/bin/sh"}));
    CHECK(image.keeps("/run/web"));
    CHECK_FALSE(image.keeps("/run/web/pid"));
    CHECK(image.keeps("/var/cache/web"));
    CHECK_FALSE(image.keeps("/var/cache/web/1"));
    CHECK_FALSE(image.keeps("/tmp/build"));
}
