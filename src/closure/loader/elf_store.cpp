#include "slimimg/closure/loader.hpp"

#include "closure/loader/image_files.hpp"

namespace slimimg::closure {

ElfStore::ElfStore(const rootfs::Rootfs& rootfs, const Limits& limits)
    : rootfs_(rootfs), limits_(limits), loaders_(std::make_shared<LoaderKnowledge>()) {}

const elf::ElfFacts* ElfStore::facts(rootfs::NodeId node) {
    const rootfs::NodeId inode = rootfs_[node].inode;
    auto known = by_inode_.find(inode);
    if (known == by_inode_.end()) {
        std::unique_ptr<const elf::ElfFacts> facts;
        // One that is too large is told; with holes it is not laid out to find that out.
        if (rootfs_[node].is_file() && (rootfs_[node].header.size <= limits_.elf_bytes ||
                                        !rootfs_.stored(node).entry.sparse)) {
            if (auto found = elf::read_facts(rootfs_.content(node).bytes, limits_)) {
                facts = std::make_unique<const elf::ElfFacts>(std::move(*found));
            }
        }
        known = by_inode_.emplace(inode, std::move(facts)).first;
    }
    return known->second.get();
}

}  // namespace slimimg::closure
