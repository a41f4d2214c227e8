#include "slim/split.hpp"

#include <set>
#include <string>
#include <string_view>

#include "slimimg/base/name_hash.hpp"
#include "slimimg/base/path.hpp"

namespace slimimg::slim {
namespace {

using archive::EntryType;
using rootfs::NodeId;

/// Folders as the lowest layer that lists them has them.
NameViewMap<const archive::Header*> first_folders(const rootfs::Rootfs& rootfs) {
    NameViewMap<const archive::Header*> folders;
    for (const archive::LayerScan& layer : rootfs.layers()) {
        for (const archive::LayerEntry& entry : layer.entries) {
            if (entry.header.type == EntryType::directory) {
                folders.try_emplace(entry.path, &entry.header);
            }
        }
    }
    return folders;
}

bool is_as_in_source(const PlanItem& item, const rootfs::Rootfs& rootfs) {
    if (!item.source || (item.content && !item.stripped)) {
        return false;
    }
    archive::Header header = rootfs[*item.source].header;
    header.size = item.stripped ? item.header.size : header.size;
    return item.header.type == EntryType::hardlink || item.header == header;
}

}  // namespace

std::vector<Plan> split_layers(const Plan& plan, const rootfs::Rootfs& rootfs,
                               const closure::PackageDb& packages) {
    std::set<NodeId> of_packages;  // inodes
    for (const PlanItem& item : plan.items) {
        if (is_as_in_source(item, rootfs) && item.header.type != EntryType::directory &&
            packages.owner(*item.source)) {
            of_packages.insert(rootfs[*item.source].inode);
        }
    }
    std::set<std::string, std::less<>> folders_below;
    const auto is_below = [&](const PlanItem& item) {
        return item.source && (!item.content || item.stripped) &&
               item.header.type != EntryType::directory &&
               of_packages.contains(rootfs[*item.source].inode);
    };
    for (const PlanItem& item : plan.items) {
        for (std::string_view folder = item.path; is_below(item) && folder != "/";) {
            folder = path::parent(folder);
            if (!folders_below.emplace(folder).second) {
                break;
            }
        }
    }
    const auto folders = first_folders(rootfs);
    std::vector<Plan> layers(2);
    for (const PlanItem& item : plan.items) {
        const bool shared = folders_below.contains(item.path);
        PlanItem below = item;
        if (shared) {
            const auto first = folders.find(item.path);
            below.header = first == folders.end() ? item.header : *first->second;
        }
        if (shared || is_below(item)) {
            layers[0].items.push_back(below);
        }
        if (shared ? below.header != item.header : !is_below(item)) {
            layers[1].items.push_back(item);
        }
    }
    for (Plan& layer : layers) {
        for (const PlanItem& item : layer.items) {
            layer.bytes += item.header.type == EntryType::file ? item.header.size : 0;
        }
    }
    return layers;
}

}  // namespace slimimg::slim
