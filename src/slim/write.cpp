#include <utility>

#include "slimimg/archive/tar_writer.hpp"
#include "slimimg/base/progress_step.hpp"

#include "slim/layer_writer.hpp"

namespace slimimg::slim {
namespace {

/// The bytes of the source's entry, where they say what the plan says; else nothing. An entry may
/// differ by its name (written through a symlinked folder) or by what it is (of the names of one
/// file another one may be the first now).
Bytes raw_bytes(const PlanItem& item, const rootfs::Rootfs& rootfs) {
    if (!item.source || item.content) {
        return {};
    }
    const archive::LayerEntry* const entry = rootfs.entry(*item.source);
    if (entry == nullptr || entry->path != item.path || entry->header != item.header) {
        return {};
    }
    return rootfs.raw_entry(*item.source);
}

/// Writes an entry that is new, or not any more as it was.
void encode(const PlanItem& item, const rootfs::Rootfs& rootfs, archive::TarWriter& tar) {
    const bool is_file = item.header.type == archive::EntryType::file;
    if (!is_file || item.content || !item.source) {
        tar.entry(item.path, item.header, item.content.value_or(Slice{}).bytes,
                  item.source ? rootfs.raw_entry(*item.source) : Bytes{});
        return;
    }
    // The entry with the content, where this name was a hard link to it.
    const auto [layer, entry] = rootfs.stored(*item.source);
    const Bytes like =
        checked_subspan(layer.tar.bytes, entry.raw.offset, entry.raw.length).value_or(Bytes{});
    if (entry.sparse) {
        tar.sparse_entry(item.path, item.header, layer, entry, like);
    } else {
        tar.entry(item.path, item.header, rootfs.content(*item.source).bytes, like);
    }
}

/// Writes raw entries that follow each other in the source in one piece, up to a size that stays
/// in the processor's cache while it is hashed and compressed.
class RawRun {
  public:
    explicit RawRun(archive::TarWriter& tar) : tar_(tar) {}

    void add(Bytes entry) {
        if (run_.data() + run_.size() == entry.data() && run_.size() < longest) {
            run_ = {run_.data(), run_.size() + entry.size()};
            return;
        }
        flush();
        run_ = entry;
    }
    void flush() {
        if (!run_.empty()) {
            tar_.raw(run_);
        }
        run_ = {};
    }

  private:
    static constexpr std::size_t longest = 1UL << 20;

    archive::TarWriter& tar_;
    Bytes run_;
};

}  // namespace

archive::WrittenBlob write_layer(const Plan& plan, const rootfs::Rootfs& rootfs,
                                 const archive::Compression& compression, const RunOptions& run,
                                 std::unique_ptr<archive::BlobPlace> place) {
    const ProgressStep step(run, "write", "the new layer", plan.bytes);
    archive::BlobWriter blob(compression, run, std::move(place));
    archive::TarWriter tar([&](Bytes bytes) { blob.write(bytes); });
    RawRun raw(tar);
    for (const PlanItem& item : plan.items) {
        if (const Bytes bytes = raw_bytes(item, rootfs); !bytes.empty()) {
            raw.add(bytes);
            continue;
        }
        raw.flush();
        encode(item, rootfs, tar);
    }
    raw.flush();
    tar.finish();
    return blob.finish();
}

}  // namespace slimimg::slim
