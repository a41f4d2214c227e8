#include "closure/loader/image_files.hpp"

#include "slimimg/base/path.hpp"

namespace slimimg::closure::loader {

using rootfs::NodeId;

std::string ImageFiles::absolute(std::string_view path) const {
    return path::join(workdir_, path);
}

std::optional<NodeId> ImageFiles::folder(std::string_view path) {
    const std::string full = absolute(path);
    const auto known = knowledge_.folders.find(full);
    if (known != knowledge_.folders.end()) {
        return known->second;
    }
    // Real images search some hundred folders; a hostile one shall not fill the memory.
    constexpr std::size_t max_known = 100'000;
    if (knowledge_.folders.size() >= max_known) {
        knowledge_.folders.clear();
    }
    std::optional<NodeId> node = rootfs_.resolve(full).node;
    if (node && !rootfs_[*node].is_directory()) {
        node = std::nullopt;
    }
    knowledge_.folders.emplace(full, node);
    return node;
}

std::optional<Opened> ImageFiles::open(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    if (slash != std::string_view::npos && slash + 1 < path.size()) {
        // Most look-ups miss: one step in a known folder says so.
        const auto above = folder(path.substr(0, slash + 1));
        if (!above || (!path.ends_with("/..") && !rootfs_.child(*above, path.substr(slash + 1)))) {
            return std::nullopt;
        }
    }
    rootfs::Resolution found = rootfs_.resolve(absolute(path));
    if (!found.node) {
        return std::nullopt;
    }
    return Opened{*found.node, std::move(found.links)};
}

}  // namespace slimimg::closure::loader
