#pragma once

#include "slimimg/closure/closure.hpp"

namespace slimimg::closure {

/// In an image whose layers were made one: true for what only its maker can have put there, by its
/// place. To be asked of what no package owns.
bool is_made_for_the_application(const Evidence& evidence, rootfs::NodeId node);

}  // namespace slimimg::closure
