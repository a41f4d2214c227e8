#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "slimimg/base/path.hpp"

#include "closure/rules/folders.hpp"
#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::Node;
using rootfs::NodeId;

/// The other tools of a JDK, and what is for its developers.
bool is_development(const Node& node) {
    static constexpr std::array<std::string_view, 5> folders{"demo", "include", "man", "legal",
                                                             "docs"};
    const std::string_view folder = path::basename(path::parent(node.path));
    return folder == "bin" ||
           std::any_of(folders.begin(), folders.end(), [&](std::string_view name) {
               const std::size_t at = node.path.find("/" + std::string(name) + "/");
               return at != std::string::npos || path::basename(node.path) == name;
           });
}

/// Class paths are put together by names inside archives and scripts. Where a package brings the
/// archive, its dependencies say which others it uses (Debian's Java policy, 2.4).
void keep_used_archives(Evidence& evidence, NodeId archive) {
    const PackageDb& packages = evidence.packages();
    const auto owner = packages.owner(archive);
    if (!owner) {
        return;
    }
    for (const std::string& name : packages[*owner].depends) {
        const auto id = packages.find(name);
        for (const NodeId file : id ? packages[*id].files : std::vector<NodeId>()) {
            const Node& node = evidence.rootfs()[file];
            const bool native = node.path.find("/jni/") != std::string::npos;
            if (native ||
                (node.path.ends_with(".jar") && path::is_within(node.path, "/usr/share/java"))) {
                evidence.keep(
                    file, {java.id, archive, Confidence::likely, "its package depends on " + name});
            }
        }
    }
}

/// The launcher finds its home by its own place (libjli's GetApplicationHome): bin/java below it
/// and lib/libjli.so or jre/lib beside.
void inspect(Evidence& evidence, NodeId node) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    if (tree[node].is_file() && tree[node].path.ends_with(".jar")) {
        keep_used_archives(evidence, node);
        return;
    }
    const elf::ElfFacts* facts = evidence.elf(node);
    if (facts == nullptr || !facts->is_program()) {
        return;
    }
    const std::string_view bin = path::parent(tree[node].path);
    const std::string home(path::parent(bin));
    const bool launcher = path::basename(bin) == "bin" &&
                          (tree.find(home + "/lib/modules") || tree.find(home + "/lib/rt.jar") ||
                           tree.find(home + "/jre/lib/rt.jar"));
    if (const auto folder = tree.find(home); launcher && folder) {
        keep_folder(evidence, *folder,
                    {java.id, node, Confidence::likely, "part of the Java runtime in " + home},
                    is_development);
        evidence.keep_path("/etc/ssl/certs/java/cacerts",
                           {java.id, node, Confidence::likely, "Java's certificates on Debian"});
    }
}

}  // namespace

const Rule java{.id = "java", .summary = "part of the Java runtime", .inspect = inspect};

}  // namespace slimimg::closure::rules
