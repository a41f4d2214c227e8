#include <array>
#include <filesystem>

#include <doctest/doctest.h>

#include "slimimg/archive/codec.hpp"
#include "slimimg/base/error.hpp"

#include "expect_error.hpp"
#include "support/counting_progress.hpp"
#include "support/pack.hpp"

using namespace slimimg;
using archive::Codec;
using test::expect_error;

namespace {

struct Packer {
    Codec codec;
    std::string (*pack)(std::string_view);
};
constexpr std::array packers{Packer{Codec::gzip, test::gzip}, Packer{Codec::zstd, test::zstd},
                             Packer{Codec::xz, test::xz}};

std::string inflated(std::string_view packed, const RunOptions& options = {}) {
    return std::string(archive::inflate_to_slice(slice_of(packed), options, "data").text());
}

}  // namespace

TEST_CASE("a codec is told by the first bytes") {
    for (const Packer& packer : packers) {
        CHECK(archive::detect_codec(as_bytes(packer.pack("x"))) == packer.codec);
    }
    CHECK(archive::detect_codec(as_bytes("\x5a\x2a\x4d\x18\x01")) == Codec::zstd);
    CHECK(archive::detect_codec(as_bytes("etc/passwd")) == Codec::none);
    CHECK(archive::detect_codec(as_bytes("\x1f")) == Codec::none);
    CHECK(archive::detect_codec({}) == Codec::none);
}

