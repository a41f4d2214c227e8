#include <algorithm>
#include <array>

#include <doctest/doctest.h>

#include "slimimg/archive/layer.hpp"
#include "slimimg/archive/tar_writer.hpp"

#include "expect_error.hpp"
#include "scratch.hpp"
#include "support/pack.hpp"
#include "support/tar.hpp"

using namespace slimimg;
using archive::EntryType;
using archive::Header;
using archive::LayerEntry;
using archive::LayerScan;
using archive::TarWriter;
using test::expect_error;

namespace {

struct NewEntry {
    std::string path;
    Header header;
    std::string content;
};

std::string written(const std::vector<NewEntry>& entries) {
    std::string tar;
    TarWriter writer([&](Bytes bytes) { tar += as_text(bytes); });
    for (const NewEntry& entry : entries) {
        writer.entry(entry.path, entry.header, as_bytes(entry.content));
    }
    writer.finish();
    return tar;
}

LayerScan scan(const std::string& tar) {
    return archive::scan_layer(slice_of(tar), {}, "tar");
}

void check_same(const NewEntry& wanted, const LayerScan& layer, const LayerEntry& got) {
    CHECK(got.path == wanted.path);
    CHECK(got.header.type == wanted.header.type);
    CHECK(got.header.mode == wanted.header.mode);
    CHECK(got.header.uid == wanted.header.uid);
    CHECK(got.header.gid == wanted.header.gid);
    CHECK(got.header.mtime == wanted.header.mtime);
    CHECK(got.header.size == wanted.content.size());
    CHECK(got.header.link == wanted.header.link);
    CHECK(got.header.device_major == wanted.header.device_major);
    CHECK(got.header.device_minor == wanted.header.device_minor);
    CHECK(got.header.xattrs == wanted.header.xattrs);
    CHECK(layer.tar.text().substr(got.content.offset, got.content.length) == wanted.content);
}

Header header(EntryType type, std::uint16_t mode = 0644) {
    Header result;
    result.type = type;
    result.mode = mode;
    return result;
}

/// Makes entries with every kind of value, those at the edges of a field most of all.
class Generator {
  public:
    explicit Generator(std::uint32_t seed) : state_(seed) {}

    NewEntry entry() {
        NewEntry entry;
        entry.path = "/" + name();
        Header& header = entry.header;
        header.type = static_cast<EntryType>(below(7));
        header.mode = static_cast<std::uint16_t>(below(010000));
        header.uid = static_cast<std::uint32_t>(pick({0, 1000, 2097151, 2097152, 4294967295}));
        header.gid = static_cast<std::uint32_t>(pick({0, 42, 2097152, 2147483648, 4294967294}));
        header.mtime = {seconds_[below(seconds_.size())], nanoseconds_[below(nanoseconds_.size())]};
        if (header.type == EntryType::file) {
            entry.content = test::sample(pick({0, 1, 511, 512, 513, 5000}), next());
        } else if (header.type == EntryType::symlink) {
            header.link = below(2) == 0 ? name() : "/" + name();
        } else if (header.type == EntryType::hardlink) {
            header.link = "/" + name();
        } else if (header.type == EntryType::char_device ||
                   header.type == EntryType::block_device) {
            header.device_major = static_cast<std::uint32_t>(pick({0, 8, 4095, 3000000}));
            header.device_minor = static_cast<std::uint32_t>(pick({0, 3, 1048575, 2097152}));
        }
        std::vector<archive::Xattrs::Attribute> xattrs;
        for (std::size_t i = below(4); i-- > 0;) {
            xattrs.emplace_back(
                "user." + std::string(1, static_cast<char>('a' + i)) + " %" + text(below(90)),
                bytes(1 + below(300)));
        }
        std::sort(xattrs.begin(), xattrs.end());
        header.xattrs.set(std::move(xattrs));
        return entry;
    }

  private:
    std::uint32_t next() { return state_ = state_ * 1664525 + 1013904223; }
    std::size_t below(std::size_t count) { return (next() >> 8) % count; }
    std::uint64_t pick(std::initializer_list<std::uint64_t> values) {
        return values.begin()[below(values.size())];
    }
    std::string text(std::size_t size) {
        std::string result;
        while (result.size() < size) {
            result += static_cast<char>('a' + below(26));
        }
        return result;
    }
    std::string bytes(std::size_t size) {
        std::string result;
        while (result.size() < size) {
            result += static_cast<char>(below(256));
        }
        return result;
    }
    /// Around the lengths where a field ends, of ASCII, UTF-8 or any bytes at all.
    std::string name() {
        static const std::vector<std::string> strange{
            "", "\xff\xfe", "caf\xc3\xa9", "a b", "\n", ".wh.", "%20", "=", "\x01"};
        std::string result = text(1 + below(3)) + strange[below(strange.size())];
        const std::size_t size = pick({5, 98, 99, 100, 101, 155, 156, 255, 256, 300, 3000});
        while (result.size() + 60 < size) {
            result += "/" + text(40 + below(15));
        }
        return result.size() < size ? result + text(size - result.size()) : result;
    }

