#pragma once

#include <string_view>
#include <vector>

#include "slimimg/rootfs/rootfs.hpp"

namespace slimimg::closure {

/// ".conf": with such a text a program completes names.
bool is_name_ending(std::string_view text);

/// Which names of a tree are another one and such an ending. Told with a bit of a hash, so that a
/// large tree takes little memory: a name that is not there is taken for one now and then.
class CompletedNames {
  public:
    explicit CompletedNames(const rootfs::Rootfs& tree);
    /// False where nothing in the folder is `name` and an ending.
    [[nodiscard]] bool may_complete(rootfs::NodeId folder, std::string_view name) const;

  private:
    [[nodiscard]] std::size_t bit_of(rootfs::NodeId folder, std::string_view name) const;

    std::vector<bool> bits_;  // a power of two
};

}  // namespace slimimg::closure
