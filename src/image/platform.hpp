#pragma once

#include "slimimg/image/image.hpp"

namespace slimimg::image {

/// True where an image for `offered` is what one who asks for `wanted` means: other spellings of
/// the architecture count as equal, and a variant counts only where both name one.
bool serves(const Platform& offered, const Platform& wanted);

/// Linux on this machine's architecture.
Platform this_machine();

}  // namespace slimimg::image
