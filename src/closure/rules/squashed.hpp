#pragma once

#include "slimimg/closure/closure.hpp"

namespace slimimg::closure {

/// True for what only the image's maker can have put there, by its place. To be asked of what no
/// package owns; all that can be, where the layers were made one.
bool is_made_for_the_application(const Evidence& evidence, rootfs::NodeId node);

}  // namespace slimimg::closure
