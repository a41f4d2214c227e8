#include "closure/name_endings.hpp"

#include <algorithm>
#include <bit>

#include "slimimg/base/name_hash.hpp"
#include "slimimg/base/path.hpp"

namespace slimimg::closure {

bool is_name_ending(std::string_view text) {
    constexpr std::size_t longest = 6;
    return text.starts_with('.') && text.size() <= longest &&
           std::all_of(text.begin() + 1, text.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
}

CompletedNames::CompletedNames(const rootfs::Rootfs& tree)
    : bits_(std::bit_ceil(16 * tree.size()), false) {
    for (const rootfs::Node& node : tree.nodes()) {
        const std::string_view name = path::basename(node.path);
        const std::size_t dot = name.rfind('.');
        if (dot != std::string_view::npos && is_name_ending(name.substr(dot))) {
            bits_[bit_of(node.parent, name.substr(0, dot))] = true;
        }
    }
}

bool CompletedNames::may_complete(rootfs::NodeId folder, std::string_view name) const {
    return bits_[bit_of(folder, name)];
}

std::size_t CompletedNames::bit_of(rootfs::NodeId folder, std::string_view name) const {
    constexpr std::size_t odd = 0x9e3779b97f4a7c15;  // spreads folders over all bits
    return (NameHash()(name) + (folder + 1) * odd) & (bits_.size() - 1);
}

}  // namespace slimimg::closure
