#include <doctest/doctest.h>

#include "rootfs/listing.hpp"
#include "support/tree.hpp"

using test::file;
using test::folder;
using test::hardlink;
using test::listing;
using test::tar;
using test::tree;
using test::tree_of;

namespace {

bool same_file(const slimimg::rootfs::Rootfs& tree, const char* a, const char* b) {
    const auto& one = tree[*tree.find(a)];
    const auto& other = tree[*tree.find(b)];
    return one.inode == other.inode && one.content_layer == other.content_layer &&
           one.content_entry == other.content_entry;
}

}  // namespace

TEST_CASE("a hard link is another name of its target, with the target's header") {
    const auto merged = tree({file("b", "hello", 04755), hardlink("a", "b"), file("c", "x")});
    CHECK(listing(merged) == "a=hello b=hello c=x");
    CHECK(same_file(merged, "/a", "/b"));
    CHECK_FALSE(same_file(merged, "/a", "/c"));
    const auto& link = merged[*merged.find("/a")];
    CHECK(link.is_file());
    CHECK(link.header.mode == 04755);
    CHECK(link.header.size == 5);
    CHECK(link.inode == *merged.find("/a"));
    CHECK(merged[*merged.find("/b")].inode == *merged.find("/a"));
    CHECK(merged.entry(*merged.find("/a"))->header.type == slimimg::archive::EntryType::hardlink);
}

TEST_CASE("a hard link may stand before its target, and chains may stand in any order") {
    CHECK(listing(tree({hardlink("a", "b"), file("b", "1")})) == "a=1 b=1");
    const auto merged = tree({hardlink("a", "b"), hardlink("b", "c"), hardlink("e", "a"),
                              hardlink("c", "d/x"), file("d/x", "1"), hardlink("f", "e")});
    CHECK(listing(merged) == "a=1 b=1 c=1 d/ d/x=1 e=1 f=1");
    CHECK(same_file(merged, "/a", "/f"));
    CHECK(same_file(merged, "/b", "/d/x"));
    CHECK(merged.diagnostics().empty());
}

TEST_CASE("a hard link may name a file of a lower layer") {
    const auto merged =
        tree_of({tar({file("a", "1", 0600), hardlink("z", "a")}), tar({hardlink("b", "./a")})});
    CHECK(listing(merged) == "a=1 b=1 z=1");
    CHECK(same_file(merged, "/a", "/b"));
    CHECK(merged[*merged.find("/b")].layer == 1);
    CHECK(merged[*merged.find("/b")].content_layer == 0);
    CHECK(merged[*merged.find("/b")].header.mode == 0600);
}

TEST_CASE("a hard link may name a file that its own layer hides") {
    const std::string lower = tar({file("a", "1"), file("d/x", "2")});
    CHECK(listing(tree_of({lower, tar({hardlink("b", "a"), file(".wh.a", "")})})) ==
          "b=1 d/ d/x=2");
    CHECK(listing(tree_of({lower, tar({file(".wh.a", ""), hardlink("b", "a")})})) ==
          "b=1 d/ d/x=2");
    CHECK(listing(tree_of({lower, tar({file(".wh.d", ""), folder("d"), hardlink("b", "d/x")})})) ==
          "a=1 b=2 d/");
    CHECK(
        listing(tree_of({lower, tar({file(".wh.a", ""), file("a", "new"), hardlink("b", "a")})})) ==
        "a=new b=new d/ d/x=2");
}

TEST_CASE("names outlive each other") {
    const std::string lower = tar({file("a", "old"), hardlink("b", "a"), hardlink("c", "a")});
    CHECK(listing(tree_of({lower, tar({file("a", "new")})})) == "a=new b=old c=old");
    CHECK(listing(tree_of({lower, tar({file(".wh.a", "")})})) == "b=old c=old");
    const auto merged = tree_of({lower, tar({file("a", "new")})});
    CHECK(same_file(merged, "/b", "/c"));
    CHECK_FALSE(same_file(merged, "/a", "/b"));
}

TEST_CASE("entries count in the tar's order, as engines unpack them") {
    CHECK(listing(tree({file("a", "1"), hardlink("b", "a"), file("a", "2")})) == "a=2 b=1");
    CHECK(listing(tree({hardlink("b", "a"), file("b", "2"), file("a", "1")})) == "a=1 b=2");
    CHECK(listing(tree({file("b", "2"), hardlink("b", "a"), file("a", "1")})) == "a=1 b=1");
    CHECK(listing(tree({file("x", "x"), hardlink("b", "a"), hardlink("b", "x"), file("a", "1")})) ==
          "a=1 b=x x=x");
}

TEST_CASE("a hard link to a symlink is another name of the link") {
    const auto merged = tree({test::symlink("a", "target"), hardlink("b", "a")});
    CHECK(listing(merged) == "a->target b->target");
    CHECK(same_file(merged, "/a", "/b"));
}

TEST_CASE("a hard link's target and its own folder may stand behind links") {
    CHECK(listing(tree({test::symlink("bin", "usr/bin"), file("usr/bin/a", "1"),
                        hardlink("bin/b", "bin/a")})) ==
          "bin->usr/bin usr/ usr/bin/ usr/bin/a=1 usr/bin/b=1");
}

TEST_CASE("a hard link to nothing is left out and told") {
    const auto merged = tree({hardlink("a", "gone"), folder("d"), hardlink("b", "d"),
                              hardlink("x", "y"), hardlink("y", "x"), hardlink("s", "s")});
    CHECK(listing(merged) == "d/");
    REQUIRE(merged.diagnostics().size() == 5);
    CHECK(merged.diagnostics()[0].code == "hard-link-dangling");
    CHECK(merged.diagnostics()[0].path == "/a");
    CHECK(merged.diagnostics()[0].message.find("/gone") != std::string::npos);
}

TEST_CASE("a hard link to itself keeps the file that is there") {
    CHECK(listing(tree({file("a", "1"), hardlink("a", "a")})) == "a=1");
}

TEST_CASE("hard links to where AUFS keeps them are names of one file") {
    const auto merged = tree({file(".wh..wh.plnk/99.1", "1"), hardlink("a", ".wh..wh.plnk/99.1"),
                              hardlink("d/b", ".wh..wh.plnk/99.1")});
    CHECK(listing(merged) == "a=1 d/ d/b=1");
    CHECK(same_file(merged, "/a", "/d/b"));
    CHECK(merged.diagnostics().empty());
}
