#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "slimimg/rootfs/rootfs.hpp"

#include "support/tar.hpp"

namespace test {

/// The tree of one layer with these members, or of several layers given as tars, lowest first.
slimimg::rootfs::Rootfs tree(const std::vector<Member>& members);
slimimg::rootfs::Rootfs tree_of(const std::vector<std::string>& layers);

}  // namespace test
