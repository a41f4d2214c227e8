#include <doctest/doctest.h>

#include "slimimg/base/error.hpp"

#include "rootfs/listing.hpp"
#include "support/tree.hpp"

using test::file;
using test::folder;
using test::listing;
using test::tar;
using test::tree;
using test::tree_of;

TEST_CASE("a later layer adds files and replaces them") {
    const auto merged = tree_of({tar({folder("etc"), file("etc/a", "1"), file("etc/b", "1")}),
                                 tar({file("etc/b", "2"), file("etc/c", "2")})});
    CHECK(listing(merged) == "etc/ etc/a=1 etc/b=2 etc/c=2");
    CHECK(merged[*merged.find("/etc/a")].layer == 0);
    CHECK(merged[*merged.find("/etc/b")].layer == 1);
    CHECK(merged.diagnostics().empty());
}

TEST_CASE("a whiteout hides a file or a whole folder of lower layers") {
    const std::string lower = tar({file("a", "1"), file("d/x", "1"), file("d/y/z", "1")});
    CHECK(listing(tree_of({lower, tar({file(".wh.a", "")})})) == "d/ d/x=1 d/y/ d/y/z=1");
    CHECK(listing(tree_of({lower, tar({file(".wh.d", "")})})) == "a=1");
    CHECK(listing(tree_of({lower, tar({file("d/y/.wh.z", "")})})) == "a=1 d/ d/x=1 d/y/");
}

TEST_CASE("a whiteout of something that is not there does nothing") {
    const std::string lower = tar({file("a", "1")});
    CHECK(listing(tree_of({lower, tar({file(".wh.b", ""), file("x/y/.wh.z", "")})})) == "a=1");
    CHECK(listing(tree_of({lower, tar({file("a/.wh.b", "")})})) == "a=1");
    CHECK(listing(tree_of({lower, tar({file(".wh.", ""), file(".wh..", "")})})) == "a=1");
    CHECK(listing(tree_of({lower, tar({file(".wh...", ""), file("x/.wh...", "")})})) == "a=1");
}

TEST_CASE("a whiteout does not hide what its own layer brings, wherever it stands") {
    const std::string lower = tar({file("a", "1"), file("d/x", "1")});
    CHECK(listing(tree_of({lower, tar({file("a", "2"), file(".wh.a", "")})})) == "a=2 d/ d/x=1");
    CHECK(listing(tree_of({lower, tar({file(".wh.a", ""), file("a", "2")})})) == "a=2 d/ d/x=1");
    CHECK(listing(tree_of({lower, tar({file("d/y", "2"), file(".wh.d", "")})})) == "a=1 d/ d/y=2");
    CHECK(listing(tree({file("a", "1"), file(".wh.a", "")})) == "a=1");
}

TEST_CASE("an opaque folder hides what lower layers have in it, wherever the mark stands") {
    const std::string lower = tar({folder("d", 0700), file("d/x", "1"), file("d/y/z", "1")});
    const std::string expected = "d/ d/new=2";
    CHECK(listing(tree_of({lower, tar({file("d/.wh..wh..opq", ""), file("d/new", "2")})})) ==
          expected);
    const auto merged = tree_of({lower, tar({file("d/new", "2"), file("d/.wh..wh..opq", "")})});
    CHECK(listing(merged) == expected);
    CHECK(merged[*merged.find("/d")].header.mode == 0700);
    CHECK(listing(tree_of({lower, tar({file(".wh..wh..opq", ""), file("a", "2")})})) == "a=2");
}

TEST_CASE("a whiteout reaches through a link among its parents, but not where that is replaced") {
    const std::string lower = tar({test::symlink("lib", "usr/lib"), file("usr/lib/x", "1")});
    CHECK(listing(tree_of({lower, tar({file("lib/.wh.x", "")})})) == "lib->usr/lib usr/ usr/lib/");
    CHECK(listing(tree_of({lower, tar({folder("lib"), file("lib/.wh.x", "")})})) ==
          "lib/ usr/ usr/lib/ usr/lib/x=1");
    CHECK(listing(tree_of({lower, tar({file("lib/.wh..wh..opq", ""), folder("lib")})})) ==
          "lib/ usr/ usr/lib/ usr/lib/x=1");
}

TEST_CASE("other metadata of AUFS is left out") {
    CHECK(listing(tree({file(".wh..wh.aufs", ""), folder(".wh..wh.orph"),
                        file(".wh..wh.orph/lost", "x"), file("d/.wh..wh.x", ""),
                        file("a", "1")})) == "a=1");
}

TEST_CASE("a file replaces a folder with all it holds, and a folder a file") {
    const std::string with_folder = tar({folder("p"), file("p/x", "1"), file("p/y", "1")});
    const std::string with_file = tar({file("p", "2")});
    CHECK(listing(tree_of({with_folder, with_file})) == "p=2");
    CHECK(listing(tree_of({with_file, with_folder})) == "p/ p/x=1 p/y=1");
    CHECK(listing(tree_of({with_file, tar({file("p/x", "1")})})) == "p/ p/x=1");
}

TEST_CASE("a folder listed again keeps what it holds and takes the new header") {
    const auto merged =
        tree_of({tar({folder("d", 0755), file("d/x", "1")}), tar({folder("d", 01777)})});
    CHECK(listing(merged) == "d/ d/x=1");
    const auto& node = merged[*merged.find("/d")];
    CHECK(node.header.mode == 01777);
    CHECK(node.layer == 1);
    CHECK(merged[node.parent].path == "/");
    CHECK(merged[merged[*merged.find("/d/x")].parent].path == "/d");
}

