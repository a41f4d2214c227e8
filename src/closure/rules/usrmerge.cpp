#include "slimimg/base/path.hpp"

#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

/// /bin, /lib and the like are links into /usr on merged systems. Programs build such paths at
/// run time, so the links stay wherever what they lead to is there at all.
void settle(Evidence& evidence) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    for (const rootfs::NodeId node : tree.children(0)) {
        if (!tree[node].is_symlink() || evidence.is_kept(node)) {
            continue;
        }
        const auto target = tree.resolve(tree[node].path).node;
        if (target && tree[*target].is_directory() && path::is_within(tree[*target].path, "/usr") &&
            evidence.is_kept(*target)) {
            evidence.keep(node, {usrmerge.id, *target, Confidence::likely,
                                 "another name of " + tree[*target].path});
        }
    }
}

}  // namespace

const Rule usrmerge{
    .id = "usrmerge", .summary = "the links /bin, /lib, … into a merged /usr", .settle = settle};

}  // namespace slimimg::closure::rules
