#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "slimimg/archive/layer.hpp"
#include "slimimg/base/cache.hpp"

namespace slimimg::archive {

/// A layer's scan, and where it is one that the cache knew, the bytes that are still to be held
/// against their seals: only then is it a scan of this layer.
struct KnownScan {
    LayerScan scan;
    std::vector<SealedBytes> unproved;
};

/// As scan_layer, and with options.cache a layer that is known there is not inflated, hashed and
/// listed again. `claimed` is the digest that the image has for the blob, or for the tar where it
/// has none for the blob; it only says where to look: seals tell whether the bytes are those that
/// had that digest. Only a scan that `is_as_claimed` says to be what the image claims is kept or
/// taken from there. With `recall` false the layer is read, and with options.verify replaces what
/// the cache has.
KnownScan scan_layer_once(const Slice& blob, const Digest& claimed, const RunOptions& options,
                          std::string_view what,
                          const std::function<bool(const LayerScan&)>& is_as_claimed, bool recall);

}  // namespace slimimg::archive
