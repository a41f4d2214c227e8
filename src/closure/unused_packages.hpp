#pragma once

#include <vector>

#include "slimimg/closure/closure.hpp"

namespace slimimg::closure {

/// A note on packages that somebody installed by name, above the distribution, and of which nothing
/// stays: tools of the build, or what evidence does not show.
std::vector<Diagnostic> unused_packages(const Evidence& evidence);

}  // namespace slimimg::closure
