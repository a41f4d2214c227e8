#include <algorithm>
#include <array>

#include "slimimg/base/path.hpp"
#include "slimimg/base/quoting.hpp"

#include "check/policies/policies.hpp"

namespace slimimg::check::policies {
namespace {

using namespace std::string_view_literals;

constexpr unsigned others_write = 00002;
constexpr unsigned sticky = 01000;

/// Where programs, libraries and settings are looked for.
constexpr std::array system_folders{"/bin"sv,   "/sbin"sv, "/lib"sv, "/lib32"sv,
                                    "/lib64"sv, "/etc"sv,  "/usr"sv, "/boot"sv};

bool is_system(std::string_view path) {
    return path == "/" ||
           std::any_of(system_folders.begin(), system_folders.end(),
                       [&](std::string_view folder) { return path::is_within(path, folder); });
}

/// Folders for data that any user may write to are how images work with any user; files that are
/// run, or stand among the system's, are not.
bool is_meant(const rootfs::Node& node) {
    if ((node.header.mode & others_write) == 0) {
        return false;
    }
    if (node.is_directory()) {
        return (node.header.mode & sticky) == 0 && is_system(node.path);
    }
    return node.is_file() && (node.is_executable() || is_system(node.path));
}

void inspect(Inspection& look) {
    const rootfs::Rootfs& tree = look.rootfs();
    for (rootfs::NodeId node = 0; node < tree.size(); ++node) {
        if (!is_meant(tree[node]) || tree[node].inode != node || look.is_packaged(node)) {
            continue;
        }
        look.find_at(
            node, {.message = tree[node].path +
                              (tree[node].is_directory() ? ", a folder of the system," : "") +
                              " can be written to by every user",
                   .fix = "COPY --chmod=755 it, or RUN chmod o-w " + shell_word(tree[node].path)});
    }
}

}  // namespace

const Policy world_writable{
    {.id = "world-writable",
     .level = Level::warning,
     .distroless = Level::warning,
     .title = "A program, setting or system folder that every user may write to",
     .reason = "Who has taken over one process can change what another one runs. Folders for data, "
               "and those with the sticky bit, are not meant."},
    inspect};

}  // namespace slimimg::check::policies
