#include <clocale>

#include <doctest/doctest.h>

#include "slimimg/archive/layer.hpp"
#include "slimimg/base/error.hpp"

#include "expect_error.hpp"
#include "scratch.hpp"
#include "support/counting_progress.hpp"
#include "support/pack.hpp"
#include "support/tar.hpp"

using namespace slimimg;
using archive::EntryType;
using archive::LayerEntry;
using archive::LayerScan;
using test::expect_error;
using test::Member;
using test::pax_record;

namespace {

const std::string end_blocks(1024, '\0');

LayerScan scan(std::string_view blob, const RunOptions& options = {}) {
    return archive::scan_layer(slice_of(blob), options, "layer");
}

LayerScan scan_members(std::initializer_list<Member> members) {
    return scan(test::tar(members));
}

std::string_view raw_of(const LayerScan& layer, const LayerEntry& entry) {
    return layer.tar.text().substr(entry.raw.offset, entry.raw.length);
}

std::string_view content_of(const LayerScan& layer, const LayerEntry& entry) {
    return layer.tar.text().substr(entry.content.offset, entry.content.length);
}

std::vector<std::string> paths(const LayerScan& layer) {
    std::vector<std::string> result;
    for (const LayerEntry& entry : layer.entries) {
        result.push_back(entry.path);
    }
    return result;
}

std::vector<std::string> codes(const LayerScan& layer) {
    std::vector<std::string> result;
    for (const Diagnostic& diagnostic : layer.diagnostics) {
        result.push_back(diagnostic.code);
    }
    return result;
}

using Strings = std::vector<std::string>;

Member global_header(const std::string& records) {
    return {.name = "pax_global_header", .content = records, .type = 'g'};
}

/// A name longer than a header field, as GNU tar stores it.
std::string gnu_long(char type, const std::string& text) {
    return test::tar_member(
        {.name = "././@LongLink", .content = text + std::string(1, '\0'), .type = type});
}

/// Sets a field of the first header block and mends its checksum.
std::string with_field(std::string tar, std::size_t at, std::string_view value) {
    tar.replace(at, value.size(), value);
    tar.replace(148, 8, 8, ' ');
    unsigned sum = 0;
    for (std::size_t i = 0; i < 512; ++i) {
        sum += static_cast<unsigned char>(tar[i]);
    }
    char text[8];
    snprintf(text, sizeof text, "%06o", sum);
    tar.replace(148, 8, std::string(text, 7) + " ");
    return tar;
}

}  // namespace

TEST_CASE("each type of entry is read with all that its header says") {
    const LayerScan layer = scan_members({
        {.name = "etc/", .type = '5', .mode = 0755},
        {.name = "etc/shadow", .content = "root:*\n", .mode = 0640, .gid = 42, .mtime = 1234567890},
        {.name = "bin", .type = '2', .mode = 0777, .link = "usr/bin"},
        {.name = "etc/shadow-", .type = '1', .link = "etc/shadow"},
        {.name = "dev/null", .type = '3', .mode = 0666, .device_major = 1, .device_minor = 3},
        {.name = "dev/sda", .type = '4', .mode = 0660, .device_major = 8},
        {.name = "run/pipe", .type = '6', .mode = 0600, .uid = 1000},
        {.name = "tmp", .type = '5', .mode = 01777},
        {.name = "usr/bin/su", .content = "x", .mode = 04755},
    });
    REQUIRE(layer.entries.size() == 9);
    const auto& entries = layer.entries;
    CHECK(paths(layer) == Strings{"/etc", "/etc/shadow", "/bin", "/etc/shadow-", "/dev/null",
                                  "/dev/sda", "/run/pipe", "/tmp", "/usr/bin/su"});
    CHECK(entries[0].header.type == EntryType::directory);
    CHECK(entries[1].header.type == EntryType::file);
    CHECK(entries[1].header.mode == 0640);
    CHECK(entries[1].header.gid == 42);
    CHECK(entries[1].header.size == 7);
    CHECK(entries[1].header.mtime == archive::Timestamp{1234567890, 0});
    CHECK(content_of(layer, entries[1]) == "root:*\n");
    CHECK(entries[2].header.type == EntryType::symlink);
    CHECK(entries[2].header.link == "usr/bin");
    CHECK(entries[3].header.type == EntryType::hardlink);
    CHECK(entries[3].header.link == "/etc/shadow");
    CHECK(entries[3].header.size == 0);
    CHECK(entries[4].header.type == EntryType::char_device);
    CHECK(entries[4].header.device_major == 1);
    CHECK(entries[4].header.device_minor == 3);
    CHECK(entries[5].header.type == EntryType::block_device);
    CHECK(entries[6].header.type == EntryType::fifo);
    CHECK(entries[6].header.uid == 1000);
    CHECK(entries[7].header.mode == 01777);
    CHECK(entries[8].header.mode == 04755);
    CHECK(layer.diagnostics.empty());
}

