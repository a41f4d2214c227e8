#pragma once

#include <string>
#include <vector>

#include "slimimg/base/limits.hpp"

namespace slimimg::cli {

/// What --limit takes, for its help: "entries, layers, …".
std::string limit_names();

/// Of values of --limit ("entries=10000000", "layer-bytes=100GB"), later ones win. Throws Error
/// (usage) for an unknown name and for what is no number from 1 on.
Limits limits_from(const std::vector<std::string>& given);

}  // namespace slimimg::cli
