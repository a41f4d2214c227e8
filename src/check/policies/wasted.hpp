#pragma once

#include <string>

#include "check/inspection.hpp"

namespace slimimg::check::policies {

/// "; most of it: /a (3 MB), /b (1 MB)"; empty where nothing is wasted.
std::string most_wasted(const Waste& waste);
inline constexpr const char* wasted_fix =
    "delete files in the RUN that makes them, and COPY them once, with their owner and mode "
    "(COPY --chown --chmod)";

}  // namespace slimimg::check::policies
