#pragma once

#include <vector>

#include "slimimg/base/library_version.hpp"

namespace slimimg::check {

/// The reader's of TOML.
std::vector<LibraryVersion> library_versions();

}  // namespace slimimg::check
