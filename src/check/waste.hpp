#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "slimimg/check/check.hpp"
#include "slimimg/rootfs/rootfs.hpp"

namespace slimimg::check {

/// A path whose content some layer has in vain: a later one replaces or deletes it.
struct WastedPath {
    std::string path;
    std::uint64_t bytes = 0;  ///< of all copies but the one that stays
    std::size_t copies = 0;   ///< that do not stay
};

/// What layers have in vain.
struct Waste {
    Efficiency figures;
    std::vector<WastedPath> paths;                ///< most bytes first
    std::vector<std::uint64_t> of_layer;          ///< bytes that a later layer replaces or deletes
    std::vector<std::uint64_t> deleted_by_layer;  ///< bytes of lower layers that it deletes
};

/// By the layers alone, path by path, as dive does it.
Waste find_waste(const rootfs::Rootfs& rootfs);

}  // namespace slimimg::check
