#include "slimimg/archive/layer.hpp"
#include "slimimg/rootfs/rootfs.hpp"

#include "archive/scan_record.hpp"
#include "fuzz/inputs.hpp"
#include "fuzz/targets.hpp"
#include "support/pack.hpp"
#include "support/tar.hpp"

namespace fuzz {
namespace {

using namespace slimimg::archive;

constexpr std::string_view what = "layer";

std::string record_of(const std::string& blob) {
    const slimimg::RunOptions options = small_machine();
    const LayerScan scan = scan_layer(slimimg::slice_of(blob), options, what);
    return encode(scan,
                  {.blob_bytes = blob.size(),
                   .tar_bytes = scan.tar.size(),
                   .blob = {slimimg::Seal{1}},
                   .tar = {slimimg::Seal{2}, slimimg::Seal{3}}},
                  what, options.limits);
}

}  // namespace

void cache(slimimg::Bytes input) {
    const slimimg::RunOptions options = small_machine();
    const std::vector<std::byte> bytes = exact(input);
    auto record = decode(bytes, what, options.limits);
    if (!record) {
        return;
    }
    for (const LayerEntry& entry : record->scan.entries) {
        demand(entry.raw.offset + entry.raw.length <= record->seals.tar_bytes &&
                   entry.content.offset + entry.content.length <= record->seals.tar_bytes,
               "an entry reaches out of its layer");
    }
    const std::string again = encode(record->scan, record->seals, what, options.limits);
    const auto reread = decode(slimimg::as_bytes(again), what, options.limits);
    demand(reread && encode(reread->scan, reread->seals, what, options.limits) == again,
           "a record is not read as it is written");
    // Its seal keeps others from writing one; what they could write still makes a tree or an error.
    accepts([&] {
        std::vector<LayerScan> scans;
        scans.push_back(std::move(record->scan));
        const auto tree = slimimg::rootfs::Rootfs::merge(std::move(scans), options);
        for (slimimg::rootfs::NodeId id = 0; id < tree.size(); ++id) {
            static_cast<void>(tree.content(id));
            static_cast<void>(tree.raw_entry(id));
        }
    });
}

std::vector<std::string> cache_seeds() {
    const std::string tar =
        test::tar({test::folder("usr"),
                   test::file("usr/app", "x", 04755),
                   test::symlink("l", "/usr/app"),
                   test::hardlink("hard", "usr/app"),
                   test::file("usr/.wh.old", ""),
                   {.name = "null",
                    .type = '3',
                    .device_major = 1,
                    .device_minor = 3,
                    .pax = test::pax_record("mtime", "-5")},
                   {.name = "ping",
                    .content = "x",
                    .pax = test::pax_record("SCHILY.xattr.security.capability", "\x01")}});
    return {record_of(tar), record_of(test::gzip(tar + "data after the end")), record_of("")};
}

}  // namespace fuzz
