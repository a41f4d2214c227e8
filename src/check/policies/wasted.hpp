#pragma once

#include <optional>
#include <string>

#include "check/inspection.hpp"

namespace slimimg::check::policies {

/// "; most of it: /a (3 MB), /b (1 MB)"; empty where nothing is wasted.
std::string most_wasted(const Waste& waste);
/// A few kilobytes are a large share of a small image, and nobody's loss: what no limit of the
/// user's asks for is told from 5 MB on.
bool is_worth_telling(const Waste& waste, const std::optional<double>& limit);
inline constexpr const char* wasted_fix =
    "delete files in the RUN that makes them, and COPY them once, with their owner and mode "
    "(COPY --chown --chmod)";

}  // namespace slimimg::check::policies
