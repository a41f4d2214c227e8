#include "slimimg/check/tools.hpp"

#include "check/policies/policies.hpp"

namespace slimimg::check::policies {
namespace {

void inspect(Inspection& look) {
    const rootfs::Rootfs& tree = look.rootfs();
    for (rootfs::NodeId node = 0; node < tree.size(); ++node) {
        if (tree[node].is_executable() && is_shell_path(tree[node].path)) {
            look.find_at(node,
                         {.message = "the image has a shell, " + tree[node].path,
                          .fix = look.is_kept(node) ? "start the program itself, without a shell: "
                                                      "ENTRYPOINT [\"/app\"]"
                                                    : "slimimg rebuild leaves it out"});
        }
    }
}

}  // namespace

const Policy shell{{.id = "shell",
                    .level = Level::off,
                    .distroless = Level::error,
                    .title = "A shell",
                    .reason = "An intruder's first tool. Off by default: most images have one, and "
                              "many need it."},
                   inspect};

}  // namespace slimimg::check::policies
