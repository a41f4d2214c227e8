#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "slimimg/closure/closure.hpp"

/// Programs in PATH whose names in compiled code mean them.
namespace slimimg::closure {

using ProgramNames = std::set<std::string, std::less<>>;

/// Of the programs that every distribution has, those whose names are no words besides.
bool is_helper(std::string_view name);

/// The names of the programs in PATH that `wanted` takes, without what builds leave there.
ProgramNames programs_in_path(
    Evidence& evidence, const std::function<bool(rootfs::NodeId, std::string_view name)>& wanted);

/// What who made the image put above the distribution, and of the distribution's own the helpers.
const ProgramNames& programs_for_applications(Evidence& evidence);

}  // namespace slimimg::closure