TEST_CASE("a folder's own entry replaces a link; files below the link follow it") {
    const std::string lower =
        tar({test::symlink("bin", "usr/bin"), test::symlink("abs", "/usr/bin"), folder("usr/bin")});
    CHECK(listing(tree_of({lower, tar({file("bin/x", "1"), file("abs/y", "2")})})) ==
          "abs->/usr/bin bin->usr/bin usr/ usr/bin/ usr/bin/x=1 usr/bin/y=2");
    CHECK(listing(tree_of({lower, tar({folder("bin"), file("bin/x", "1")})})) ==
          "abs->/usr/bin bin/ bin/x=1 usr/ usr/bin/");
}

TEST_CASE("links among parents are followed inside the image only") {
    CHECK(listing(tree({test::symlink("out", "../../../srv"), folder("srv"),
                        file("out/x", "1")})) == "out->../../../srv srv/ srv/x=1");
    CHECK(listing(tree({test::symlink("a", "b"), test::symlink("b", "c/"), folder("c"),
                        file("a/x", "1")})) == "a->b b->c/ c/ c/x=1");
}

TEST_CASE("what a dangling link among the parents names is made, as containerd does") {
    CHECK(listing(tree({test::symlink("run", "var/run"), file("run/pid", "1")})) ==
          "run->var/run var/ var/run/ var/run/pid=1");
}

TEST_CASE("a parent that leads in a circle is refused") {
    CHECK_THROWS_AS(tree({test::symlink("a", "b"), test::symlink("b", "a"), file("a/x", "1")}),
                    slimimg::Error);
    CHECK_THROWS_AS(tree({test::symlink("a", "a"), file("a/x", "1")}), slimimg::Error);
}

TEST_CASE("of a name listed twice in a layer the last counts") {
    CHECK(listing(tree({file("a", "1"), file("a", "2")})) == "a=2");
    CHECK(listing(tree({file("a", "1"), test::symlink("a", "b")})) == "a->b");
    CHECK(listing(tree({folder("a"), file("a/x", "1"), file("a", "2")})) == "a=2");
    const auto merged = tree({folder("a", 0700), file("a/x", "1"), folder("a", 0711)});
    CHECK(listing(merged) == "a/ a/x=1");
    CHECK(merged[*merged.find("/a")].header.mode == 0711);
}

TEST_CASE("folders that no layer lists are implied with what engines give them") {
    const auto merged = tree({file("a/b/c", "1")});
    CHECK(listing(merged) == "a/ a/b/ a/b/c=1");
    const auto& node = merged[*merged.find("/a/b")];
    CHECK(node.header.mode == 0755);
    CHECK(node.header.uid == 0);
    CHECK(node.entry == slimimg::rootfs::Node::no_entry);
    CHECK(merged.entry(*merged.find("/a/b")) == nullptr);
    CHECK(merged.raw_entry(*merged.find("/a/b")).empty());
}

TEST_CASE("the root folder takes its header from the layers and is never anything else") {
    const auto merged = tree_of({tar({folder("./", 0555), file("a", "1")}), tar({file("b", "2")})});
    CHECK(listing(merged) == "a=1 b=2");
    CHECK(merged[0].header.mode == 0555);
    CHECK(merged[0].entry == 0);
}

TEST_CASE("nodes stand in path order, each folder right before what it holds") {
    const auto merged = tree({file("a.b", ""), file("a/z", ""), file("a/b/c", ""), file("a-", ""),
                              file("b\xff", ""), file("bz", "")});
    CHECK(listing(merged) == "a/ a/b/ a/b/c= a/z= a-= a.b= bz= b\xff=");
    const auto a = *merged.find("/a");
    CHECK(merged[a].subtree_end == *merged.find("/a-"));
    CHECK(merged[0].subtree_end == merged.size());
    CHECK(merged.children(a) == std::vector{*merged.find("/a/b"), *merged.find("/a/z")});
    CHECK(merged.children(*merged.find("/a/z")).empty());
    CHECK(merged.child(a, "z") == merged.find("/a/z"));
    CHECK(merged.child(0, "a") == a);
    CHECK_FALSE(merged.child(a, "a"));
    CHECK_FALSE(merged.find("/a/"));
    CHECK_FALSE(merged.find(""));
}

TEST_CASE("an image without layers is an empty root folder") {
    const auto merged = tree_of({});
    CHECK(merged.size() == 1);
    CHECK(merged[0].path == "/");
    CHECK(merged[0].is_directory());
    CHECK(merged[0].subtree_end == 1);
}

TEST_CASE("names are bytes: those that differ in case or in how Unicode is composed are two") {
    CHECK(listing(tree({file("File", "1"), file("file", "2"), file("caf\xc3\xa9", "3"),
                        file("cafe\xcc\x81", "4"), file("\xff\xfe", "5")})) ==
          "File=1 cafe\xcc\x81=4 caf\xc3\xa9=3 file=2 \xff\xfe=5");
    // Separators are slashes only, and what looks like one in Unicode is none.
    CHECK(listing(tree({file("..\\..\\x", "1"), file("..\xe2\x81\x84x", "2")})) ==
          "..\\..\\x=1 ..\xe2\x81\x84x=2");
}

TEST_CASE("no folder has a whiteout's name, which it would be in the next layer") {
    for (const auto& layer :
         {tar({file("etc/.wh.passwd/x", "1")}),
          tar({test::symlink("l", "usr/.wh.lib"), file("l/x", "1")}),
          tar({test::symlink("l", ".wh..wh..opq"), folder("l"), file("l/x", "1"),
               test::symlink("m", ".wh.a"), file("m/x", "1")})}) {
        CHECK_THROWS_WITH_AS(tree_of({layer}), doctest::Contains("only whiteouts can have"),
                             slimimg::Error);
    }
}
