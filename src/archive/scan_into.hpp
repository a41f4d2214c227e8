#pragma once

#include <optional>
#include <string_view>

#include "slimimg/archive/layer.hpp"
#include "slimimg/base/file.hpp"

namespace slimimg::archive {

/// As scan_layer; `spool` becomes the file that the layer was inflated into, if there is one.
LayerScan scan_into(const Slice& blob, const RunOptions& options, std::string_view what,
                    std::optional<SpoolFile>& spool);

}  // namespace slimimg::archive
