#include <limits>

#include <doctest/doctest.h>

#include "slimimg/base/bytes.hpp"

using namespace slimimg;

TEST_CASE("reads stay inside for any offset and length") {
    const Bytes bytes = as_bytes("abcd");
    constexpr auto max = std::numeric_limits<std::uint64_t>::max();
    CHECK(as_text(*checked_subspan(bytes, 1, 2)) == "bc");
    CHECK(checked_subspan(bytes, 4, 0));
    CHECK_FALSE(checked_subspan(bytes, 5, 0));
    CHECK_FALSE(checked_subspan(bytes, 2, max));
    CHECK_FALSE(checked_subspan(bytes, max, 1));
    CHECK_FALSE(read_uint<std::uint32_t>(bytes, 1));
    CHECK_FALSE(read_uint<std::uint64_t>(bytes, max - 3));
}

TEST_CASE("read_uint in both byte orders") {
    const Bytes bytes = as_bytes("\x01\x02\x03\x04");
    CHECK(read_uint<std::uint8_t>(bytes, 3) == 4);
    CHECK(read_uint<std::uint16_t>(bytes, 0) == 0x0201);
    CHECK(read_uint<std::uint32_t>(bytes, 0) == 0x04030201);
    CHECK(read_uint<std::uint32_t>(bytes, 0, std::endian::big) == 0x01020304);
}

TEST_CASE("read_c_string wants its NUL") {
    const Bytes bytes = as_bytes(std::string_view("ab\0cd", 5));
    CHECK(read_c_string(bytes, 0) == "ab");
    CHECK(read_c_string(bytes, 2) == "");
    CHECK_FALSE(read_c_string(bytes, 3));
    CHECK_FALSE(read_c_string(bytes, 5));
}

TEST_CASE("a slice of text owns its copy") {
    Slice slice;
    {
        std::string text = "short-lived";
        slice = slice_of(text);
        text.assign(text.size(), 'x');
    }
    CHECK(slice.text() == "short-lived");
    CHECK(slice.sub(6, 5)->text() == "lived");
    CHECK_FALSE(slice.sub(6, 6));
}
