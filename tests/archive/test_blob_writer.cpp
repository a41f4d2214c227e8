#include <array>

#include <doctest/doctest.h>

#include "slimimg/archive/blob_writer.hpp"

#include "expect_error.hpp"
#include "scratch.hpp"
#include "support/counting_progress.hpp"
#include "support/pack.hpp"

using namespace slimimg;
using archive::BlobWriter;
using archive::Codec;
using archive::Compression;
using archive::WrittenBlob;
using test::expect_error;

namespace {

WrittenBlob written(std::string_view plain, const Compression& compression,
                    const RunOptions& options = {}, std::size_t piece = 1'000'003) {
    BlobWriter writer(compression, options);
    for (std::size_t at = 0; at < plain.size(); at += piece) {
        writer.write(as_bytes(plain.substr(at, piece)));
    }
    return writer.finish();
}

std::string inflated(const Slice& stored) {
    return std::string(archive::inflate_to_slice(stored, {}, "blob").text());
}

constexpr std::array codecs{Codec::none, Codec::gzip, Codec::zstd};

}  // namespace

TEST_CASE("a blob is read back as it was written, with both of its digests") {
    for (const Codec codec : codecs) {
        CAPTURE(archive::codec_name(codec));
        for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{1} << 20,
                                       (std::size_t{1} << 20) + 1, std::size_t{9'999'999}}) {
            CAPTURE(size);
            const std::string plain = test::sample(size);
            const WrittenBlob blob = written(plain, {.codec = codec, .level = {}});
            CHECK(archive::detect_codec(blob.stored.bytes) == codec);
            CHECK(inflated(blob.stored) == plain);
            CHECK(blob.diff_id == sha256(as_bytes(plain)));
            CHECK(blob.digest == sha256(blob.stored.bytes));
            CHECK(blob.plain_bytes == size);
        }
    }
}

TEST_CASE("neither threads nor the pieces of writing change a byte") {
    const std::string plain = test::sample(7'500'000);
    for (const Codec codec : codecs) {
        CAPTURE(archive::codec_name(codec));
        const WrittenBlob one = written(plain, {.codec = codec, .level = {}});
        for (const unsigned threads : {0U, 2U, 4U, 7U}) {
            RunOptions options;
            options.threads = threads;
            const WrittenBlob other =
                written(plain, {.codec = codec, .level = {}}, options, 70'001 * (threads + 1));
            CHECK(other.digest == one.digest);
            CHECK(other.diff_id == one.diff_id);
        }
    }
}

TEST_CASE("a level changes the size, the default is gzip's 6 and zstd's 3") {
    const std::string plain = test::sample(2'000'000);
    const auto size = [&](Codec codec, std::optional<int> level) {
        return written(plain, {.codec = codec, .level = level}).stored.size();
    };
    CHECK(size(Codec::gzip, {}) == size(Codec::gzip, 6));
    CHECK(size(Codec::gzip, 12) < size(Codec::gzip, 1));
    CHECK(size(Codec::zstd, {}) == size(Codec::zstd, 3));
    CHECK(size(Codec::zstd, 19) < size(Codec::zstd, 1));
}

TEST_CASE("xz and levels that a codec lacks are errors of usage") {
    const auto make = [](Codec codec, std::optional<int> level) {
        return [=] { BlobWriter({.codec = codec, .level = level}, {}); };
    };
    expect_error("compression", "xz", make(Codec::xz, {}), Exit::usage);
    expect_error("compression-level", "gzip has no level 0", make(Codec::gzip, 0), Exit::usage);
    expect_error("compression-level", "gzip has no level 13", make(Codec::gzip, 13), Exit::usage);
    expect_error("compression-level", "zstd has no level 20", make(Codec::zstd, 20), Exit::usage);
    expect_error("compression-level", "zstd has no level -1", make(Codec::zstd, -1), Exit::usage);
}

TEST_CASE("GNU gzip reads a blob of many members") {
    const test::Scratch scratch;
    const std::string plain = test::sample(3'500'000);
    const WrittenBlob blob = written(plain, {.codec = Codec::gzip, .level = {}});
    scratch.write("blob.gz", std::string(blob.stored.text()));
    CHECK(scratch.run("gzip -t blob.gz && gzip -dc blob.gz") == plain);
}

TEST_CASE("a gzip blob has no time and no name in its headers") {
    const WrittenBlob blob = written("content", {.codec = Codec::gzip, .level = {}});
    CHECK(blob.stored.text().substr(3, 5) == std::string(5, '\0'));
}

TEST_CASE("the observer is told of the plain bytes") {
    test::CountingProgress progress;
    RunOptions options;
    options.progress = &progress;
    written(test::sample(2'000'000), {.codec = Codec::gzip, .level = {}}, options);
    CHECK(progress.advanced == 2'000'000);
}
