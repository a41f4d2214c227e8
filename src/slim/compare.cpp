#include "slim/compare.hpp"

#include <cstring>
#include <utility>
#include <vector>

#include "slimimg/base/digest.hpp"
#include "slimimg/base/error.hpp"
#include "slimimg/base/parallel.hpp"
#include "slimimg/base/path.hpp"
#include "slimimg/elf/strip.hpp"

namespace slimimg::slim {
namespace {

using archive::EntryType;
using rootfs::NodeId;

[[noreturn]] void throw_differs(const std::string& path, std::string_view what) {
    throw Error(Exit::internal, "written-differs",
                "the image as written differs from the plan: " + std::string(what) + " of " +
                    path::printable(path),
                "this is a defect of slimimg, or the disk is failing; nothing was put in place");
}

bool same_bytes(Bytes a, Bytes b) {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

std::string_view difference(const archive::Header& written, const archive::Header& planned) {
    if (written.type != planned.type) {
        return "the type";
    }
    if (written.mode != planned.mode) {
        return "the mode";
    }
    if (written.uid != planned.uid || written.gid != planned.gid) {
        return "the owner";
    }
    if (written.mtime != planned.mtime) {
        return "the time";
    }
    if (written.xattrs != planned.xattrs) {
        return "an extended attribute";
    }
    return written == planned ? "" : "the size, link or device number";
}

void check_stripped(const PlanItem& item, Bytes before, Bytes after) {
    const std::string_view difference = elf::difference_at_run_time(before, after);
    if (!difference.empty()) {
        throw Error(Exit::internal, "stripped-differs",
                    path::printable(item.path) + " would not be the same without its debug data: " +
                        std::string(difference) + " differs",
                    "this is a defect of slimimg; leave --strip out");
    }
}

/// What a file with holes has, and where.
struct Pieces {
    Digest digest;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;  // from, to

    bool operator==(const Pieces&) const = default;
};

Pieces pieces_of(const rootfs::StoredFile& file) {
    Pieces pieces;
    Hasher hasher;
    archive::for_each_piece(file.layer, file.entry, [&](std::uint64_t offset, Bytes piece) {
        hasher.update(piece);
        if (!pieces.ranges.empty() && pieces.ranges.back().second == offset) {
            pieces.ranges.back().second += piece.size();
        } else if (!piece.empty()) {
            pieces.ranges.emplace_back(offset, offset + piece.size());
        }
    });
    pieces.digest = hasher.finish();
    return pieces;
}

void check_item(const rootfs::Rootfs& written, NodeId node, const PlanItem& item,
                const rootfs::Rootfs& source) {
    if (const auto what = difference(written[node].header, item.header); !what.empty()) {
        throw_differs(item.path, what);
    }
    if (item.header.type != EntryType::file) {
        return;
    }
    // What was copied as it stood needs no second look; a sparse file isn't laid out for it.
    if (!item.content && same_bytes(written.raw_entry(node), source.raw_entry(*item.source))) {
        return;
    }
    if (!item.content) {
        const rootfs::StoredFile ours = written.stored(node);
        const rootfs::StoredFile theirs = source.stored(*item.source);
        if (ours.entry.sparse && theirs.entry.sparse) {
            if (pieces_of(ours) != pieces_of(theirs)) {
                throw_differs(item.path, "the content");
            }
            return;
        }
    }
    const Slice planned = item.content ? *item.content : source.content(*item.source);
    const Slice content = written.content(node);
    if (!same_bytes(content.bytes, planned.bytes)) {
        throw_differs(item.path, "the content");
    }
    if (item.stripped) {
        check_stripped(item, source.content(*item.source).bytes, content.bytes);
    }
}

}  // namespace

void check_stored(const image::Image& written, const image::NewImage& made,
                  const image::StagedImage& staged) {
    bool same = written.layers.size() == made.layers.size();
    for (std::size_t i = 0; same && i < made.layers.size(); ++i) {
        const image::Layer& layer = written.layers[i];
        const archive::WrittenBlob& blob = made.layers[i].blob;
        // A layer that stands where it was written is found there by its size.
        same = layer.diff_id == blob.diff_id &&
               layer.blob_digest.value_or(blob.digest) == blob.digest &&
               (staged.holds(blob.stored) ? layer.blob.size() == blob.stored.size()
                                          : same_bytes(layer.blob.bytes, blob.stored.bytes));
    }
    if (!same) {
        throw_differs(written.source, "a layer");
    }
}

void check_written(const rootfs::Rootfs& written, const Plan& plan, const rootfs::Rootfs& source,
                   const RunOptions& run, bool on_base) {
    if (!on_base && written.size() != plan.items.size()) {
        throw Error(Exit::internal, "written-differs",
                    "the image as written has " + std::to_string(written.size()) +
                        " entries where the plan has " + std::to_string(plan.items.size()));
    }
    parallel_for(run.threads, plan.items.size(), [&](std::size_t i) {
        const PlanItem& item = plan.items[i];
        // Without a base both are in path order, and so stand side by side.
        const auto found = on_base ? written.find(item.path) : static_cast<NodeId>(i);
        if (!found || written[*found].path != item.path) {
            throw_differs(item.path, "the place");
        }
        const NodeId node = *found;
        if (item.header.type == EntryType::hardlink) {
            if (written[written[node].inode].path != item.header.link) {
                throw_differs(item.path, "the hard link");
            }
        } else {
            check_item(written, node, item, source);
        }
    });
}

}  // namespace slimimg::slim
