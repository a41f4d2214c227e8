#include <algorithm>
#include <atomic>
#include <map>
#include <optional>

#include "slimimg/archive/layer_cache.hpp"
#include "slimimg/base/error.hpp"
#include "slimimg/base/limit_names.hpp"
#include "slimimg/base/parallel.hpp"
#include "slimimg/base/path.hpp"
#include "slimimg/image/reader.hpp"
#include "slimimg/image/verification.hpp"

namespace slimimg::image {
namespace {

std::string name_of(const Image& image, std::size_t layer) {
    return "layer " + std::to_string(layer) + " of " +
           (image.source == "-" ? "standard input" : path::printable(image.source));
}

/// For each layer the first that has the same blob: an image may list one twice.
std::vector<std::size_t> first_with_blob(const Image& image) {
    std::map<std::pair<const std::byte*, std::size_t>, std::size_t> seen;
    std::vector<std::size_t> first;
    for (std::size_t i = 0; i < image.layers.size(); ++i) {
        const Bytes blob = image.layers[i].blob.bytes;
        first.push_back(seen.try_emplace({blob.data(), blob.size()}, i).first->second);
    }
    return first;
}

bool is_as_claimed(const archive::LayerScan& scan, const Layer& layer) {
    return scan.diff_id == layer.diff_id && (!layer.blob_digest || scan.blob == *layer.blob_digest);
}

void verify(const archive::LayerScan& scan, const Layer& layer, std::string_view what) {
    if (layer.blob_digest) {
        compare_digests(what, scan.blob, *layer.blob_digest, "manifest");
    }
    compare_digests(what, scan.diff_id, layer.diff_id, "config");
}

/// A plain layer can be listed without its digest. One that may go into a cache needs it at once.
bool may_be_hashed_later(const Layer& layer, const RunOptions& options) {
    return options.verify && options.cache == nullptr &&
           archive::detect_codec(layer.blob.bytes) == archive::Codec::none;
}

void check_entries(const std::vector<archive::LayerScan>& scans,
                   const std::vector<std::size_t>& first, const Image& image,
                   const Limits& limits) {
    std::uint64_t entries = 0;
    for (std::size_t i = 0; i < first.size(); ++i) {
        entries += scans[first[i]].entries.size();
        if (entries > limits.entries) {
            throw Error(Exit::bad_input, "too-many-entries",
                        name_of(image, i) + " and those below have more than " +
                            std::to_string(limits.entries) + " entries",
                        raise_hint(&Limits::entries));
        }
    }
}

/// Bombs within a bomb: each layer may inflate as far as its stored size allows, all together only
/// as far as that of the file that they came in.
class InflationWatch {
  public:
    InflationWatch(const Image& image, const Limits& limits) : image_(image), limits_(limits) {}

    void add(const archive::LayerScan& scan) {
        if (scan.codec == archive::Codec::none) {
            return;
        }
        const std::uint64_t all = inflated_ += scan.tar.size();
        if (expands_too_far(all, image_.archive_bytes, limits_)) {
            throw Error(Exit::bad_input, "decompression-bomb",
                        "the layers of " + path::printable(image_.source) +
                            " inflate to more than " + std::to_string(limits_.expansion_ratio) +
                            " times the size of the image",
                        raise_hint(&Limits::expansion_ratio));
        }
    }

  private:
    const Image& image_;
    const Limits& limits_;
    std::atomic<std::uint64_t> inflated_ = 0;
};

/// Layers that can be worked with, while some are still looked at: they have the digests that the
/// image claims, and verification.finish() tells whether these are true.
struct ListedLayers {
    std::vector<archive::LayerScan> scans;
    Verification verification;
};

/// `recalled` becomes true where one comes from the cache.
ListedLayers list_layers(const Image& image, const RunOptions& options, bool recall,
                         std::atomic<bool>& recalled) {
    const std::size_t count = image.layers.size();
    const std::vector<std::size_t> first = first_with_blob(image);
    std::vector<std::size_t> order;
    ListedLayers listed{std::vector<archive::LayerScan>(count), Verification(options)};
    std::vector<bool> is_hashed_later(count, false);
    for (std::size_t i = 0; i < count; ++i) {
        const Layer& layer = image.layers[i];
        is_hashed_later[i] = may_be_hashed_later(layer, options);
        if (is_hashed_later[i]) {
            listed.verification.add(layer.blob, layer, name_of(image, i));
        }
        if (first[i] == i) {
            order.push_back(i);
        }
    }
    if (options.cache == nullptr) {
        listed.verification.start();  // beside the listing, which tells what a cache knew
    }
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return image.layers[a].blob.size() > image.layers[b].blob.size();
    });
    std::vector<archive::LayerScan>& scans = listed.scans;
    std::vector<std::vector<SealedBytes>> unproved(count);
    InflationWatch watch(image, options.limits);
    parallel_for(options.threads, order.size(), [&](std::size_t at) {
        const std::size_t i = order[at];
        const Layer& layer = image.layers[i];
        RunOptions how = options;
        how.verify = options.verify && !is_hashed_later[i];
        archive::KnownScan known = archive::scan_layer_once(
            layer.blob, layer.blob_digest.value_or(layer.diff_id), how, name_of(image, i),
            [&](const archive::LayerScan& scan) { return is_as_claimed(scan, layer); }, recall);
        scans[i] = std::move(known.scan);
        unproved[i] = std::move(known.unproved);
        recalled = recalled || !unproved[i].empty();
        watch.add(scans[i]);
    });
    check_entries(scans, first, image, options.limits);
    if (options.cache != nullptr) {
        for (const std::size_t i : order) {
            for (const SealedBytes& sealed : unproved[i]) {
                listed.verification.add(sealed, options.cache->key(), name_of(image, i));
            }
        }
        listed.verification.start();
    }
    for (std::size_t i = 0; i < count; ++i) {
        if (first[i] != i) {
            scans[i] = scans[first[i]];
        }
        if (is_hashed_later[i]) {
            scans[i].blob = scans[i].diff_id = image.layers[i].diff_id;
        } else if (options.verify) {
            verify(scans[i], image.layers[i], name_of(image, i));
        }
    }
    return listed;
}

}  // namespace

std::vector<archive::LayerScan> scan_layers(const Image& image, const RunOptions& options) {
    std::vector<archive::LayerScan> all;
    with_layers(image, options,
                [&](std::vector<archive::LayerScan> scans) { all = std::move(scans); });
    return all;
}

void with_layers(const Image& image, const RunOptions& options,
                 const std::function<void(std::vector<archive::LayerScan>)>& work) {
    std::atomic<bool> recalled = false;
    std::optional<ListedLayers> listed;
    const auto finish = [&] {
        return listed->verification.finish([&] { work(std::move(listed->scans)); });
    };
    try {
        listed.emplace(list_layers(image, options, true, recalled));
    } catch (...) {
        if (!recalled) {
            throw;
        }
        // What is wrong is told by those bytes alone that are known to be the image's.
    }
    if (listed && finish()) {
        return;
    }
    listed.reset();
    listed.emplace(list_layers(image, options, false, recalled));
    static_cast<void>(finish());
}

}  // namespace slimimg::image
