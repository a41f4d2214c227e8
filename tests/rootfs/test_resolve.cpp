#include <doctest/doctest.h>

#include "support/tree.hpp"

using slimimg::rootfs::Resolution;
using slimimg::rootfs::Rootfs;
using test::file;
using test::folder;
using test::tree;

namespace {

/// Where it leads and the links on the way: "/usr/lib/x via /lib"; "-" where it leads nowhere.
std::string told(const Rootfs& tree, const Resolution& resolution) {
    std::string text = resolution.node ? tree[*resolution.node].path : "-";
    for (const auto link : resolution.links) {
        text += " via " + tree[link].path;
    }
    return text;
}

Rootfs sample() {
    return tree({test::symlink("lib", "usr/lib"), file("usr/lib/x.so.1.2", "elf"),
                 test::symlink("usr/lib/x.so.1", "x.so.1.2"),
                 test::symlink("usr/lib/x.so", "/lib/x.so.1"),
                 test::symlink("up", "../../../../usr"), test::symlink("dangling", "nowhere"),
                 test::symlink("self", "self"), test::symlink("p", "q"), test::symlink("q", "/p"),
                 folder("d"), test::symlink("d/above", ".."),
                 test::symlink("slash", "usr/lib/x.so/"), test::symlink("folder-slash", "usr/"),
                 test::symlink("dot", "usr/lib/x.so/."), test::symlink("root", "/")});
}

}  // namespace

TEST_CASE("resolve follows links and tells which") {
    const Rootfs tree = sample();
    CHECK(told(tree, tree.resolve("/usr/lib/x.so.1.2")) == "/usr/lib/x.so.1.2");
    CHECK(told(tree, tree.resolve("/lib/x.so.1")) ==
          "/usr/lib/x.so.1.2 via /lib via /usr/lib/x.so.1");
    CHECK(told(tree, tree.resolve("/usr/lib/x.so")) ==
          "/usr/lib/x.so.1.2 via /usr/lib/x.so via /lib via /usr/lib/x.so.1");
    CHECK(told(tree, tree.resolve("/root/root/lib")) == "/usr/lib via /root via /root via /lib");
}

TEST_CASE("resolve never leaves the image") {
    const Rootfs tree = sample();
    CHECK(told(tree, tree.resolve("/../../usr")) == "/usr");
    CHECK(told(tree, tree.resolve("/up/lib")) == "/usr/lib via /up");
    CHECK(told(tree, tree.resolve("/d/above/d/above/d/..")) == "/ via /d/above via /d/above");
    CHECK(told(tree, tree.resolve("..", "/d")) == "/");
}

TEST_CASE("resolve starts a relative path at its folder") {
    const Rootfs tree = sample();
    CHECK(told(tree, tree.resolve("x.so.1", "/usr/lib")) ==
          "/usr/lib/x.so.1.2 via /usr/lib/x.so.1");
    CHECK(told(tree, tree.resolve("x.so.1.2", "/lib")) == "/usr/lib/x.so.1.2 via /lib");
    CHECK(told(tree, tree.resolve("../lib/./x.so.1.2", "/usr/lib")) == "/usr/lib/x.so.1.2");
    CHECK(told(tree, tree.resolve("/d", "/usr")) == "/d");
    CHECK(told(tree, tree.resolve("x", "/gone")) == "-");
}

TEST_CASE("resolve keeps the link at the end where it is told to") {
    const Rootfs tree = sample();
    CHECK(told(tree, tree.resolve("/lib/x.so", "/", false)) == "/usr/lib/x.so via /lib");
    CHECK(told(tree, tree.resolve("/lib", "/", false)) == "/lib");
    CHECK(told(tree, tree.resolve("/lib/", "/", false)) == "/usr/lib via /lib");
    CHECK(told(tree, tree.resolve("/lib/.", "/", false)) == "/usr/lib via /lib");
    CHECK(told(tree, tree.resolve("/dangling", "/", false)) == "/dangling");
}

TEST_CASE("resolve finds nothing where the kernel would not") {
    const Rootfs tree = sample();
    CHECK(told(tree, tree.resolve("/gone")) == "-");
    CHECK(told(tree, tree.resolve("")) == "-");
    CHECK(told(tree, tree.resolve("/dangling")) == "- via /dangling");
    CHECK(told(tree, tree.resolve("/usr/lib/x.so.1.2/y")) == "-");
    CHECK(told(tree, tree.resolve("/usr/lib/x.so.1.2/..")) == "-");
    CHECK(told(tree, tree.resolve("/usr/lib/x.so.1.2/")) == "-");
    CHECK(told(tree, tree.resolve("/usr/lib/x.so.1.2/.")) == "-");
    CHECK(told(tree, tree.resolve("/slash")).starts_with("- via /slash"));
    CHECK(told(tree, tree.resolve("/dot")).starts_with("- via /dot"));
    CHECK(told(tree, tree.resolve("/folder-slash")) == "/usr via /folder-slash");
}

TEST_CASE("resolve gives up on links that run in a circle") {
    const Rootfs tree = sample();
    CHECK_FALSE(tree.resolve("/self").node);
    CHECK_FALSE(tree.resolve("/p").node);
    CHECK_FALSE(tree.resolve("/p/x").node);
}

TEST_CASE("resolve follows 40 links, not 41, as Linux does") {
    std::vector<std::string> layers;
    std::string members;
    for (int i = 0; i < 41; ++i) {
        members +=
            test::tar_member(test::symlink("l" + std::to_string(i), "l" + std::to_string(i + 1)));
    }
    members += test::tar_member(file("l41", "x"));
    const Rootfs tree = test::tree_of({members + std::string(1024, '\0')});
    CHECK(tree.resolve("/l1").links.size() == 40);
    CHECK(tree.resolve("/l1").node == tree.find("/l41"));
    CHECK_FALSE(tree.resolve("/l0").node);
}
