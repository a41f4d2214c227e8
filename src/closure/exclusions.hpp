#pragma once

#include <map>
#include <string>
#include <vector>

#include "slimimg/closure/closure.hpp"

namespace slimimg::closure {

using ReasonsOf = std::map<rootfs::NodeId, std::vector<Reason>>;

/// A note for each glob of --exclude: what goes by it though evidence of `needed` strength or more
/// would keep it, what stays for all that, or that it matches nothing.
std::vector<Diagnostic> exclusion_notes(const rootfs::Rootfs& rootfs,
                                        const std::vector<std::string>& globs, Confidence needed,
                                        const ReasonsOf& kept, const ReasonsOf& hinted);

}  // namespace slimimg::closure
