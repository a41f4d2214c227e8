#include <string>

#include "slimimg/base/path.hpp"

#include "check/policies/generated_keys.hpp"
#include "check/policies/policies.hpp"

namespace slimimg::check::policies {
namespace {

void inspect(Inspection& look) {
    const rootfs::Rootfs& tree = look.rootfs();
    for (rootfs::NodeId node = 0; node < tree.size(); ++node) {
        if (!tree[node].is_file() || tree[node].header.size == 0 ||
            !is_generated_key(tree[node].path)) {
            continue;
        }
        look.find_at(node, {.message = tree[node].path +
                                       " was made when its package was "
                                       "installed: every container of the image has the same key",
                            .fix = "RUN rm it after the installation, and make one when the "
                                   "container starts"});
    }
}

}  // namespace

bool is_generated_key(std::string_view path) {
    const std::string_view name = path::basename(path);
    return (path::parent(path) == "/etc/ssh" && name.starts_with("ssh_host_") &&
            name.ends_with("_key")) ||
           path == "/etc/ssl/private/ssl-cert-snakeoil.key";
}

const Policy generated_key{
    {.id = "generated-key",
     .level = Level::warning,
     .distroless = Level::error,
     .title = "A key that the installation of a package made",
     .reason = "It is in every container of the image and with everybody who pulls it, so that it "
               "proves nothing: SSH's host keys, Debian's self-signed certificate."},
    inspect};

}  // namespace slimimg::check::policies