TEST_CASE("data of every codec is inflated, small and large, one part and several") {
    const std::string large = test::sample(3'000'000);
    const std::string other = test::sample(700'001, 7);
    for (const Packer& packer : packers) {
        CAPTURE(archive::codec_name(packer.codec));
        CHECK(inflated(packer.pack("")).empty());
        CHECK(inflated(packer.pack("small")) == "small");
        CHECK(inflated(packer.pack(large)) == large);
        CHECK(inflated(packer.pack(other) + packer.pack("") + packer.pack(large) +
                       packer.pack("!")) == other + large + "!");
    }
}

TEST_CASE("plain data is passed through without a copy") {
    const Slice plain = slice_of("plain");
    CHECK(archive::inflate_to_slice(plain, {}, "data").bytes.data() == plain.bytes.data());
}

TEST_CASE("many small gzip members are read at any length of the input") {
    std::string packed;
    std::string plain;
    for (std::uint32_t i = 0; i < 2000; ++i) {
        const std::string part = test::sample(i % 97, i);
        plain += part;
        packed += test::gzip(part);
    }
    CHECK(inflated(packed) == plain);
}

TEST_CASE("a gzip member may carry a name, a comment, extra data and a header checksum") {
    const std::string packed = test::gzip("content");
    std::string header = packed.substr(0, 10);
    header[3] = 4 | 8 | 16;
    header += std::string("\x03\0abc", 5) + std::string("name\0", 5) + std::string("comment\0", 8);
    CHECK(inflated(header + packed.substr(10)) == "content");
}

TEST_CASE("zeros after the last gzip member are padding, other bytes are an error") {
    const std::string packed = test::gzip("content");
    CHECK(inflated(packed + std::string(1000, '\0')) == "content");
    expect_error("compressed-data-damaged", "other data follows",
                 [&] { inflated(packed + "garbage"); });
    expect_error("compressed-data-damaged", "other data follows",
                 [&] { inflated(packed + std::string(1000, '\0') + "x"); });
}

TEST_CASE("zstd's skippable frames are skipped") {
    const std::string skippable("\x50\x2a\x4d\x18\x03\0\0\0abc", 11);
    CHECK(inflated(skippable + test::zstd("content") + skippable) == "content");
    CHECK(inflated(skippable).empty());
}

TEST_CASE("data cut short anywhere is an error") {
    const std::string plain = test::sample(3000);
    for (const Packer& packer : packers) {
        CAPTURE(archive::codec_name(packer.codec));
        const std::string packed = packer.pack(plain);
        for (std::size_t size = 12; size < packed.size(); size += size < 40 ? 1 : 13) {
            CAPTURE(size);
            CHECK_THROWS_AS(inflated(packed.substr(0, size)), Error);
        }
        expect_error("compressed-data-truncated", "data: the ",
                     [&] { inflated(packed.substr(0, packed.size() - 1)); });
    }
}

TEST_CASE("a wrong checksum or size of a gzip member is an error") {
    const std::string packed = test::gzip(test::sample(5000));
    for (std::size_t back = 1; back <= 8; ++back) {
        std::string damaged = packed;
        damaged[damaged.size() - back] = static_cast<char>(damaged[damaged.size() - back] ^ 1);
        expect_error("compressed-data-damaged", "checksum", [&] { inflated(damaged); });
    }
}

TEST_CASE("damaged data of any codec is an error or wrong in no silent way") {
    const std::string plain = test::sample(20000);
    for (const Packer& packer : packers) {
        const std::string packed = packer.pack(plain);
        for (std::size_t at = 0; at < packed.size(); at += 37) {
            std::string damaged = packed;
            damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
            try {
                const std::string result = inflated(damaged);
                // Header fields that carry no data, or a magic that is no longer one; zstd's
                // one-shot frames have no checksum.
                CHECK((result == plain || at < 16 || packer.codec == Codec::zstd));
            } catch (const Error& error) {
                CHECK(error.status() == Exit::bad_input);
            }
        }
    }
}

TEST_CASE("an expansion bomb is refused, 10 MB of zeros are not") {
    const std::string zeros(10 << 20, '\0');
    for (const Packer& packer : packers) {
        CHECK(inflated(packer.pack(zeros)).size() == zeros.size());
    }
    RunOptions options;
    options.limits.expansion_floor = 1 << 20;
    options.limits.expansion_ratio = 100;
    for (const Packer& packer : packers) {
        expect_error("decompression-bomb", "data inflates to more than 100 times",
                     [&] { inflated(packer.pack(zeros), options); });
    }
}

TEST_CASE("more inflated bytes than the limit are refused") {
    RunOptions options;
    options.limits.layer_bytes = 1'000'000;
    const std::string exact = test::sample(1'000'000);
    for (const Packer& packer : packers) {
        CHECK(inflated(packer.pack(exact), options).size() == exact.size());
        expect_error("inflated-too-large", "more than 1000000 bytes",
                     [&] { inflated(packer.pack(exact + "x"), options); });
    }
}

TEST_CASE("inflating is told as one step that counts the stored bytes") {
    for (const Packer& packer : packers) {
        test::CountingProgress progress;
        RunOptions options;
        options.progress = &progress;
        const std::string packed = packer.pack(test::sample(2'000'000));
        inflated(packed, options);
        CHECK(progress.begun == std::map<std::string, int>{{"inflate", 1}});
        CHECK(progress.ended == progress.begun);
        CHECK(progress.name == "data");
        CHECK(progress.total == packed.size());
        CHECK(progress.advanced == packed.size());
        CHECK_THROWS(inflated(packed.substr(0, 1000), options));
        CHECK(progress.ended == progress.begun);
    }
}

TEST_CASE("a large result goes to a spool file, a small one needs none") {
    RunOptions options;
    options.spool_dir = "/nonexistent";
    CHECK(inflated(test::gzip("small"), options) == "small");
    const std::string large = test::gzip(test::sample(2'000'000));
    expect_error(
        "io", "/nonexistent", [&] { inflated(large, options); }, Exit::internal);
}

TEST_CASE("a zstd frame that wants more memory than decoders must have is refused") {
    // Frame header of RFC 8878: a window of 2^41 bytes, one raw block that is the last.
    const std::string frame("\x28\xb5\x2f\xfd\x00\xf8\x09\x00\x00x", 10);
    expect_error("compressed-data-damaged", "too much memory", [&] { inflated(frame); });
    const std::string small("\x28\xb5\x2f\xfd\x00\x58\x09\x00\x00x", 10);
    CHECK(inflated(small) == "x");
}

TEST_CASE("what is inflated is not inflated again") {
    const std::string twice = test::gzip(test::gzip(test::sample(1000)));
    CHECK(archive::detect_codec(as_bytes(inflated(twice))) == Codec::gzip);
}
