#include <doctest/doctest.h>

#include "slimimg/base/digest.hpp"

using namespace slimimg;

// FIPS 180-2, appendix B.1.
static const std::string abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST_CASE("sha256 of a known message, in one piece and in several") {
    CHECK(sha256(as_bytes("abc")).hex() == abc);
    Hasher hasher;
    hasher.update(as_bytes("a"));
    hasher.update(as_bytes(""));
    hasher.update(as_bytes("bc"));
    CHECK(hasher.finish().str() == "sha256:" + abc);
}

TEST_CASE("Digest::parse takes both spellings and nothing else") {
    CHECK(Digest::parse("sha256:" + abc)->hex() == abc);
    CHECK(Digest::parse(abc)->hex() == abc);
    CHECK_FALSE(Digest::parse(abc + "0"));
    CHECK_FALSE(Digest::parse("sha512:" + abc));
    CHECK_FALSE(Digest::parse(std::string(64, 'g')));
    CHECK_FALSE(Digest::parse("BA" + abc.substr(2)));
}

TEST_CASE("MD5 and SHA-1 of the test suites of RFC 1321 and FIPS 180") {
    CHECK(md5_hex(as_bytes("abc")) == "900150983cd24fb0d6963f7d28e17f72");
    CHECK(md5_hex({}) == "d41d8cd98f00b204e9800998ecf8427e");
    CHECK(sha1_hex(as_bytes("abc")) == "a9993e364706816aba3e25717850c26c9cd0d89d");
}
