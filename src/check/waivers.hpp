#pragma once

#include <string_view>
#include <vector>

#include "slimimg/check/check.hpp"

namespace slimimg::check {

/// Marks the findings that a waiver covers. A waiver that has ended covers none: its findings say
/// so. One that meets nothing is a diagnostic.
void apply_waivers(CheckReport& report, const std::vector<Waiver>& waivers, std::string_view today);

}  // namespace slimimg::check
