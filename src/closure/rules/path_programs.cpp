#include "closure/rules/path_programs.hpp"

#include <array>

#include "slimimg/base/one_of.hpp"
#include "slimimg/base/path.hpp"

#include "closure/rules/dependencies.hpp"
#include "closure/rules/layers.hpp"

namespace slimimg::closure {
namespace {

using rootfs::NodeId;

/// Compilers and their tools are left by builds, and half of their names are words.
bool is_for_building(const Evidence& evidence, NodeId program, std::string_view name) {
    static constexpr std::array<std::string_view, 5> started{"bash", "docker", "git", "hg", "svn"};
    const auto owner = evidence.packages().owner(program);
    const std::string_view source =
        owner ? std::string_view(evidence.packages()[*owner].origin()) : std::string_view();
    return source == "binutils" || source.starts_with("gcc-") || source.starts_with("llvm-") ||
           (is_developers_tool(name) && !is_one_of(name, started));
}

ProgramNames for_applications(Evidence& evidence, NodeId) {
    return programs_in_path(evidence, [&](NodeId program, std::string_view name) {
        return is_helper(name) || evidence.remembered(is_installed_on_top, program);
    });
}

}  // namespace

bool is_helper(std::string_view name) {
    static constexpr std::array<std::string_view, 34> names{
        "awk",       "base64", "bash",     "chmod",  "chown",    "cp",     "df",
        "dmesg",     "du",     "fdisk",    "grep",   "gunzip",   "gzip",   "losetup",
        "ls",        "lsblk",  "mkdir",    "mktemp", "modprobe", "mount",  "mv",
        "nsenter",   "ps",     "readlink", "rm",     "sed",      "setsid", "sh",
        "sha256sum", "sysctl", "tar",      "umount", "uname",    "xargs"};
    return is_one_of(name, names);
}

ProgramNames programs_in_path(Evidence& evidence,
                              const std::function<bool(NodeId, std::string_view name)>& wanted) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    ProgramNames names;
    for (const NodeId folder : evidence.search_path()) {
        for (const NodeId program : tree.children(folder)) {
            const std::string_view name = path::basename(tree[program].path);
            if ((tree[program].is_executable() || tree[program].is_symlink()) && name.size() > 1 &&
                wanted(program, name) && !is_for_building(evidence, program, name)) {
                names.emplace(name);
            }
        }
    }
    return names;
}

const ProgramNames& programs_for_applications(Evidence& evidence) {
    return evidence.noted("programs to name", 0, for_applications);
}

}  // namespace slimimg::closure
