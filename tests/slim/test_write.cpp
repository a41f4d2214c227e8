#include <doctest/doctest.h>

#include "slimimg/base/error.hpp"

#include "archive/expect_error.hpp"
#include "fixture.hpp"
#include "slim/compare.hpp"
#include "slim/layer_writer.hpp"

using namespace slimimg;
using archive::EntryType;
using test::Planned;

namespace {

struct Written {
    archive::WrittenBlob blob;
    rootfs::Rootfs tree;
};

Written write(const Planned& planned, archive::Compression compression = {}, unsigned threads = 1) {
    RunOptions run;
    run.threads = threads;
    archive::WrittenBlob blob = slim::write_layer(planned.plan, planned.rootfs, compression, run);
    std::vector<archive::LayerScan> scans;
    scans.push_back(archive::scan_layer(blob.stored, run, "written layer"));
    CHECK(scans.front().diff_id == blob.diff_id);
    return {std::move(blob), rootfs::Rootfs::merge(std::move(scans), run)};
}

const rootfs::Node& node(const rootfs::Rootfs& tree, std::string_view path) {
    const auto id = tree.find(path);
    REQUIRE_MESSAGE(id, path);
    return tree[*id];
}

/// Everything that a header can hold.
std::vector<std::string> layers_with_every_header() {
    const std::string capability("\x01\0\0\x02\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
    test::Member ping = test::file("bin/ping", "content", 0755);
    ping.uid = 12;
    ping.gid = 34;
    ping.mtime = 1600000001;
    ping.pax = test::pax_record("mtime", "1600000001.123456789") +
               test::pax_record("SCHILY.xattr.security.capability", capability) +
               test::pax_record("SCHILY.xattr.user.note", "text");
    test::Member device{.name = "dev/random", .type = '3', .mode = 0666};
    device.device_major = 1;
    device.device_minor = 8;
    test::Member disk{.name = "dev/disk", .type = '4', .mode = 0660};
    disk.device_major = 8;
    disk.device_minor = 300;
    return {test::tar({test::folder("tmp", 01777),
                       test::folder("bin"),
                       ping,
                       test::file("bin/su", "su", 04755),
                       test::hardlink("bin/sudo", "bin/su"),
                       test::symlink("sbin", "bin"),
                       test::folder("dev"),
                       device,
                       disk,
                       {.name = "dev/pipe", .type = '6', .mode = 0600}}),
            test::tar({test::file("sbin/through-link", "in bin", 0711),
                       test::file("made/by/nobody", "implied folders")})};
}

rootfs::Rootfs tree_with_every_header() {
    const auto layers = layers_with_every_header();
    return test::tree_of({layers[0], layers[1]});
}

}  // namespace

TEST_CASE("headers and contents come back to the letter") {
    const Planned planned(tree_with_every_header(), {"/"});
    const Written written = write(planned);
    slim::check_written(written.tree, planned.plan, planned.rootfs, {});
    const rootfs::Node& ping = node(written.tree, "/bin/ping");
    CHECK(ping.header.uid == 12);
    CHECK(ping.header.gid == 34);
    CHECK(ping.header.mtime == archive::Timestamp{1600000001, 123456789});
    REQUIRE(ping.header.xattrs.size() == 2);
    CHECK(ping.header.xattrs[0].first == "security.capability");
    CHECK(ping.header.xattrs[0].second.size() == 20);
    CHECK(node(written.tree, "/tmp").header.mode == 01777);
    CHECK(node(written.tree, "/bin/su").header.mode == 04755);
    CHECK(node(written.tree, "/bin/sudo").inode == *written.tree.find("/bin/su"));
    CHECK(node(written.tree, "/sbin").header.link == "bin");
    CHECK(node(written.tree, "/dev/random").header.device_minor == 8);
    CHECK(node(written.tree, "/dev/disk").header.type == EntryType::block_device);
    CHECK(node(written.tree, "/dev/disk").header.device_minor == 300);
    CHECK(node(written.tree, "/dev/pipe").header.type == EntryType::fifo);
    CHECK(node(written.tree, "/bin/through-link").header.mode == 0711);
    CHECK(node(written.tree, "/made/by/nobody").header.mode == 0644);
    CHECK(written.tree.find("/sbin/through-link") == std::nullopt);
}

TEST_CASE("entries that change nothing are the source's own bytes") {
    const std::string kept = test::tar_member(test::file("usr/bin/kept", "content", 0755));
    const std::string second = test::tar_member(test::symlink("usr/bin/second", "kept"));
    const std::string gone = test::tar_member(test::file("usr/bin/gone", "x"));
    const std::string layer = test::tar_member(test::folder("usr")) +
                              test::tar_member(test::folder("usr/bin")) + gone + kept + second +
                              std::string(1024, '\0');
    const Planned planned(test::tree_of({layer}), {"/usr/bin/kept", "/usr/bin/second"});
    const std::string written(write(planned).blob.stored.text());
    CHECK(written.find(kept + second) != std::string::npos);
    CHECK(written.find("usr/bin/gone") == std::string::npos);
}

TEST_CASE("a name whose first name goes is written as the file, with all that its file had") {
    const std::string capability("\x01\0\0\x02\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
    test::Member first = test::file("bin/first", "content", 04750);
    first.uid = 70000;
    first.pax = test::pax_record("mtime", "1600000001.5") +
                test::pax_record("SCHILY.xattr.security.capability", capability);
    first.mtime = 1600000001;
    const Planned planned(test::tree({first, test::hardlink("bin/second", "bin/first"),
                                      test::hardlink("bin/third", "bin/first")}),
                          {"/bin/second", "/bin/third"});
    const Written written = write(planned);
    slim::check_written(written.tree, planned.plan, planned.rootfs, {});
    const rootfs::Node& second = node(written.tree, "/bin/second");
    CHECK(second.header.mode == 04750);
    CHECK(second.header.uid == 70000);
    CHECK(second.header.mtime == archive::Timestamp{1600000001, 500000000});
    REQUIRE(second.header.xattrs.size() == 1);
    CHECK(second.header.xattrs[0].second == capability);
    CHECK(written.tree.content(*written.tree.find("/bin/third")).text() == "content");
    CHECK(node(written.tree, "/bin/third").inode == *written.tree.find("/bin/second"));
}

TEST_CASE("a hard link that stands before its file comes back as one file") {
    const Planned planned(
        test::tree({test::hardlink("a/link", "z/file"), test::file("z/file", "content")}),
        {"/a/link", "/z/file"});
    const Written written = write(planned);
    slim::check_written(written.tree, planned.plan, planned.rootfs, {});
    CHECK(written.tree.content(*written.tree.find("/z/file")).text() == "content");
}

TEST_CASE("a hard link to a file of a lower layer holds that file's content") {
    const Planned planned(test::tree_of({test::tar({test::file("lower", "content")}),
                                         test::tar({test::hardlink("upper", "lower")})}),
                          {"/upper"});
    const Written written = write(planned);
    CHECK(written.tree.content(*written.tree.find("/upper")).text() == "content");
    CHECK(written.tree.find("/lower") == std::nullopt);
}

TEST_CASE("what the plan made or changed is written as it says") {
    Planned planned(test::tree({test::file("etc/config", "old"), test::file("app", "x")}), {"/"});
    for (slim::PlanItem& item : planned.plan.items) {
        if (item.path == "/etc/config") {
            item.content = slice_of("newer");
            item.header.size = 5;
        }
    }
    const Written written = write(planned);
    CHECK(written.tree.content(*written.tree.find("/etc/config")).text() == "newer");
    CHECK(node(written.tree, "/tmp").header.mode == 01777);
    slim::check_written(written.tree, planned.plan, planned.rootfs, {});
}

TEST_CASE("a sparse file stays sparse, also where its entry has to change") {
    const auto tree = [] {
        test::Member sparse = test::file("disk", "headtail");
        sparse.pax = test::pax_record("GNU.sparse.major", "0") +
                     test::pax_record("GNU.sparse.minor", "1") +
                     test::pax_record("GNU.sparse.name", "disk") +
                     test::pax_record("GNU.sparse.size", "100000") +
                     test::pax_record("GNU.sparse.numblocks", "2") +
                     test::pax_record("GNU.sparse.map", "0,4,99996,4");
        return test::tree({sparse, test::hardlink("link", "disk")});
    };
    const Planned both(tree(), {"/disk", "/link"});
    const Written copied = write(both);
    slim::check_written(copied.tree, both.plan, both.rootfs, {});
    CHECK(copied.blob.plain_bytes < 20000);
    const Planned second(tree(), {"/link"});
    const Written changed = write(second);
    slim::check_written(changed.tree, second.plan, second.rootfs, {});
    CHECK(changed.blob.plain_bytes < 20000);
    CHECK(changed.tree.entry(*changed.tree.find("/link"))->sparse);
    const Slice content = changed.tree.content(*changed.tree.find("/link"));
    CHECK(content.size() == 100000);
    CHECK(content.text().starts_with("head"));
    CHECK(content.text().ends_with("tail"));
}

TEST_CASE("what a header does not have survives where an entry has to change") {
    test::Member member = test::file("first", "x");
    member.pax = test::pax_record("atime", "1600000000.5") +
                 test::pax_record("SCHILY.acl.access", "user::rw-") +
                 test::pax_record("SCHILY.xattr.user.a", "1");
    const Planned planned(test::tree({member, test::hardlink("second", "first")}), {"/second"});
    const Written written = write(planned);
    slim::check_written(written.tree, planned.plan, planned.rootfs, {});
    const auto raw = as_text(written.tree.raw_entry(*written.tree.find("/second")));
    for (const std::string_view record :
         {"atime=1600000000.5\n", "SCHILY.acl.access=user::rw-\n", "SCHILY.xattr.user.a=1\n"}) {
        const std::size_t at = raw.find(record);
        CHECK(at != raw.npos);
        CHECK(raw.find(record, at + 1) == raw.npos);
    }
}

TEST_CASE("the same plan gives the same bytes with any number of threads") {
    const std::string large(5 << 20, 'x');
    const Planned planned(test::tree({test::file("large", large), test::file("small", "y")}),
                          {"/"});
    for (const archive::Codec codec :
         {archive::Codec::none, archive::Codec::gzip, archive::Codec::zstd}) {
        const Written one = write(planned, {codec, std::nullopt}, 1);
        const Written four = write(planned, {codec, std::nullopt}, 4);
        CHECK(one.blob.stored.text() == four.blob.stored.text());
        CHECK(archive::detect_codec(one.blob.stored.bytes) == codec);
        slim::check_written(four.tree, planned.plan, planned.rootfs, {});
    }
}

TEST_CASE("what differs from the plan in a written tree is found") {
    const Planned planned(tree_with_every_header(), {"/"});
    const auto written_with = [&](auto change) {
        Planned other(tree_with_every_header(), {"/"});
        for (slim::PlanItem& item : other.plan.items) {
            change(item);
        }
        return write(other);
    };
    const auto message = [&](const Written& written) -> std::string {
        try {
            slim::check_written(written.tree, planned.plan, planned.rootfs, {});
        } catch (const Error& error) {
            CHECK(error.status() == Exit::internal);
            return error.message();
        }
        return "";
    };
    const auto change_of = [](std::string_view path, auto change) {
        return [path, change](slim::PlanItem& item) {
            if (item.path == path) {
                change(item);
            }
        };
    };
    using Item = slim::PlanItem;
    CHECK(message(written_with([](Item&) {})).empty());
    const auto finds = [&](std::string_view path, std::string_view what, auto change) {
        const std::string text = message(written_with(change_of(path, change)));
        CHECK_MESSAGE(
            text.find(std::string(what) + " of " + std::string(path)) != std::string::npos, text);
    };
    finds("/bin/su", "the mode", [](Item& item) { item.header.mode = 0755; });
    finds("/bin/ping", "the owner", [](Item& item) { item.header.gid = 0; });
    finds("/bin/ping", "the time", [](Item& item) { item.header.mtime.nanoseconds = 0; });
    finds("/bin/ping", "an extended attribute", [](Item& item) { item.header.xattrs.set({}); });
    finds("/bin/ping", "the content", [](Item& item) { item.content = slice_of("CONTENT"); });
    finds("/sbin", "the size, link or device number", [](Item& item) { item.header.link = "x"; });
    finds("/bin/sudo", "the hard link", [](Item& item) {
        item.header.type = EntryType::file;
        item.content = slice_of("su");
    });
    finds("/made/by/nobody", "the place", [](Item& item) { item.path = "/made/by/somebody"; });
    const Planned less(tree_with_every_header(), {"/bin"});
    CHECK_FALSE(message(write(less)).empty());
}

TEST_CASE("layers that are not those that were hashed are told") {
    const Planned planned(tree_with_every_header(), {"/"});
    image::NewImage made;
    made.layers.push_back({write(planned).blob, archive::Codec::none, {}});
    const archive::WrittenBlob& blob = made.layers[0].blob;
    image::Image read;
    read.layers.push_back({.diff_id = blob.diff_id, .blob = blob.stored});
    const image::StagedImage elsewhere(image::Format::docker, "-");
    slim::check_stored(read, made, elsewhere);

    const auto differs = [&](const image::Image& image) {
        test::expect_error(
            "written-differs", "a layer", [&] { slim::check_stored(image, made, elsewhere); },
            Exit::internal);
    };
    std::string flipped(blob.stored.text());
    flipped[1000] ^= 1;
    image::Image damaged = read;
    damaged.layers[0].blob = slice_of(flipped);
    differs(damaged);
    image::Image lying = read;
    lying.layers[0].diff_id.value[0] ^= 1;
    differs(lying);
    image::Image other_blob = read;
    other_blob.layers[0].blob_digest = lying.layers[0].diff_id;
    differs(other_blob);
    differs(image::Image{});
}
