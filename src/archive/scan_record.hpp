#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/archive/layer.hpp"
#include "slimimg/base/seal.hpp"

namespace slimimg::archive {

/// What a layer's bytes are told by, without having them.
struct LayerSeals {
    std::uint64_t blob_bytes = 0;
    std::uint64_t tar_bytes = 0;
    std::vector<Seal> blob;
    std::vector<Seal> tar;  ///< empty where the blob is the tar
};

/// A layer's scan as it is kept in a cache: all but the bytes themselves.
struct ScanRecord {
    LayerScan scan;  ///< its tar is empty
    LayerSeals seals;
};

/// What of the records' form, the scanning and the program must be the same for a record to be used
/// again; part of its name in a cache.
std::string_view record_version();

/// `what` is the layer's name in the diagnostics, which another image's layer doesn't share.
/// `limits` are those that the layer was found to be within.
std::string encode(const LayerScan& scan, const LayerSeals& seals, std::string_view what,
                   const Limits& limits);

/// Nothing for bytes that are no such record, or one that was made under other limits. Never throws
/// for what the bytes are; what it returns is in order for a layer of its sizes.
std::optional<ScanRecord> decode(Bytes bytes, std::string_view what, const Limits& limits);

}  // namespace slimimg::archive
