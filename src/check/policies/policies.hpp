#pragma once

#include <span>

#include "check/inspection.hpp"

namespace slimimg::check {

namespace policies {
extern const Policy entrypoint;
extern const Policy unresolved;
extern const Policy version;
}  // namespace policies

/// In the order in which findings are told.
std::span<const Policy* const> all_policies();

}  // namespace slimimg::check
