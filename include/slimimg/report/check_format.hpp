#pragma once

#include <span>
#include <string>

#include "slimimg/check/check.hpp"
#include "slimimg/report/format.hpp"

namespace slimimg::report {

/// Of what `slimimg check` found; the list is in format.cpp.
std::span<const FormatOf<check::CheckResult>> check_formats();

std::string check_text(const check::CheckResult& result, const RenderOptions& options);
std::string check_json(const check::CheckResult& result, const RenderOptions& options);

}  // namespace slimimg::report
