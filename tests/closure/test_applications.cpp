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

TEST_CASE("links of update-alternatives are no preparation of a build step, other links are") {
    const ClosureOf image(
        tree_of({distribution(),
                 tar({folder("etc/alternatives"),
                      test::symlink("etc/alternatives/tool", "/usr/bin/tool.basic"),
                      file("usr/bin/tool.basic", "x", 0755),
                      test::symlink("usr/bin/tool", "/etc/alternatives/tool"),
                      file("usr/bin/other", "x", 0755), test::symlink("other", "usr/bin/other")})}),
        runs({"/usr/bin/sh"}));
    CHECK_FALSE(image.keeps("/usr/bin/tool.basic"));
    CHECK(image.keeps("/usr/bin/other"));
}

TEST_CASE("a package's pattern for scripts does not need their interpreter, a user's text does") {
    const auto image = [](const char* owned) {
        return ClosureOf(
            tree({folder("etc"), file("etc/magic", "0 string #!\\ /usr/bin/tool tool script\n"),
                  folder("usr"), folder("usr/bin"), file("usr/bin/tool", "x", 0755),
                  file("run", "#!/etc/magic\n", 0755), folder("var"), folder("var/lib"),
                  folder("var/lib/dpkg"), folder("var/lib/dpkg/info"),
                  file("var/lib/dpkg/status",
                       "Package: a\nStatus: install ok installed\nVersion: 1\n\n"),
                  file("var/lib/dpkg/info/a.list", owned)}),
            runs({"/run"}));
    };
    CHECK_FALSE(image("/etc/magic\n").keeps("/usr/bin/tool"));
    CHECK(image("/etc/other\n").keeps("/usr/bin/tool"));
}

TEST_CASE("translations inside an application's folder stay, those of the system go") {
    const ClosureOf image(
        tree({folder("app"), folder("app/locale"), folder("app/locale/de"),
              folder("app/locale/de/LC_MESSAGES"), file("app/locale/de/LC_MESSAGES/app.mo", "x"),
              folder("app/share"), folder("app/share/locale"), folder("app/share/locale/de"),
              folder("app/share/locale/de/LC_MESSAGES"),
              file("app/share/locale/de/LC_MESSAGES/tool.mo", "x"), file("run", "x", 0755)}),
        runs({"/run", "/app"}));
    CHECK(image.keeps("/app/locale/de/LC_MESSAGES/app.mo"));
    CHECK_FALSE(image.keeps("/app/share/locale/de/LC_MESSAGES/tool.mo"));
}
