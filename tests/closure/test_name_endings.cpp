#include <string>

#include <doctest/doctest.h>

#include "closure/name_endings.hpp"
#include "support/tree.hpp"

using namespace slimimg;
using namespace test;

TEST_CASE("an ending is a dot and up to five small letters or digits") {
    for (const char* ending : {".conf", ".so", ".1", ".mgc2", "."}) {
        CHECK(closure::is_name_ending(ending));
    }
    for (const char* other : {"", "conf", ".Conf", ".config", ".a.b", ".a/b"}) {
        CHECK_FALSE(closure::is_name_ending(other));
    }
}

TEST_CASE("a name that something completes is always found, and hardly ever another one") {
    std::vector<Member> members{folder("etc"),
                                folder("opt"),
                                file("etc/magic.mgc", "x"),
                                file("etc/.conf", "x"),
                                file("etc/a.b.c", "x"),
                                file("etc/plain", "x"),
                                file("opt/other.conf", "x")};
    const rootfs::Rootfs tree = tree_of({tar(members)});
    const closure::CompletedNames names(tree);
    const auto etc = tree.find("/etc").value();
    const auto opt = tree.find("/opt").value();
    CHECK(names.may_complete(etc, "magic"));
    CHECK(names.may_complete(etc, ""));
    CHECK(names.may_complete(etc, "a.b"));
    CHECK(names.may_complete(opt, "other"));
    int wrong = 0;
    for (int i = 0; i < 1000; ++i) {
        wrong += names.may_complete(etc, "name" + std::to_string(i)) ? 1 : 0;
    }
    CHECK(wrong < 200);
}
