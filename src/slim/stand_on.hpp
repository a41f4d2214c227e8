#pragma once

#include <vector>

#include "slim/plan.hpp"

/// Standing on a real image: its layers stay as they are, and a layer above them has the rest.
namespace slimimg::slim {

/// The plan of that layer. `plan` is that of the whole image; what the base has is not repeated:
/// equal files, folders and links, and libraries that can stand for the source's (same SONAME and
/// machine, all versions that anything planned wants). Names go through the base's symlinks, and
/// where the source has a symlink for a folder of the base's, the folder gets links to what the
/// symlink led to. Both sides' accounts and library caches are joined.
struct Standing {
    Plan plan;
    std::vector<Diagnostic> diagnostics;
};

/// Throws Error (unresolved) where the base's C library is too old for the programs.
Standing stand_on(const Plan& plan, const rootfs::Rootfs& source, const rootfs::Rootfs& base,
                  const RunOptions& run);

}  // namespace slimimg::slim
