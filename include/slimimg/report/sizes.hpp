#pragma once

#include "slimimg/base/sizes.hpp"

namespace slimimg::report {

using slimimg::human_bytes;

}  // namespace slimimg::report
