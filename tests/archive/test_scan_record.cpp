#include <random>

#include <doctest/doctest.h>

#include "archive/scan_record.hpp"
#include "support/pack.hpp"
#include "support/tar.hpp"

using namespace slimimg;
using namespace slimimg::archive;

namespace {

constexpr std::string_view what = "layer 2 of app.tar";

ScanRecord sample_record() {
    const std::string tar =
        test::tar({test::folder("usr"),
                   test::file("usr/app", "x", 04755),
                   {.name = "old", .content = "x", .pax = test::pax_record("mtime", "-5")},
                   test::symlink("link", "/usr/app"),
                   test::hardlink("hard", "usr/app"),
                   {.name = "null", .type = '3', .device_major = 1, .device_minor = 3},
                   {.name = "ping",
                    .content = "x",
                    .pax = test::pax_record("SCHILY.xattr.security.capability", "\x01")}}) +
        "data after the end";
    LayerScan scan = scan_layer(slice_of(test::gzip(tar)), {}, what);
    scan.diagnostics.push_back({Severity::note, "code", "/path", "named otherwise", true});
    const std::uint64_t bytes = scan.tar.size();
    return {std::move(scan),
            {.blob_bytes = 1000,
             .tar_bytes = bytes,
             .blob = {Seal{1, 2, 3}},
             .tar = {Seal{4}, Seal{5}}}};
}

std::string text_of(const ScanRecord& record, std::string_view name = what) {
    return encode(record.scan, record.seals, name, {});
}

}  // namespace

TEST_CASE("a record is read as it was written, for a layer of another name too") {
    const ScanRecord record = sample_record();
    const std::string text = text_of(record);
    const auto read = decode(as_bytes(text), "layer 1 of b.tar", {});
    REQUIRE(read);
    CHECK(read->scan.codec == Codec::gzip);
    CHECK(read->scan.blob == record.scan.blob);
    CHECK(read->scan.diff_id == record.scan.diff_id);
    CHECK(read->seals.blob_bytes == 1000);
    CHECK(read->seals.tar_bytes == record.seals.tar_bytes);
    CHECK(read->seals.blob == record.seals.blob);
    CHECK(read->seals.tar == record.seals.tar);
    REQUIRE(read->scan.entries.size() == 7);
    for (std::size_t i = 0; i < 7; ++i) {
        const LayerEntry& a = read->scan.entries[i];
        const LayerEntry& b = record.scan.entries[i];
        CHECK(a.path == b.path);
        CHECK(a.header == b.header);
        CHECK(a.sparse == b.sparse);
        CHECK(a.raw.offset == b.raw.offset);
        CHECK(a.raw.length == b.raw.length);
        CHECK(a.content.offset == b.content.offset);
        CHECK(a.content.length == b.content.length);
    }
    CHECK(read->scan.entries[2].header.mtime.seconds == -5);
    REQUIRE(read->scan.diagnostics.size() == 2);
    CHECK(read->scan.diagnostics[0].message ==
          "layer 1 of b.tar has data after its end, which no engine reads");
    CHECK(read->scan.diagnostics[1] == record.scan.diagnostics[1]);
    CHECK(text_of(*read, "layer 1 of b.tar") == text);
}

TEST_CASE("a record that was made under other limits is none") {
    const std::string text = text_of(sample_record());
    Limits tighter;
    tighter.path_bytes = 100;
    CHECK_FALSE(decode(as_bytes(text), what, tighter));
    CHECK(decode(as_bytes(text), what, {}));
}

TEST_CASE("a record that is cut off or longer is none") {
    const std::string text = text_of(sample_record());
    for (std::size_t size = 0; size < text.size(); ++size) {
        CHECK_FALSE(decode(as_bytes(text).first(size), what, {}));
    }
    CHECK_FALSE(decode(as_bytes(text + '\0'), what, {}));
}

TEST_CASE("whatever bytes a record has, what is read is in order for its layer") {
    const std::string text = text_of(sample_record());
    std::mt19937 random(1);
    for (int round = 0; round < 20'000; ++round) {
        std::string damaged = text;
        for (unsigned i = 0; i < 1 + random() % 4; ++i) {
            damaged[random() % damaged.size()] = static_cast<char>(random());
        }
        const auto read = decode(as_bytes(damaged), what, {});
        for (const LayerEntry& entry : read ? read->scan.entries : std::vector<LayerEntry>()) {
            REQUIRE(entry.raw.offset + entry.raw.length <= read->seals.tar_bytes);
            REQUIRE(entry.content.offset + entry.content.length <= read->seals.tar_bytes);
            REQUIRE(entry.path.starts_with('/'));
        }
    }
}
