#include "slimimg/check/tools.hpp"

#include "check/policies/policies.hpp"

namespace slimimg::check::policies {
namespace {

void inspect(Inspection& look) {
    const rootfs::Rootfs& tree = look.rootfs();
    for (rootfs::NodeId node = 0; node < tree.size(); ++node) {
        if (tree[node].is_executable() && is_package_manager_path(tree[node].path)) {
            look.find_at(node,
                         {.message = "the image has a package manager, " + tree[node].path,
                          .fix = look.is_kept(node) ? "install packages when the image is built, "
                                                      "not when it runs"
                                                    : "slimimg rebuild leaves it out"});
        }
    }
}

}  // namespace

const Policy package_manager{
    {.id = "package-manager",
     .level = Level::off,
     .distroless = Level::error,
     .title = "A package manager",
     .reason = "An intruder installs with it what is missing. Off by default: images that are "
               "built on a distribution have its package manager."},
    inspect};

}  // namespace slimimg::check::policies
