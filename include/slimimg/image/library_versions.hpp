#pragma once

#include <vector>

#include "slimimg/base/library_version.hpp"

namespace slimimg::image {

/// The reader's of JSON.
std::vector<LibraryVersion> library_versions();

}  // namespace slimimg::image
