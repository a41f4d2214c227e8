#pragma once

#include <vector>

#include "slimimg/base/library_version.hpp"

namespace slimimg::elf {

/// The second reader's.
std::vector<LibraryVersion> library_versions();

}  // namespace slimimg::elf
