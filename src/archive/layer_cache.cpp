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

/// What the cache has for a blob of this claim and size; its bytes are looked at later.
std::optional<KnownScan> find_scan(Cache& cache, const Slice& blob, const Digest& claimed,
                                   const RunOptions& options, std::string_view what) {
    const ProgressStep step(options, "recall", what, blob.size());
    auto record = find_record(cache, claimed, options, what);
    if (!record || blob.size() != record->seals.blob_bytes) {
        return std::nullopt;
    }
    LayerSeals& seals = record->seals;
    KnownScan known{.scan = std::move(record->scan), .unproved = {}};
    known.scan.tar = blob;
    known.unproved.push_back({blob, std::move(seals.blob)});
    if (known.scan.codec != Codec::none) {
        auto tar = cache.find(tar_name(known.scan.diff_id));
        if (!tar) {
            return std::nullopt;
        }
        known.scan.tar = std::move(*tar);
        known.unproved.push_back({known.scan.tar, std::move(seals.tar)});
    }
    return known.scan.tar.size() == seals.tar_bytes ? std::optional(std::move(known))
                                                    : std::nullopt;
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

KnownScan scan_layer_once(const Slice& blob, const Digest& claimed, const RunOptions& options,
                          std::string_view what,
                          const std::function<bool(const LayerScan&)>& is_as_claimed, bool recall) {
    // Where nothing is hashed, a plain layer is listed as fast as its seals are compared.
    const bool plain = detect_codec(blob.bytes) == Codec::none;
    if (options.cache == nullptr || (plain && !options.verify)) {
        return {scan_layer(blob, options, what), {}};
    }
    Cache& cache = *options.cache;
    const Cache::Claim claim(cache, claimed.hex());
    if (recall) {
        auto known = find_scan(cache, blob, claimed, options, what);
        if (known && is_as_claimed(known->scan)) {
            return std::move(*known);
        }
    }
    std::optional<SpoolFile> spool;
    LayerScan scan = scan_beside(cache, blob, options, what, spool);
    if (options.verify && is_as_claimed(scan)) {
        keep_scan(cache, blob, claimed, scan, spool, options, what);
    }
    return {std::move(scan), {}};
}

}  // namespace slimimg::archive
