#include <algorithm>
#include <cstddef>
#include <string>

#include <doctest/doctest.h>

#include "slimimg/base/error.hpp"

#include "archive/background.hpp"
#include "archive/expect_error.hpp"

using slimimg::as_bytes;
using slimimg::as_text;
using slimimg::Bytes;
using slimimg::archive::Background;

TEST_CASE("work in the background gets all bytes in their order") {
    std::string sent;
    for (std::size_t i = 0; i < 3'000'000; ++i) {
        sent += static_cast<char>('a' + i * 7 % 26);
    }
    std::string got;
    std::size_t longest = 0;
    Background background([&](Bytes piece) {
        got += as_text(piece);
        longest = std::max(longest, piece.size());
    });
    background.write({});
    for (std::size_t at = 0, size = 1; at < sent.size(); at += size, size = size * 2 + 1) {
        background.write(as_bytes(std::string_view(sent).substr(at, size)));
    }
    background.finish();
    CHECK(got == sent);
    CHECK(longest <= 1 << 20);  // what is written at once is not held at once
}

TEST_CASE("what work in the background throws comes out at its end, and it gets no more") {
    int pieces = 0;
    Background background([&](Bytes) {
        ++pieces;
        throw slimimg::Error(slimimg::Exit::internal, "no-space", "the disk is full");
    });
    for (int i = 0; i < 20; ++i) {
        background.write(as_bytes(std::string_view("piece")));
    }
    test::expect_error(
        "no-space", "the disk is full", [&] { background.finish(); }, slimimg::Exit::internal);
    CHECK(pieces == 1);
}

TEST_CASE("work in the background that nobody finishes comes to an end") {
    int pieces = 0;
    {
        Background background([&](Bytes) { ++pieces; });
        background.write(as_bytes(std::string_view("piece")));
    }
    CHECK(pieces == 1);
}
