#include <algorithm>
#include <map>
#include <vector>

#include "slimimg/base/digest.hpp"
#include "slimimg/base/sizes.hpp"

#include "check/policies/policies.hpp"
#include "check/words.hpp"

namespace slimimg::check::policies {
namespace {

using rootfs::NodeId;

constexpr std::uint64_t bytes_by_default = 1'000'000;

/// Files of one size, by their content.
std::map<Digest, std::vector<NodeId>> by_content(const rootfs::Rootfs& tree,
                                                 const std::vector<NodeId>& files) {
    std::map<Digest, std::vector<NodeId>> groups;
    for (const NodeId file : files) {
        groups[sha256(tree.content(file).bytes)].push_back(file);
    }
    return groups;
}

void inspect_copies(Inspection& look, const std::vector<NodeId>& copies, std::uint64_t size) {
    const rootfs::Rootfs& tree = look.rootfs();
    const std::uint64_t wasted = size * (copies.size() - 1);
    const bool all_packaged = std::all_of(copies.begin(), copies.end(),
                                          [&](NodeId node) { return look.is_packaged(node); });
    if (all_packaged) {
        return;
    }
    constexpr std::size_t most = 4;
    std::string others;
    for (std::size_t i = 1; i < copies.size() && i < most; ++i) {
        others += (i == 1 ? "" : ", ") + tree[copies[i]].path;
    }
    others += copies.size() > most ? " and " + std::to_string(copies.size() - most) + " more" : "";
    look.find_at(copies.front(), {.message = tree[copies.front()].path + " is there " +
                                             std::to_string(copies.size()) + " times, " +
                                             human_bytes(size) + " each: " + others,
                                  .fix = "keep one and link the others to it",
                                  .bytes = wasted});
}

void inspect(Inspection& look) {
    const rootfs::Rootfs& tree = look.rootfs();
    const std::uint64_t least =
        std::max<std::uint64_t>(1, look.thresholds().duplicate_bytes.value_or(bytes_by_default));
    std::map<std::uint64_t, std::vector<NodeId>> by_size;
    for (NodeId node = 0; node < tree.size(); ++node) {
        // A sparse file's size is not what it takes.
        if (tree[node].is_file() && tree[node].inode == node && tree[node].header.size > 0 &&
            !tree.stored(node).entry.sparse) {
            by_size[tree[node].header.size].push_back(node);
        }
    }
    for (const auto& [size, files] : by_size) {
        // Read is only what can be enough of a waste.
        if (files.size() < 2 || size * (files.size() - 1) < least) {
            continue;
        }
        for (const auto& [digest, copies] : by_content(tree, files)) {
            if (copies.size() > 1 && size * (copies.size() - 1) >= least) {
                inspect_copies(look, copies, size);
            }
        }
    }
}

}  // namespace

const Policy duplicate_files{
    {.id = "duplicate-files",
     .level = Level::note,
     .distroless = Level::note,
     .title = "Copies of one file",
     .reason =
         "The same bytes, pulled and stored several times. Hard links are one file, and "
         "sparse files are left out. Told from 1 MB in vain on; limits.duplicates sets another "
         "size."},
    inspect};

}  // namespace slimimg::check::policies
