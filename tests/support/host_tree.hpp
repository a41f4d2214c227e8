#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "slimimg/rootfs/rootfs.hpp"

namespace test {

/// A folder of this machine as an image's tree: `root` becomes "/", and of it the parts in `below`
/// ("/usr/bin") are there; a part may be a file or a link. Files are mapped, not copied; of those
/// that are neither ELF files nor below /etc the content is left out.
slimimg::rootfs::Rootfs host_tree(const std::filesystem::path& root,
                                  const std::vector<std::string>& below);

}  // namespace test
