#pragma once

#include <vector>

#include "slimimg/base/library_version.hpp"

namespace slimimg::archive {

/// Those that read headers of tars, and compress.
std::vector<LibraryVersion> library_versions();

}  // namespace slimimg::archive
