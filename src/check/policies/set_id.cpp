#include "slimimg/base/quoting.hpp"

#include "check/policies/policies.hpp"

namespace slimimg::check::policies {
namespace {

constexpr unsigned set_user_id = 04000;
constexpr unsigned set_group_id = 02000;

void inspect(Inspection& look) {
    const rootfs::Rootfs& tree = look.rootfs();
    for (rootfs::NodeId node = 0; node < tree.size(); ++node) {
        const rootfs::Node& file = tree[node];
        const unsigned bits = file.header.mode & (set_user_id | set_group_id);
        // Without an x bit set-group-ID means locking, and starts nothing.
        if (!file.is_executable() || bits == 0 || file.inode != node ||
            (!look.settings().distroless && look.is_packaged(node))) {
            continue;
        }
        const bool user = (bits & set_user_id) != 0;
        look.find_at(node, {.message = file.path + " is set-" + (user ? "user" : "group") +
                                       "-ID: whoever runs it becomes " +
                                       (user ? "user " + std::to_string(file.header.uid)
                                             : "group " + std::to_string(file.header.gid)),
                            .fix = "RUN chmod " + std::string(user ? "u" : "g") + "-s " +
                                   shell_word(file.path) + ", or remove it"});
    }
}

}  // namespace

const Policy set_id{
    {.id = "set-id",
     .level = Level::warning,
     .distroless = Level::error,
     .title = "A set-user-ID or set-group-ID program",
     .reason = "It hands its owner's rights to whoever runs it. Those of the distribution's "
               "packages (su, mount, passwd) are meant with the profile distroless alone."},
    inspect};

}  // namespace slimimg::check::policies