TEST_CASE("raw ranges cover the tar without a gap, extension headers with their entry") {
    const std::string long_name = std::string(150, 'n') + "/" + std::string(150, 'm');
    const Strings members{
        test::tar_member(test::file("a", "content")),
        test::tar_member({.name = "b",
                          .content = std::string(1500, 'b'),
                          .pax = pax_record("SCHILY.xattr.user.k", "v")}),
        gnu_long('L', long_name) + test::tar_member(test::file("short", "c")),
        gnu_long('K', long_name) + test::tar_member(test::symlink("link", "short")),
        test::tar_member(test::folder("d")),
        test::tar_member(test::file("last", std::string(512, 'l'))),
    };
    std::string tar;
    for (const std::string& member : members) {
        tar += member;
    }
    const LayerScan layer = scan(tar + end_blocks);
    REQUIRE(layer.entries.size() == members.size());
    for (std::size_t i = 0; i < members.size(); ++i) {
        CAPTURE(i);
        CHECK(raw_of(layer, layer.entries[i]) == members[i]);
    }
    CHECK(layer.entries[2].path == "/" + long_name);
    CHECK(content_of(layer, layer.entries[2]) == "c");
    CHECK(layer.entries[3].header.link == long_name);
    CHECK(content_of(layer, layer.entries[5]) == std::string(512, 'l'));
}

TEST_CASE("pax records give nanoseconds, big owners, sizes and extended attributes") {
    const std::string capability("\x01\0\0\x02\0\x04\0\0\n\0=\0", 12);
    const LayerScan layer = scan_members(
        {{.name = "f",
          .content = "content",
          .pax = pax_record("mtime", "1700000000.123456789") + pax_record("uid", "4000000000") +
                 pax_record("gid", "2147483648") + pax_record("SCHILY.xattr.user.z", "last") +
                 pax_record("SCHILY.xattr.security.capability", capability) +
                 pax_record("LIBARCHIVE.xattr.user.b", "YQ") + pax_record("atime", "1.5")}});
    REQUIRE(layer.entries.size() == 1);
    const archive::Header& header = layer.entries[0].header;
    CHECK(header.mtime == archive::Timestamp{1700000000, 123456789});
    CHECK(header.uid == 4000000000);
    CHECK(header.gid == 2147483648);
    REQUIRE(header.xattrs.size() == 2);
    CHECK(header.xattrs[0] ==
          std::pair<std::string, std::string>("security.capability", capability));
    CHECK(header.xattrs[1] == std::pair<std::string, std::string>("user.z", "last"));
}

