#include <doctest/doctest.h>

#include "support/tree.hpp"

using test::file;
using test::folder;
using test::hardlink;
using test::tree;

TEST_CASE("content is the file's bytes, and empty for anything else") {
    const auto merged = tree({file("a", "hello"),
                              folder("d"),
                              test::symlink("l", "a"),
                              {.name = "fifo", .type = '6'},
                              file("empty", "")});
    CHECK(merged.content(*merged.find("/a")).text() == "hello");
    CHECK(merged.content(*merged.find("/d")).text().empty());
    CHECK(merged.content(*merged.find("/l")).text().empty());
    CHECK(merged.content(*merged.find("/fifo")).text().empty());
    CHECK(merged.content(*merged.find("/empty")).text().empty());
}

TEST_CASE("content outlives the tree") {
    slimimg::Slice content;
    {
        const auto merged = tree({file("a", "hello")});
        content = merged.content(*merged.find("/a"));
    }
    CHECK(content.text() == "hello");
}

TEST_CASE("raw_entry gives the bytes of this name's own entry") {
    const std::string big(1000, 'x');
    const test::Member first = file("a", big, 0600);
    const test::Member second = hardlink("b", "a");
    const auto merged = tree({first, second});
    CHECK(slimimg::as_text(merged.raw_entry(*merged.find("/a"))) == test::tar_member(first));
    CHECK(slimimg::as_text(merged.raw_entry(*merged.find("/b"))) == test::tar_member(second));
}

TEST_CASE("a tree that was moved still finds its paths") {
    auto merged = tree({file("a", "1"), file("a-name-too-long-for-a-small-string-buffer", "2")});
    const auto moved = std::move(merged);
    CHECK(moved.content(moved.find("/a").value_or(0)).text() == "1");
    CHECK(moved.find("/a-name-too-long-for-a-small-string-buffer"));
}
