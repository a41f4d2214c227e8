#pragma once

#include <filesystem>
#include <vector>

#include "slimimg/base/diagnostic.hpp"
#include "slimimg/rootfs/rootfs.hpp"

namespace slimimg::rootfs {

/// Unpacks the whole tree into `folder`, an empty one that nobody else writes to: content with its
/// holes, owners, modes, extended attributes, times to the nanosecond, hard links, devices. Every
/// name is made below a folder that was opened without following links, so that no link of the
/// image leads anywhere. What the user may not set (owners, devices, some attributes where that is
/// not root) is left out and told, a diagnostic a kind. Throws Error (internal) where anything else
/// can't be written.
std::vector<Diagnostic> unpack(const Rootfs& rootfs, const std::filesystem::path& folder);

}  // namespace slimimg::rootfs