TEST_CASE("names are bytes in every header format and every locale") {
    const std::string latin1 = "caf\xe9/\xff\xfe";
    const std::string utf8 = "caf\xc3\xa9/\xe6\x97\xa5";
    for (const char* locale : {"C", "C.UTF-8"}) {
        CAPTURE(locale);
        REQUIRE(std::setlocale(LC_ALL, locale) != nullptr);
        for (const std::string& name : {latin1, utf8}) {
            const LayerScan layer = scan(
                test::tar_member(test::file(name, "ustar")) +
                test::tar_member(
                    {.name = "stand-in", .content = "pax", .pax = pax_record("path", name)}) +
                test::tar_member(
                    {.name = "stand-in",
                     .type = '2',
                     .link = "stand-in",
                     .pax = pax_record("path", name + "l") + pax_record("linkpath", name)}) +
                test::tar_member({.name = "stand-in",
                                  .type = '1',
                                  .link = "stand-in",
                                  .pax = pax_record("hdrcharset", "BINARY") +
                                         pax_record("path", name + "h") +
                                         pax_record("linkpath", name)}) +
                gnu_long('L', name) + test::tar_member(test::file("stand-in", "gnu")) + end_blocks);
            CHECK(paths(layer) ==
                  Strings{"/" + name, "/" + name, "/" + name + "l", "/" + name + "h", "/" + name});
            CHECK(layer.entries[2].header.link == name);
            CHECK(layer.entries[3].header.link == "/" + name);
            CHECK(layer.diagnostics.empty());
        }
    }
    std::setlocale(LC_ALL, "C");
}

TEST_CASE("GNU tar's and Python's archives of every format list the same") {
    const test::Scratch scratch;
    const std::string deep =
        std::string(90, 'd') + "/" + std::string(90, 'e') + "/" + std::string(120, 'f');
    scratch.write("in/" + deep, "deep");
    scratch.write("in/\xff", "byte");
    scratch.write("in/plain", test::sample(100000));
    std::filesystem::create_symlink(deep, scratch.path / "in/link");
    std::filesystem::create_hard_link(scratch.path / "in/plain", scratch.path / "in/zz");
    for (const char* format : {"gnu", "pax", "posix", "oldgnu"}) {
        CAPTURE(format);
        const LayerScan layer =
            scan(scratch.run(std::string("tar --sort=name -C in --format=") + format + " -cf - ."));
        REQUIRE(layer.entries.size() == 8);
        CHECK(layer.entries[0].path == "/");
        CHECK(layer.entries[3].path == "/" + deep);
        CHECK(content_of(layer, layer.entries[3]) == "deep");
        CHECK(layer.entries[4].header.link == deep);
        CHECK(layer.entries[4].path == "/link");
        CHECK(content_of(layer, layer.entries[5]) == test::sample(100000));
        CHECK(layer.entries[6].header.type == EntryType::hardlink);
        CHECK(layer.entries[6].header.link == "/plain");
        CHECK(layer.entries[7].path == "/\xff");
        CHECK(layer.diagnostics.empty());
    }
}

