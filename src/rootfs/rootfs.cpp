#include "slimimg/rootfs/rootfs.hpp"

#include "slimimg/base/path.hpp"

#include "rootfs/merge.hpp"
#include "rootfs/walk.hpp"

namespace slimimg::rootfs {

Rootfs Rootfs::merge(std::vector<archive::LayerScan> layers, const RunOptions& options) {
    Rootfs rootfs;
    rootfs.limits_ = options.limits;
    rootfs.layers_ = std::move(layers);
    Merged merged = merge_layers(rootfs.layers_, options.limits);
    rootfs.nodes_ = std::move(merged.nodes);
    rootfs.diagnostics_ = std::move(merged.diagnostics);
    rootfs.by_path_.reserve(rootfs.nodes_.size());
    for (NodeId id = 0; id < rootfs.nodes_.size(); ++id) {
        rootfs.by_path_.emplace(rootfs.nodes_[id].path, id);
    }
    return rootfs;
}

std::optional<NodeId> Rootfs::find(std::string_view path) const {
    const auto at = by_path_.find(path);
    return at == by_path_.end() ? std::nullopt : std::optional(at->second);
}

std::optional<NodeId> Rootfs::child(NodeId folder, std::string_view name) const {
    return find(path::join(nodes_[folder].path, name));
}

std::vector<NodeId> Rootfs::children(NodeId folder) const {
    std::vector<NodeId> ids;
    for (NodeId id = folder + 1; id < nodes_[folder].subtree_end; id = nodes_[id].subtree_end) {
        ids.push_back(id);
    }
    return ids;
}

Resolution Rootfs::resolve(std::string_view path, std::string_view from, bool follow_last) const {
    Resolution result;
    if (path.empty()) {
        return result;
    }
    Walk walk(path, limits_);
    if (!path.starts_with('/')) {
        walk.put_in_front(from);
    }
    NodeId at = 0;
    while (const auto name = walk.next()) {
        if (!nodes_[at].is_directory()) {
            return result;
        }
        if (*name == "." || *name == "..") {
            at = *name == "." ? at : nodes_[at].parent;
            continue;
        }
        const auto next = child(at, *name);
        if (!next) {
            return result;
        }
        if (!nodes_[*next].is_symlink() || (!follow_last && walk.at_end())) {
            at = *next;
            continue;
        }
        const std::string& target = nodes_[*next].header.link;
        result.links.push_back(*next);
        if (!walk.enter(target)) {
            return result;
        }
        at = target.starts_with('/') ? 0 : at;
    }
    result.node = at;
    return result;
}

Slice Rootfs::content(NodeId id) const {
    const Node& node = nodes_[id];
    if (!node.is_file() || node.content_layer >= layers_.size()) {
        return {};
    }
    const archive::LayerScan& layer = layers_[node.content_layer];
    const archive::LayerEntry& stored = layer.entries[node.content_entry];
    if (stored.sparse) {
        RunOptions options;
        options.limits = limits_;
        return archive::read_sparse(layer, stored, options);
    }
    return layer.tar.sub(stored.content.offset, stored.content.length).value_or(Slice{});
}

const archive::LayerEntry* Rootfs::entry(NodeId id) const {
    const Node& node = nodes_[id];
    return node.entry == Node::no_entry ? nullptr : &layers_[node.layer].entries[node.entry];
}

Bytes Rootfs::raw_entry(NodeId id) const {
    const archive::LayerEntry* stored = entry(id);
    if (stored == nullptr) {
        return {};
    }
    return checked_subspan(layers_[nodes_[id].layer].tar.bytes, stored->raw.offset,
                           stored->raw.length)
        .value_or(Bytes{});
}

}  // namespace slimimg::rootfs
