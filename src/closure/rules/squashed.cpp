#include "closure/rules/squashed.hpp"

#include <array>
#include <string_view>

#include "slimimg/base/one_of.hpp"
#include "slimimg/base/path.hpp"

namespace slimimg::closure {
namespace {

using rootfs::Node;
using rootfs::NodeId;

/// Beside the folders of the Filesystem Hierarchy Standard nothing stands at a distribution's root.
bool is_beside_the_standard(std::string_view top) {
    static constexpr std::array<std::string_view, 24> standard{
        "bin",   "boot",   "cdrom",      "dev",   "etc", "home", "lib",  "lib32",
        "lib64", "libx32", "lost+found", "media", "mnt", "opt",  "proc", "root",
        "run",   "sbin",   "srv",        "sys",   "tmp", "usr",  "var",  "selinux"};
    return !is_one_of(top, standard) && !top.starts_with('.');
}

bool is_of_no_package(const Evidence& evidence, NodeId folder) {
    for (NodeId id = folder; id < evidence.rootfs()[folder].subtree_end; ++id) {
        if (evidence.packages().owner(id)) {
            return false;
        }
    }
    return true;
}

/// A folder of /etc in which no package has anything. Some are made as packages are installed.
bool is_own_folder_of_settings(const Evidence& evidence, NodeId folder) {
    static constexpr std::array<std::string_view, 3> made{"alternatives", "apk", "apparmor.d"};
    const Node& node = evidence.rootfs()[folder];
    const std::string_view name = path::basename(node.path);
    return node.is_directory() && !evidence.packages().packages().empty() &&
           !is_one_of(name, made) && !name.starts_with("rc") && !name.starts_with('.') &&
           evidence.remembered(is_of_no_package, folder);
}

/// Settings of programs that root runs; the shell's are for somebody at a terminal.
bool is_setting_of_root(std::string_view name) {
    static constexpr std::array<std::string_view, 7> shells{
        ".bashrc", ".profile", ".bash_history", ".bash_logout", ".wget-hsts", ".gnupg", ".local"};
    return !is_one_of(name, shells);
}

bool leads_to_console(const Node& node) {
    const std::string_view target = node.header.link;
    return node.is_symlink() &&
           (target == "/dev/stdout" || target == "/dev/stderr" ||
            target.starts_with("/proc/self/fd/") || target.starts_with("/proc/1/fd/"));
}

}  // namespace

bool is_made_for_the_application(const Evidence& evidence, NodeId id) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    NodeId below = id;  // the one in the folder at the root
    NodeId top = id;
    while (tree[top].parent != 0) {
        below = top;
        top = tree[top].parent;
    }
    const std::string_view place = path::basename(tree[top].path);
    if (place == "etc") {
        return below != top && is_own_folder_of_settings(evidence, below);
    }
    if (place == "root") {
        return below != top && is_setting_of_root(path::basename(tree[below].path));
    }
    if (place == "var" || place == "run") {
        const bool of_a_user = tree[id].is_directory() && tree[id].header.uid != 0;
        return of_a_user || leads_to_console(tree[id]);
    }
    return is_beside_the_standard(place);
}

}  // namespace slimimg::closure