    static constexpr std::array<std::int64_t, 8> seconds_{
        0, 1, 1700000000, 2147483647, 2147483648, 8589934591, 8589934592, -86400};
    static constexpr std::array<std::uint32_t, 6> nanoseconds_{0, 1, 500000000, 999999999, 120, 7};
    std::uint32_t state_;
};

}  // namespace

TEST_CASE("any entry is read back as it was written") {
    Generator generator(7);
    for (int round = 0; round < 60; ++round) {
        CAPTURE(round);
        std::vector<NewEntry> entries;
        for (int i = 0; i < 25; ++i) {
            entries.push_back(generator.entry());
        }
        const LayerScan layer = scan(written(entries));
        CHECK(layer.diagnostics.empty());
        REQUIRE(layer.entries.size() == entries.size());
        for (std::size_t i = 0; i < entries.size(); ++i) {
            check_same(entries[i], layer, layer.entries[i]);
        }
    }
}

TEST_CASE("the root folder is written and read as a folder") {
    const LayerScan layer = scan(written({{"/", header(EntryType::directory, 0755), ""}}));
    REQUIRE(layer.entries.size() == 1);
    CHECK(layer.entries[0].path == "/");
    CHECK(layer.entries[0].header.type == EntryType::directory);
    CHECK(layer.tar.text().substr(0, 3) == std::string("./\0", 3));
}

TEST_CASE("an ordinary entry is one plain ustar header, with nothing of the machine in it") {
    Header plain = header(EntryType::file, 0755);
    plain.mtime.seconds = 1700000000;
    plain.uid = 1000;
    CHECK(written({{"/usr/bin/app", plain, "content"}}) == test::tar({{.name = "usr/bin/app",
                                                                       .content = "content",
                                                                       .mode = 0755,
                                                                       .uid = 1000,
                                                                       .mtime = 1700000000}}));
}

TEST_CASE("raw ranges are copied to the byte and stand beside new entries") {
    const LayerScan source = scan(test::tar(
        {{.name = "a", .content = "1", .pax = test::pax_record("SCHILY.acl.access", "user::rwx")},
         test::file("b", "2")}));
    std::string tar;
    TarWriter writer([&](Bytes bytes) { tar += as_text(bytes); });
    const auto copy = [&](std::size_t i) {
        const archive::Range raw = source.entries[i].raw;
        writer.raw(source.tar.bytes.subspan(raw.offset, raw.length));
    };
    copy(1);
    writer.entry("/new", header(EntryType::file), as_bytes("3"));
    copy(0);
    writer.finish();
    const LayerScan layer = scan(tar);
    REQUIRE(layer.entries.size() == 3);
    CHECK(layer.entries[0].path == "/b");
    CHECK(layer.entries[1].path == "/new");
    CHECK(layer.entries[2].path == "/a");
    const auto raw_of = [](const LayerScan& scan, std::size_t i) {
        return scan.tar.text().substr(scan.entries[i].raw.offset, scan.entries[i].raw.length);
    };
    CHECK(raw_of(layer, 2) == raw_of(source, 0));
    CHECK(layer.diagnostics.empty());
    expect_error(
        "tar-range", "whole blocks", [&] { writer.raw(as_bytes("partial")); }, Exit::internal);
}

TEST_CASE("GNU tar extracts what is written") {
    const std::string deep = std::string(120, 'd') + "/caf\xc3\xa9";
    Header dated = header(EntryType::file, 0640);
    dated.mtime = {1600000000, 123456789};
    Header link = header(EntryType::symlink, 0777);
    link.link = "../" + deep;
    Header name = header(EntryType::hardlink);
    name.link = "/" + deep;
    const test::Scratch scratch;
    scratch.write("new.tar", written({{"/" + deep, dated, "deep content"},
                                      {"/links/soft", link, ""},
                                      {"/links/hard", name, ""},
                                      {"/\xff", dated, "byte"}}));
    static_cast<void>(scratch.run("mkdir out && tar -C out -xf new.tar 2>&1"));
    CHECK(scratch.run("cat out/links/soft out/links/hard out/$(printf '\\377')") ==
          "deep contentdeep contentbyte");
    CHECK(scratch.run("stat -c '%a %h' out/links/hard") == "640 2\n");
    CHECK(scratch.run("TZ=UTC stat -c '%y' out/links/hard") ==
          "2020-09-13 12:26:40.123456789 +0000\n");
}

TEST_CASE("an attribute name that a tar can't hold is an error and not another attribute") {
    Header odd = header(EntryType::file);
    odd.xattrs.set({{"user.a=b", "v"}});
    expect_error(
        "xattr-name", "user.a=b",
        [&] {
            written({{"/f", odd, ""}});
        },
        Exit::internal);
}
