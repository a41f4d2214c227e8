#include <array>

#include "slimimg/closure/loader.hpp"

#include "closure/loader/image_files.hpp"

namespace slimimg::closure {
namespace {

/// Told from what is stored: a disk image with holes is not laid out to find that it is none.
bool begins_as_elf(const rootfs::StoredFile& file) {
    std::array<std::byte, 4> head{};
    archive::for_each_piece(file.layer, file.entry, [&](std::uint64_t offset, Bytes piece) {
        for (std::size_t i = offset; i < head.size() && i - offset < piece.size(); ++i) {
            head[i] = piece[i - offset];
        }
    });
    return elf::is_elf(head);
}

}  // namespace

ElfStore::ElfStore(const rootfs::Rootfs& rootfs, const Limits& limits)
    : rootfs_(rootfs), limits_(limits), loaders_(std::make_shared<LoaderKnowledge>()) {}

const elf::ElfFacts* ElfStore::facts(rootfs::NodeId node) {
    const rootfs::NodeId inode = rootfs_[node].inode;
    auto known = by_inode_.find(inode);
    if (known == by_inode_.end()) {
        std::unique_ptr<const elf::ElfFacts> facts;
        // One that is too large is told; with holes it is not laid out to find that out.
        const bool readable =
            rootfs_[node].is_file() && (!rootfs_.stored(node).entry.sparse ||
                                        (rootfs_[node].header.size <= limits_.elf_bytes &&
                                         begins_as_elf(rootfs_.stored(node))));
        if (readable) {
            if (auto found = elf::read_facts(rootfs_.content(node).bytes, limits_)) {
                facts = std::make_unique<const elf::ElfFacts>(std::move(*found));
            }
        }
        known = by_inode_.emplace(inode, std::move(facts)).first;
    }
    return known->second.get();
}

}  // namespace slimimg::closure
