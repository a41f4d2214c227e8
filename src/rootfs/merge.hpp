#pragma once

#include <span>
#include <vector>

#include "slimimg/rootfs/rootfs.hpp"

namespace slimimg::rootfs {

struct Merged {
    std::vector<Node> nodes;  ///< in path order, complete
    std::vector<Diagnostic> diagnostics;
};

Merged merge_layers(std::span<const archive::LayerScan> layers, const Limits& limits);

}  // namespace slimimg::rootfs
