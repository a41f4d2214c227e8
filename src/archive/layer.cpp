#include "slimimg/archive/layer.hpp"

#include <functional>

#include <unistd.h>

#include "slimimg/base/error.hpp"
#include "slimimg/base/file.hpp"
#include "slimimg/base/limit_names.hpp"
#include "slimimg/base/parallel.hpp"
#include "slimimg/base/path.hpp"
#include "slimimg/base/progress_step.hpp"

#include "archive/background.hpp"
#include "archive/scan_into.hpp"
#include "archive/spool_sink.hpp"
#include "archive/tar_reader.hpp"
#include "archive/tar_walk.hpp"

namespace slimimg::archive {
namespace {

void walk(LayerScan& layer, const RunOptions& options, std::string_view what) {
    const ProgressStep step(options, "scan", what, 0);
    layer.entries = walk_tar(layer.tar.bytes, options.limits, what, layer.diagnostics);
}

/// Hash and walk read the same pages at about the same time.
void scan_plain(LayerScan& layer, const RunOptions& options, std::string_view what) {
    parallel_for(options.threads, options.verify ? 2 : 1, [&](std::size_t part) {
        if (part == 0) {
            walk(layer, options, what);
        } else {
            layer.diff_id = *hash_layer(layer.tar.bytes, options, what, false);
        }
    });
    layer.blob = layer.diff_id;
}

/// Inflating takes longest: with threads to spare it does nothing else.
void inflate_and_hash(LayerScan& layer, const Slice& blob, SpoolSink& spool,
                      const RunOptions& options, std::string_view what) {
    Hasher hasher;
    const auto take = [&](Bytes piece) {
        hasher.update(piece);
        spool.write(piece);
    };
    if (options.threads > 1) {
        Background background(take);
        try {
            inflate(blob.bytes, layer.codec, options, what,
                    [&](Bytes piece) { background.write(piece); });
        } catch (...) {
            background.finish();  // what failed on earlier bytes is told
            throw;
        }
        background.finish();
    } else {
        inflate(blob.bytes, layer.codec, options, what, take);
    }
    layer.diff_id = hasher.finish();
}

std::optional<SpoolFile> scan_compressed(LayerScan& layer, const Slice& blob,
                                         const RunOptions& options, std::string_view what) {
    SpoolSink spool(options, what);
    if (!options.verify) {
        inflate(blob.bytes, layer.codec, options, what, [&](Bytes piece) { spool.write(piece); });
    } else {
        parallel_for(options.threads, 2, [&](std::size_t part) {
            if (part == 1) {
                layer.blob = sha256(blob.bytes);
            } else {
                inflate_and_hash(layer, blob, spool, options, what);
            }
        });
    }
    layer.tar = spool.finish();
    walk(layer, options, what);
    return std::move(spool).file();
}

}  // namespace

LayerScan scan_into(const Slice& blob, const RunOptions& options, std::string_view what,
                    std::optional<SpoolFile>& spool) {
    LayerScan layer;
    layer.codec = detect_codec(blob.bytes);
    if (layer.codec == Codec::none) {
        layer.tar = blob;
        scan_plain(layer, options, what);
    } else {
        spool = scan_compressed(layer, blob, options, what);
    }
    return layer;
}

LayerScan scan_layer(const Slice& blob, const RunOptions& options, std::string_view what) {
    std::optional<SpoolFile> spool;
    return scan_into(blob, options, what, spool);
}

std::optional<Digest> hash_layer(Bytes bytes, const RunOptions& options, std::string_view what,
                                 const std::atomic<bool>& stopped) {
    constexpr std::size_t piece_bytes = 4 << 20;
    ProgressStep step(options, "hash", what, bytes.size());
    Hasher hasher;
    while (!bytes.empty()) {
        if (stopped) {
            return std::nullopt;
        }
        const Bytes piece = bytes.first(std::min(bytes.size(), piece_bytes));
        hasher.update(piece);
        step.advance(piece.size());
        bytes = bytes.subspan(piece.size());
    }
    return hasher.finish();
}

void for_each_piece(const LayerScan& layer, const LayerEntry& entry,
                    const std::function<void(std::uint64_t offset, Bytes piece)>& take) {
    const auto raw = layer.tar.sub(entry.raw.offset, entry.raw.length);
    if (!raw) {
        throw_damaged_layer(path::printable(entry.path), "it is not part of the layer");
    }
    TarReader reader(raw->bytes, path::printable(entry.path));
    reader.next();
    while (const auto piece = reader.next_piece()) {
        const std::uint64_t size = entry.header.size;
        if (piece->offset > size || piece->bytes.size() > size - piece->offset) {
            throw_damaged_layer(path::printable(entry.path), "its sparse map leads past its end");
        }
        take(piece->offset, piece->bytes);
    }
}

Slice read_sparse(const LayerScan& layer, const LayerEntry& entry, const RunOptions& options) {
    const std::uint64_t size = entry.header.size;
    if (size > options.limits.sparse_bytes) {
        throw Error(Exit::bad_input, "sparse-too-large",
                    path::printable(entry.path) + " is a sparse file of " + std::to_string(size) +
                        " bytes, over the limit of " + std::to_string(options.limits.sparse_bytes),
                    raise_hint(&Limits::sparse_bytes));
    }
    // Holes cost nothing in a file.
    const SpoolFile spool(options.spool_dir);
    if (ftruncate(spool.fd(), static_cast<off_t>(size)) != 0) {
        throw_errno("cannot write", "a temporary file");
    }
    for_each_piece(layer, entry, [&](std::uint64_t offset, Bytes piece) {
        write_at(spool.fd(), offset, piece, "a temporary file");
    });
    return map_descriptor(spool.fd(), size);
}

}  // namespace slimimg::archive
