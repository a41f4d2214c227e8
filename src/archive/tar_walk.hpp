#pragma once

#include <string_view>
#include <vector>

#include "slimimg/archive/layer.hpp"

namespace slimimg::archive {

/// The entries of a plain tar, in its order. Throws Error (bad_input) as scan_layer does.
std::vector<LayerEntry> walk_tar(Bytes tar, const Limits& limits, std::string_view what,
                                 std::vector<Diagnostic>& diagnostics);

}  // namespace slimimg::archive
