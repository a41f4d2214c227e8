#include <algorithm>

#include "slimimg/archive/layer.hpp"
#include "slimimg/archive/tar_writer.hpp"
#include "slimimg/base/path.hpp"
#include "slimimg/rootfs/rootfs.hpp"

#include "fuzz/inputs.hpp"
#include "fuzz/targets.hpp"
#include "support/tar.hpp"

namespace fuzz {
namespace {

using slimimg::archive::LayerEntry;
using slimimg::archive::LayerScan;
using slimimg::rootfs::Rootfs;

/// Layers of one input are separated by this.
constexpr std::string_view next_layer = "==NEXT LAYER==";

void check_entries(const LayerScan& scan) {
    std::uint64_t end = 0;
    for (const LayerEntry& entry : scan.entries) {
        demand(slimimg::path::normalize(entry.path) == entry.path, "a path is not normalized");
        demand(entry.raw.offset >= end, "two entries overlap");
        demand(scan.tar.sub(entry.raw.offset, entry.raw.length).has_value(),
               "an entry reaches out of its layer");
        demand(scan.tar.sub(entry.content.offset, entry.content.length).has_value(),
               "a content reaches out of its layer");
        end = entry.raw.offset + entry.raw.length;
    }
}

/// Hashing or not, with one thread or two: the entries are the same.
void compare(const LayerScan& a, const LayerScan& b) {
    demand(std::equal(a.entries.begin(), a.entries.end(), b.entries.begin(), b.entries.end(),
                      [](const LayerEntry& x, const LayerEntry& y) {
                          return x.path == y.path && x.header == y.header && x.sparse == y.sparse &&
                                 x.raw.offset == y.raw.offset && x.raw.length == y.raw.length &&
                                 x.content.offset == y.content.offset;
                      }),
           "two scans of one layer differ");
    demand(a.diagnostics == b.diagnostics, "two scans of one layer tell other things");
}

/// Every node's path leads to it, by name and by resolving, and nothing is outside the root.
void check_tree(const Rootfs& tree) {
    for (slimimg::rootfs::NodeId id = 0; id < tree.size(); ++id) {
        const auto& node = tree[id];
        demand(tree.find(node.path) == id, "a path is not found");
        demand(tree.resolve(node.path, "/", false).node == id, "a path does not resolve to itself");
        demand(node.inode <= id && node.parent <= id, "a node stands before its parent");
        accepts([&] { static_cast<void>(tree.content(id)); });
        static_cast<void>(tree.raw_entry(id));
        if (node.is_symlink()) {
            static_cast<void>(tree.resolve(node.path));
        }
    }
}

/// What is skipped over to list a layer is what is read to write it: the raw entries of a layer,
/// written one behind the other, list the same.
void check_raw_copy(const LayerScan& scan, const slimimg::RunOptions& options) {
    std::string copy;
    slimimg::archive::TarWriter writer(
        [&](slimimg::Bytes bytes) { copy += slimimg::as_text(bytes); });
    for (const LayerEntry& entry : scan.entries) {
        if (entry.raw.length % 512 != 0) {
            return;  // the last of an archive that is cut off
        }
        writer.raw(scan.tar.sub(entry.raw.offset, entry.raw.length)->bytes);
    }
    writer.finish();
    const LayerScan again = slimimg::archive::scan_layer(slimimg::slice_of(copy), options, "copy");
    demand(std::equal(scan.entries.begin(), scan.entries.end(), again.entries.begin(),
                      again.entries.end(),
                      [](const LayerEntry& x, const LayerEntry& y) {
                          return x.path == y.path && x.header == y.header && x.sparse == y.sparse;
                      }),
           "a raw copy of a layer lists something else");
}

}  // namespace

void layer(slimimg::Bytes input) {
    const slimimg::RunOptions options = small_machine();
    std::vector<LayerScan> scans;
    const bool good = accepts([&] {
        for (const std::string_view part : split(slimimg::as_text(input), next_layer)) {
            const slimimg::Slice blob = slimimg::slice_of(with_checksums(slimimg::as_bytes(part)));
            scans.push_back(slimimg::archive::scan_layer(blob, options, "layer"));
            check_entries(scans.back());
            slimimg::RunOptions other = small_machine(2);
            other.verify = false;
            compare(scans.back(), slimimg::archive::scan_layer(blob, other, "layer"));
            check_raw_copy(scans.back(), options);
        }
    });
    if (good) {
        accepts([&] { check_tree(Rootfs::merge(std::move(scans), options)); });
    }
}

std::vector<std::string> layer_seeds() {
    using namespace test;
    using test::symlink;  // and not the system call
    std::string all =
        tar({folder("usr"),
             folder("usr/bin"),
             symlink("bin", "usr/bin"),
             file("bin/sh", "#!x", 0755),
             hardlink("bin/dash", "usr/bin/sh"),
             hardlink("late", "later"),
             file("later", "1"),
             {.name = "dev/null", .type = '3', .device_major = 1, .device_minor = 3},
             {.name = "fifo", .type = '6'},
             {.name = "long",
              .content = "x",
              .pax = pax_record("path", "a/" + std::string(150, 'n')) + pax_record("mtime", "1.5") +
                     pax_record("SCHILY.xattr.security.capability", "\x01")}});
    const std::string second =
        tar({file("usr/bin/.wh.sh", ""), file("etc/.wh..wh..opq", ""), file("bin", "a file now")});
    const std::string sparse = tar_member(
        {.name = "GNUSparseFile.0/s",
         .content = "1\n0\n4\n" + std::string(506, '\0') + "data",
         .pax = pax_record("GNU.sparse.major", "1") + pax_record("GNU.sparse.minor", "0") +
                pax_record("GNU.sparse.name", "s") + pax_record("GNU.sparse.realsize", "4096")});
    std::string old_sparse(512, '\0');
    old_sparse = tar_member({.name = "old", .content = "data", .type = 'S'});
    old_sparse.replace(386, 12, "00000000000\0");
    old_sparse.replace(398, 12, "00000000004\0");
    old_sparse.replace(483, 12, "00000010000\0");
    const std::string gnu =
        tar_member(
            {.name = "././@LongLink", .content = std::string(120, 'l') + '\0', .type = 'L'}) +
        tar_member(
            {.name = "././@LongLink", .content = std::string(120, 't') + '\0', .type = 'K'}) +
        tar({symlink("short", "short")});
    const std::string global =
        tar_member({.name = "g", .content = pax_record("uid", "5"), .type = 'g'}) +
        tar({file("x", "y")});
    return {all, second, all + std::string(next_layer) + second, sparse, old_sparse, gnu, global};
}

}  // namespace fuzz
