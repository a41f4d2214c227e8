#include "slimimg/archive/layer_cache.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "slimimg/base/error.hpp"
#include "slimimg/base/file.hpp"
#include "slimimg/base/progress_step.hpp"

#include "archive/scan_into.hpp"
#include "archive/scan_record.hpp"

namespace slimimg::archive {
namespace {

std::string record_name(const Digest& claimed) {
    return claimed.hex() + '.' + std::string(record_version()) + ".scan";
}

std::string tar_name(const Digest& diff_id) {
    return diff_id.hex() + ".tar";
}

/// An entry is a record with its seal behind it.
std::optional<ScanRecord> find_record(Cache& cache, const Digest& claimed,
                                      const RunOptions& options, std::string_view what) {
    constexpr std::size_t seal_bytes = Seal{}.size();
    const auto entry = cache.find(record_name(claimed));
    if (!entry || entry->size() < seal_bytes) {
        return std::nullopt;
    }
    const Bytes record = entry->bytes.first(entry->bytes.size() - seal_bytes);
    const Seal right = seal(cache.key(), record);
    return as_text(entry->bytes.last(seal_bytes)) == as_text(std::as_bytes(std::span(right)))
               ? decode(record, what, options.limits)
               : std::nullopt;
}

/// The plain tar of a layer with such a record: the blob itself or what is kept of it.
std::optional<Slice> find_tar(Cache& cache, const Slice& blob, const ScanRecord& record,
                              const RunOptions& options) {
    const LayerSeals& seals = record.seals;
    if (blob.size() != seals.blob_bytes ||
        seal_pieces(cache.key(), blob.bytes, options) != seals.blob) {
        return std::nullopt;
    }
    if (record.scan.codec == Codec::none) {
        return seals.tar_bytes == seals.blob_bytes ? std::optional(blob) : std::nullopt;
    }
    auto tar = cache.find(tar_name(record.scan.diff_id));
    const bool whole = tar && tar->size() == seals.tar_bytes &&
                       seal_pieces(cache.key(), tar->bytes, options) == seals.tar;
    return whole ? std::move(tar) : std::nullopt;
}

std::optional<LayerScan> find_scan(Cache& cache, const Slice& blob, const Digest& claimed,
                                   const RunOptions& options, std::string_view what) {
    const ProgressStep step(options, "recall", what, blob.size());
    auto record = find_record(cache, claimed, options, what);
    auto tar = record ? find_tar(cache, blob, *record, options) : std::nullopt;
    if (!tar) {
        return std::nullopt;
    }
    record->scan.tar = std::move(*tar);
    return std::move(record->scan);
}

void keep_scan(Cache& cache, const Slice& blob, const Digest& claimed, const LayerScan& scan,
               const std::optional<SpoolFile>& spool, const RunOptions& options,
               std::string_view what) {
    const ProgressStep step(options, "keep", what, scan.tar.size());
    LayerSeals seals{.blob_bytes = blob.size(),
                     .tar_bytes = scan.tar.size(),
                     .blob = seal_pieces(cache.key(), blob.bytes, options),
                     .tar = {}};
    if (scan.codec != Codec::none) {
        seals.tar = seal_pieces(cache.key(), scan.tar.bytes, options);
        cache.put(tar_name(scan.diff_id), scan.tar, spool ? spool->fd() : -1);
    }
    std::string record = encode(scan, seals, what, options.limits);
    const Seal sealed = seal(cache.key(), as_bytes(record));
    record.append(sealed.begin(), sealed.end());
    const auto owner = std::make_shared<const std::string>(std::move(record));
    cache.put(record_name(claimed), {as_bytes(*owner), owner}, -1);
}

/// A file that is made in the cache's folder need not be copied there.
LayerScan scan_beside(const Cache& cache, const Slice& blob, const RunOptions& options,
                      std::string_view what, std::optional<SpoolFile>& spool) {
    RunOptions beside = options;
    beside.spool_dir = cache.folder();
    if (beside.spool_dir.empty()) {
        return scan_into(blob, options, what, spool);
    }
    try {
        return scan_into(blob, beside, what, spool);
    } catch (const Error& error) {
        if (error.status() != Exit::internal) {
            throw;
        }
    }
    return scan_into(blob, options, what, spool);  // the cache has no room
}

}  // namespace

LayerScan scan_layer_once(const Slice& blob, const Digest& claimed, const RunOptions& options,
                          std::string_view what,
                          const std::function<bool(const LayerScan&)>& is_as_claimed) {
    // Where nothing is hashed, a plain layer is listed as fast as its seals are compared.
    const bool plain = detect_codec(blob.bytes) == Codec::none;
    if (options.cache == nullptr || (plain && !options.verify)) {
        return scan_layer(blob, options, what);
    }
    Cache& cache = *options.cache;
    const Cache::Claim claim(cache, claimed.hex());
    if (auto known = find_scan(cache, blob, claimed, options, what)) {
        return std::move(*known);
    }
    std::optional<SpoolFile> spool;
    LayerScan scan = scan_beside(cache, blob, options, what, spool);
    if (options.verify && is_as_claimed(scan)) {
        keep_scan(cache, blob, claimed, scan, spool, options, what);
    }
    return scan;
}

}  // namespace slimimg::archive
