#pragma once

#include "slimimg/elf/elf.hpp"
#include "slimimg/image/image.hpp"

namespace slimimg::closure {

/// Whether a kernel of the platform runs programs of this kind; true where that is not known.
bool fits(const image::Platform& platform, const elf::Abi& abi);

}  // namespace slimimg::closure
