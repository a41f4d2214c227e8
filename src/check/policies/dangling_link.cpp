#include <algorithm>
#include <array>

#include "slimimg/base/path.hpp"

#include "check/policies/policies.hpp"

namespace slimimg::check::policies {
namespace {

using namespace std::string_view_literals;
using rootfs::NodeId;

/// What is there when the container runs, or what packages link ahead of its being there.
constexpr std::array runtime_folders{"/proc"sv,    "/sys"sv,      "/dev"sv, "/run"sv,
                                     "/var/run"sv, "/var/lock"sv, "/tmp"sv, "/var/tmp"sv};
/// Links here are made for what may or may not be installed.
constexpr std::array registries{
    "/etc/alternatives"sv, "/etc/systemd"sv,    "/usr/lib/systemd"sv,
    "/lib/systemd"sv,      "/usr/share/doc"sv,  "/usr/share/man"sv,
    "/etc/rc0.d"sv,        "/usr/share/info"sv, "/var/lib/dpkg"sv,
    "/var/lib/systemd"sv,  "/usr/src"sv,        "/lib/modules"sv,
    "/usr/lib/modules"sv,  "/usr/local/man"sv,  "/usr/local/share/man"sv};

bool is_below_any(std::string_view path, const auto& folders) {
    return std::any_of(folders.begin(), folders.end(),
                       [&](std::string_view folder) { return path::is_within(path, folder); });
}

/// Where a link that leads nowhere would lead: its own target, from its own folder.
std::string target_of(const rootfs::Rootfs& tree, NodeId link) {
    return path::normalize(path::join(path::parent(tree[link].path), tree[link].header.link));
}

bool is_expected(Inspection& look, NodeId link, const std::string& target) {
    const std::vector<std::string>& volumes = look.config().volumes;
    const bool in_volume =
        std::any_of(volumes.begin(), volumes.end(), [&](const std::string& volume) {
            return path::is_within(target, path::normalize(volume));
        });
    return in_volume || is_below_any(target, runtime_folders) ||
           path::is_within(target, "/etc/alternatives") ||
           is_below_any(look.rootfs()[link].path, registries);
}

/// The end of a chain of links, of which only the last is at fault.
bool leads_to_a_link(const rootfs::Rootfs& tree, const std::string& target) {
    const rootfs::Resolution found = tree.resolve(target, "/", false);
    return found.node && tree[*found.node].is_symlink();
}

void inspect(Inspection& look) {
    const rootfs::Rootfs& tree = look.rootfs();
    for (NodeId node = 0; node < tree.size(); ++node) {
        // A package's own links are as its distribution wants them.
        if (!tree[node].is_symlink() || look.is_packaged(node) ||
            tree.resolve(tree[node].path).node) {
            continue;
        }
        const std::string target = target_of(tree, node);
        if (is_expected(look, node, target) || leads_to_a_link(tree, target)) {
            continue;
        }
        look.find_at(node, {.message = tree[node].path + " links to " + tree[node].header.link +
                                       ", which is not in the image",
                            .fix = "COPY what it leads to as well, or remove the link"});
    }
}

}  // namespace

const Policy dangling_link{
    {.id = "dangling-link",
     .level = Level::warning,
     .distroless = Level::warning,
     .title = "A symbolic link leads nowhere",
     .reason = "Whoever opens it fails. It happens where a COPY takes a link but not what it leads "
               "to. Links of packages, to what is mounted at run time, and of registries as "
               "/etc/alternatives are not meant."},
    inspect};

}  // namespace slimimg::check::policies
