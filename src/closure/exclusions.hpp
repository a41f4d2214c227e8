#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/closure/closure.hpp"

namespace slimimg::closure {

/// What the user's --exclude leaves out of what the evidence keeps.
class Exclusions {
  public:
    explicit Exclusions(const std::vector<std::string>& globs) : globs_(globs) {}

    /// Asked for a reason that is strong enough to keep the node. False where it stays for all
    /// that.
    bool leave_out(const rootfs::Rootfs& rootfs, rootfs::NodeId node, const Reason& reason);

    /// One note for each glob: what the image lacks by it, or that it does nothing.
    [[nodiscard]] std::vector<Diagnostic> told(
        const rootfs::Rootfs& rootfs, const std::map<rootfs::NodeId, std::vector<Reason>>& kept);

  private:
    struct Use {
        std::map<rootfs::NodeId, std::string> files;  ///< with what names them
        std::string required;                         ///< what stays though it matches
    };
    const std::vector<std::string>& globs_;
    std::map<std::string_view, Use> uses_;
};

/// Whether a path is, or matches, one of the globs.
bool matches_any(const std::vector<std::string>& globs, std::string_view path);

}  // namespace slimimg::closure