TEST_CASE("sparse files of every kind are told and laid out") {
    const test::Scratch scratch;
    std::string content(1 << 20, '\0');
    content.replace(100'000, 70'000, test::sample(70'000));
    content.replace(900'000, 5, "tail!");
    scratch.write("full", content);
    scratch.write("empty", std::string(300'000, '\0'));
    scratch.write("dense", "dense");
    scratch.write("last", "last");
    static_cast<void>(
        scratch.run("cp --sparse=always full sparse; cp --sparse=always empty holes"));
    for (const char* kind :
         {"--format=gnu", "--format=pax --sparse-version=0.0", "--format=pax --sparse-version=0.1",
          "--format=pax --sparse-version=1.0"}) {
        CAPTURE(kind);
        const LayerScan layer = scan(scratch.run(
            std::string("tar --hole-detection=raw -S -cf - dense sparse holes last ") + kind));
        REQUIRE(layer.entries.size() == 4);
        const LayerEntry& sparse = layer.entries[1];
        CHECK(paths(layer) == Strings{"/dense", "/sparse", "/holes", "/last"});
        CHECK_FALSE(layer.entries[0].sparse);
        CHECK(sparse.sparse);
        CHECK(sparse.header.size == content.size());
        CHECK(sparse.content.length < 100'000);
        CHECK(sparse.content.length >= 70'005);
        CHECK(archive::read_sparse(layer, sparse, {}).text() == content);
        CHECK(layer.entries[2].sparse);
        CHECK(archive::read_sparse(layer, layer.entries[2], {}).text() ==
              std::string(300'000, '\0'));
        CHECK(content_of(layer, layer.entries[3]) == "last");
        RunOptions options;
        options.limits.sparse_bytes = content.size() - 1;
        expect_error("sparse-too-large", "/sparse is a sparse file of 1048576 bytes",
                     [&] { static_cast<void>(archive::read_sparse(layer, sparse, options)); });
    }
}

TEST_CASE("a sparse file that claims to be huge is refused") {
    const std::string tar = test::tar(
        {{.name = "bomb",
          .content = "x",
          .pax = pax_record("GNU.sparse.size", "99999999999") +
                 pax_record("GNU.sparse.numblocks", "1") + pax_record("GNU.sparse.map", "0,1")}});
    expect_error("file-too-large", "/bomb is a file of 99999999999 bytes", [&] { scan(tar); });
}

TEST_CASE("a sparse map that leads past the end of its file is refused") {
    const LayerScan layer = scan_members(
        {{.name = "odd",
          .content = "content",
          .pax = pax_record("GNU.sparse.size", "10") + pax_record("GNU.sparse.map", "1000000,7")}});
    expect_error("layer-damaged", "/odd",
                 [&] { static_cast<void>(archive::read_sparse(layer, layer.entries.at(0), {})); });
}

TEST_CASE("a global header is part of no range and is told where it would matter") {
    const std::string member =
        test::tar_member({.name = "f", .content = "x", .pax = pax_record("mtime", "5")});
    const std::string comment = test::tar_member(global_header(pax_record("comment", "a commit")));
    const std::string owner =
        test::tar_member(global_header(pax_record("comment", "a") + pax_record("uid", "77")));

    const LayerScan quiet = scan(comment + member + end_blocks);
    REQUIRE(quiet.entries.size() == 1);
    CHECK(raw_of(quiet, quiet.entries[0]) == member);
    CHECK(quiet.diagnostics.empty());

    const LayerScan told = scan(member + owner + member + owner + end_blocks);
    REQUIRE(told.entries.size() == 2);
    CHECK(raw_of(told, told.entries[0]) == member);
    CHECK(raw_of(told, told.entries[1]) == member);
    CHECK(told.entries[1].header.uid == 0);
    CHECK(codes(told) == Strings{"tar-global-header"});
    CHECK(told.diagnostics[0].message.find("sets uid for all") != std::string::npos);

    const std::string extension = member.substr(0, 1024);
    expect_error("layer-damaged", "contradict each other",
                 [&] { scan(extension + owner + member.substr(1024) + end_blocks); });
}

TEST_CASE("empty layers are no bytes, or the end blocks alone") {
    for (const std::string& tar : {std::string(), end_blocks, std::string(10240, '\0')}) {
        const LayerScan layer = scan(tar);
        CHECK(layer.entries.empty());
        CHECK(layer.diagnostics.empty());
        CHECK(layer.diff_id == sha256(as_bytes(tar)));
    }
}

TEST_CASE("what stands at the end of a tar is judged") {
    const std::string member = test::tar_member(test::file("f", "x"));
    CHECK(codes(scan(member + end_blocks + std::string(9216, '\0'))).empty());
    CHECK(codes(scan(member)) == Strings{"tar-end-missing"});
    CHECK(codes(scan(member + std::string(512, '\0'))) == Strings{"tar-end-missing"});
    CHECK(codes(scan(member + end_blocks + member)) == Strings{"tar-trailing-data"});
    CHECK(codes(scan(member + std::string(512, '\0') + member)) == Strings{"tar-trailing-data"});
    CHECK(codes(scan(member + end_blocks + "x")) == Strings{"tar-trailing-data"});
    CHECK(scan(member + end_blocks + member).entries.size() == 1);
}

TEST_CASE("the digest is of all bytes, those after the end too") {
    const std::string tar = test::tar({test::file("f", "x")}) + "behind the end";
    CHECK(scan(tar).diff_id == sha256(as_bytes(tar)));
    CHECK(scan(test::gzip(tar)).diff_id == sha256(as_bytes(tar)));
}

TEST_CASE("a tar cut short within an entry is an error, at any place") {
    const std::string tar = test::tar_member({.name = "f",
                                              .content = std::string(1000, 'f'),
                                              .pax = pax_record("SCHILY.xattr.user.k", "v")}) +
                            test::tar_member(test::file("g", std::string(700, 'g')));
    for (std::size_t size = 1; size < tar.size(); size += 9) {
        const bool between = size == 2048 + 512;
        CAPTURE(size);
        if (!between) {
            expect_error("layer-damaged", "layer: ", [&] { scan(tar.substr(0, size)); });
        }
    }
}

TEST_CASE("a tar cut short is told with where it ends and what its last entry is") {
    const std::string tar = test::tar_member(test::file("f", "1")) +
                            test::tar_member(test::file("g", std::string(700, 'g')));
    for (const std::size_t size : {1536U, 1636U, 2236U}) {
        CAPTURE(size);
        expect_error("layer-damaged",
                     "cut short: it ends at byte " + std::to_string(size) +
                         ", within the entry at byte 1024",
                     [&] { scan(tar.substr(0, size)); });
    }
}

TEST_CASE("a damaged header is an error wherever it stands") {
    std::string tar = test::tar({test::file("a", "1"), test::file("b", "2")});
    std::string first = tar;
    first[0] = 'X';
    expect_error("layer-damaged", "not a tar archive", [&] { scan(first); });
    std::string second = tar;
    second[1024] = 'X';
    expect_error("layer-damaged", "damaged at byte 1024", [&] { scan(second); });
    expect_error("layer-damaged", "not a tar archive", [&] { scan(test::sample(5000)); });
    expect_error("layer-damaged", "not a tar archive", [&] { scan("tiny"); });
}

TEST_CASE("names that leave the image are refused, others are made absolute") {
    for (const char* name : {"..", "../etc/passwd", "a/../../b", "/../x", "./../x"}) {
        CAPTURE(name);
        expect_error("path-escapes", name, [&] { scan_members({test::file(name, "x")}); });
        expect_error("path-escapes", name, [&] { scan_members({test::hardlink("l", name)}); });
    }
    CHECK(paths(scan_members({test::file("./a", "x"), test::file("/b", "x"),
                              test::file("c/../d", "x"), test::folder("./"),
                              test::file("//e//f", "x")})) ==
          Strings{"/a", "/b", "/d", "/", "/e/f"});
    CHECK(scan_members({test::hardlink("l", "./x/../y")}).entries[0].header.link == "/y");
    CHECK(scan_members({test::symlink("l", "../../x")}).entries[0].header.link == "../../x");
}

TEST_CASE("names with a NUL, names too long and entries without a name are refused") {
    const std::string nul("a\0b", 3);
    expect_error("path-has-nul", "a\\x00b",
                 [&] { scan_members({{.name = "f", .pax = pax_record("path", nul)}}); });
    expect_error("path-has-nul", "a\\x00b", [&] {
        scan_members({{.name = "l", .type = '2', .link = "x", .pax = pax_record("linkpath", nul)}});
    });
    const std::string longest(4095, 'n');
    CHECK(scan_members({{.name = "f", .pax = pax_record("path", longest)}}).entries[0].path ==
          "/" + longest);
    expect_error("path-too-long", "4097 bytes",
                 [&] { scan_members({{.name = "f", .pax = pax_record("path", longest + "xx")}}); });
    expect_error("layer-damaged", "has no name", [&] { scan_members({test::file("", "x")}); });
}

TEST_CASE("more entries than the limit are refused") {
    RunOptions options;
    options.limits.entries = 2;
    CHECK(scan(test::tar({test::file("a", ""), test::file("b", "")}), options).entries.size() == 2);
    const std::string tar =
        test::tar({test::file("a", ""), test::file("b", ""), test::file("c", "")});
    expect_error("too-many-entries", "more than 2 entries", [&] { scan(tar, options); });
}

TEST_CASE("a size beyond the archive's end is an error") {
    const std::string tar = test::tar({test::file("f", "content")});
    expect_error("layer-damaged", "layer: ", [&] { scan(with_field(tar, 124, "00000070000")); });
    expect_error("layer-damaged", "layer: ", [&] { scan(with_field(tar, 124, "77777777777")); });
    const std::string base256("\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", 12);
    expect_error("layer-damaged", "layer: ", [&] { scan(with_field(tar, 124, base256)); });
    const std::string negative(12, '\xff');
    expect_error("layer-damaged", "layer: ", [&] { scan(with_field(tar, 124, negative)); });
}

TEST_CASE("an owner that no system has is an error") {
    const std::string negative(8, '\xff');
    expect_error("layer-damaged", "owner",
                 [&] { scan(with_field(test::tar({test::file("f", "")}), 108, negative)); });
    expect_error("layer-damaged", "owner",
                 [&] { scan_members({{.name = "f", .pax = pax_record("gid", "4294967296")}}); });
}

TEST_CASE("a hard link's size is no content") {
    const std::string link =
        with_field(test::tar_member(test::hardlink("l", "f")), 124, "00000000007");
    const LayerScan layer = scan(test::tar_member(test::file("f", "content")) + link +
                                 test::tar_member(test::file("g", "x")) + end_blocks);
    CHECK(paths(layer) == Strings{"/f", "/l", "/g"});
    CHECK(layer.entries[1].header.size == 0);
    CHECK(layer.entries[1].content.length == 0);
    CHECK(layer.entries[1].raw.length == 512);
}

TEST_CASE("an old tar's folder is told by the slash after its name") {
    const LayerScan layer = scan_members({{.name = "old/", .type = '\0'}, test::file("f", "x")});
    CHECK(layer.entries[0].header.type == EntryType::directory);
    CHECK(layer.entries[0].path == "/old");
    CHECK(layer.entries[1].header.type == EntryType::file);
}

TEST_CASE("pax records that can't be read are told and the rest is kept") {
    const LayerScan layer =
        scan_members({{.name = "f", .content = "x", .pax = pax_record("uid", "5") + "999 broken\n"},
                      test::file("g", "y")});
    CHECK(paths(layer) == Strings{"/f", "/g"});
    CHECK(layer.entries[0].header.uid == 5);
    CHECK(codes(layer) == Strings{"tar-header-damaged"});
    CHECK(layer.diagnostics[0].path == "/f");
}

TEST_CASE("a row of extension headers without end is an error") {
    std::string tar;
    for (int i = 0; i < 40; ++i) {
        tar += test::tar_member(
                   {.name = "f", .content = "x", .pax = pax_record("mtime", std::to_string(i))})
                   .substr(0, 1024);
    }
    expect_error("layer-damaged",
                 "layer: ", [&] { scan(tar + test::tar({test::file("f", "x")})); });
}

TEST_CASE("whiteouts and AUFS metadata are entries like others") {
    CHECK(paths(scan_members({test::file("etc/.wh.passwd", ""), test::file("opt/.wh..wh..opq", ""),
                              test::folder(".wh..wh.plnk"), test::file(".wh..wh.aufs", "")})) ==
          Strings{"/etc/.wh.passwd", "/opt/.wh..wh..opq", "/.wh..wh.plnk", "/.wh..wh.aufs"});
}

TEST_CASE("a layer reads the same from every codec and with any thread count") {
    const std::string tar =
        test::tar({test::file("big", test::sample(5'000'000)), test::folder("d")});
    const Digest diff_id = sha256(as_bytes(tar));
    for (const unsigned threads : {1U, 4U}) {
        RunOptions options;
        options.threads = threads;
        for (const std::string& blob : {tar, test::gzip(tar), test::zstd(tar), test::xz(tar)}) {
            const LayerScan layer = scan(blob, options);
            CHECK(layer.codec == archive::detect_codec(as_bytes(blob)));
            CHECK(layer.diff_id == diff_id);
            CHECK(layer.blob == sha256(as_bytes(blob)));
            CHECK(layer.tar.text() == tar);
            CHECK(paths(layer) == Strings{"/big", "/d"});
        }
        const std::string truncated = test::gzip(tar).substr(0, 400'000);
        expect_error("compressed-data-truncated", "layer: the gzip data",
                     [&] { scan(truncated, options); });
    }
}

TEST_CASE("a layer is inflated once, hashed once and walked once") {
    const std::string tar = test::tar({test::file("f", test::sample(3'000'000))});
    for (const unsigned threads : {1U, 3U}) {
        test::CountingProgress progress;
        RunOptions options;
        options.threads = threads;
        options.progress = &progress;
        const std::string packed = test::gzip(tar);
        scan(packed, options);
        CHECK(progress.begun == std::map<std::string, int>{{"inflate", 1}, {"scan", 1}});
        CHECK(progress.ended == progress.begun);
        CHECK(progress.advanced == packed.size());

        test::CountingProgress plain;
        options.progress = &plain;
        scan(tar, options);
        CHECK(plain.begun == std::map<std::string, int>{{"hash", 1}, {"scan", 1}});
        CHECK(plain.advanced == tar.size());
    }
}

TEST_CASE("without verification nothing is hashed") {
    RunOptions options;
    options.verify = false;
    const std::string tar = test::tar({test::file("f", "x")});
    for (const std::string& blob : {tar, test::gzip(tar)}) {
        const LayerScan layer = scan(blob, options);
        CHECK(layer.diff_id == Digest{});
        CHECK(layer.blob == Digest{});
        CHECK(layer.entries.size() == 1);
    }
}

TEST_CASE("no damage to a tar makes the scan crash or read outside of it") {
    const std::string tar = test::tar_member({.name = "f",
                                              .content = std::string(600, 'f'),
                                              .pax = pax_record("SCHILY.xattr.user.k", "v") +
                                                     pax_record("GNU.sparse.map", "0,600") +
                                                     pax_record("GNU.sparse.size", "600")}) +
                            gnu_long('L', std::string(200, 'n')) +
                            test::tar_member(test::file("g", "x")) + end_blocks;
    std::uint32_t random = 1;
    const auto next = [&] { return random = random * 1664525 + 1013904223; };
    int whole = 0;
    for (int round = 0; round < 4000; ++round) {
        std::string damaged = tar;
        const std::size_t block = next() % (damaged.size() / 512) * 512;
        for (unsigned i = 0; i < 1 + next() % 3; ++i) {
            damaged[block + next() % 512] = static_cast<char>(next() >> 13);
        }
        if (next() % 2 == 0) {  // past the checksum
            const std::string mended = with_field(damaged.substr(block, 512), 0, "");
            damaged.replace(block, 512, mended);
        }
        try {
            const LayerScan layer = scan(damaged);
            for (const LayerEntry& entry : layer.entries) {
                CHECK(layer.tar.sub(entry.raw.offset, entry.raw.length));
                CHECK(layer.tar.sub(entry.content.offset, entry.content.length));
                if (entry.sparse) {
                    static_cast<void>(archive::read_sparse(layer, entry, {}));
                }
            }
            ++whole;
        } catch (const Error& error) {
            CHECK(error.status() == Exit::bad_input);
        }
    }
    CHECK(whole > 100);
}
