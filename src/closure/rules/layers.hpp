#pragma once

#include <cstdint>
#include <vector>

#include "slimimg/closure/closure.hpp"

namespace slimimg::closure {

/// Who made a layer, by the image's history and by what is in it.
enum class LayerOrigin {
    base,     ///< the distribution: up to the first layer with a package database or an os-release
    copied,   ///< COPY or ADD above it: the application, put there on purpose; what a builder that
              ///< does not say put there without the traces of a step; or slimimg itself
    command,  ///< RUN, or a builder that doesn't say
};

std::vector<LayerOrigin> layer_origins(const rootfs::Rootfs& rootfs, const image::Config& config);

/// True where the distribution and what is on top of it were made one layer.
bool is_squashed(const Evidence& evidence);

/// For each node, true for what a COPY or ADD put there, though a later build step changed its
/// owner, its mode or its content.
std::vector<bool> copied_nodes(const Evidence& evidence);

/// True for what who made the image put above the distribution. In a squashed image the packages
/// tell: what was installed by name, and what no package owns.
bool is_installed_on_top(const Evidence& evidence, rootfs::NodeId node);

}  // namespace slimimg::closure
