#pragma once

#include <vector>

#include "slim/plan.hpp"

namespace slimimg::slim {

/// Divides a plan in two layers: what packages own below, all else above, so that a new release of
/// the application replaces the upper one alone. Names of one file stay together. The lower layer
/// depends on the packages' files only: a folder in it is as the image's lowest layer that lists it
/// has it, and the upper layer lists it again where later layers changed it. Either may be empty.
std::vector<Plan> split_layers(const Plan& plan, const rootfs::Rootfs& rootfs,
                               const closure::PackageDb& packages);

}  // namespace slimimg::slim
