#pragma once

#include <string>

#include "slimimg/check/check.hpp"

/// What the formats of `check` say alike.
namespace slimimg::report {

/// Its name, or where it was read from.
const std::string& name_of(const check::CheckReport& image);

/// "2 errors, 1 warning, 0 notes, 1 waived"
std::string counts_of(const check::CheckReport& image);
std::string counts_of(const check::CheckResult& result);

/// What stopped the check of an image, in a line; it must have an error.
std::string problem_of(const check::CheckReport& image);

/// "until 2027-01-31: reason"
std::string waiver_of(const check::Waived& waived);

/// True where it makes the check fail.
bool fails(const check::CheckResult& result, const check::Finding& finding);

}  // namespace slimimg::report
