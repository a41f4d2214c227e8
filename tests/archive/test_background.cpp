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

TEST_CASE("what goes on beside work in the background gets the same copy") {
    std::string bytes(2'500'000, 'a');
    std::string in_background;
    std::string beside;
    Background background([&](Bytes piece) { in_background += as_text(piece); });
    background.write(as_bytes(bytes), [&](Bytes piece) {
        bytes.assign(bytes.size(), static_cast<char>(bytes.front() + 1));  // as a file may change
        beside += as_text(piece);
    });
    background.finish();
    CHECK(beside == in_background);
    CHECK(beside.size() == bytes.size());
    CHECK(beside.front() != beside.back());
}

TEST_CASE("what work in the background throws comes out at its end, and it gets no more") {
    int pieces = 0;
    Background background([&](Bytes) {
        ++pieces;
        throw slimimg::Error(slimimg::Exit::internal, "no-space", "the disk is full");
    });
    const auto write_and_finish = [&] {
        for (int i = 0; i < 20; ++i) {
            background.write(as_bytes(std::string_view("piece")));
        }
        background.finish();
    };
    for (int attempt = 0; attempt < 2; ++attempt) {
        test::expect_error("no-space", "the disk is full", write_and_finish,
                           slimimg::Exit::internal);
    }
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
