#include "slimimg/rootfs/rootfs.hpp"

#include <algorithm>
#include <bit>
#include <mutex>
#include <unordered_map>

#include "slimimg/base/error.hpp"
#include "slimimg/base/limit_names.hpp"
#include "slimimg/base/path.hpp"

#include "rootfs/merge.hpp"
#include "rootfs/name_slots.hpp"
#include "rootfs/walk.hpp"

namespace slimimg::rootfs {
namespace {

std::vector<NodeId> index_by_name(std::span<const Node> nodes) {
    std::vector<NodeId> slots(std::bit_ceil(2 * nodes.size() + 1), 0);
    for (NodeId id = 1; id < nodes.size(); ++id) {
        const auto is_it = [](NodeId) { return false; };  // each stands there once
        slots[slot_of(slots, nodes[id].parent, path::basename(nodes[id].path), is_it)] = id;
    }
    return slots;
}

}  // namespace

struct Rootfs::LaidOut {
    std::mutex mutex;
    std::unordered_map<NodeId, Slice> contents;  // by inode
    std::uint64_t bytes = 0;
};

Rootfs Rootfs::merge(std::vector<archive::LayerScan> layers, const RunOptions& options) {
    Rootfs rootfs;
    rootfs.limits_ = options.limits;
    rootfs.spool_dir_ = options.spool_dir;
    rootfs.laid_out_ = std::make_shared<LaidOut>();
    rootfs.layers_ = std::move(layers);
    Merged merged = merge_layers(rootfs.layers_, options.limits);
    rootfs.nodes_ = std::move(merged.nodes);
    rootfs.diagnostics_ = std::move(merged.diagnostics);
    rootfs.by_name_ = index_by_name(rootfs.nodes_);
    return rootfs;
}

std::optional<NodeId> Rootfs::find(std::string_view path) const {
    if (!path.starts_with('/')) {
        return std::nullopt;
    }
    NodeId at = 0;
    for (std::string_view rest = path.substr(1); !rest.empty();) {
        const std::string_view name = rest.substr(0, rest.find('/'));
        rest.remove_prefix(std::min(name.size() + 1, rest.size()));
        const auto next = child(at, name);
        if (!next) {
            return std::nullopt;
        }
        at = *next;
    }
    return nodes_[at].path.size() == path.size() ? std::optional(at) : std::nullopt;
}

std::optional<NodeId> Rootfs::child(NodeId folder, std::string_view name) const {
    const std::size_t length = (folder == 0 ? 0 : nodes_[folder].path.size()) + 1 + name.size();
    const NodeId found = by_name_[slot_of(by_name_, folder, name, [&](NodeId id) {
        const Node& node = nodes_[id];
        return node.parent == folder && node.path.size() == length && node.path.ends_with(name);
    })];
    return found == 0 ? std::nullopt : std::optional(found);
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
        const Text& target = nodes_[*next].header.link;
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
    const auto [layer, entry] = stored(id);
    if (!entry.sparse) {
        return layer.tar.sub(entry.content.offset, entry.content.length).value_or(Slice{});
    }
    const std::lock_guard lock(laid_out_->mutex);
    const auto known = laid_out_->contents.find(node.inode);
    if (known != laid_out_->contents.end()) {
        return known->second;
    }
    constexpr std::uint64_t files = 16;  // of the largest size
    const std::uint64_t size = node.header.size;
    // One that is too large by itself is told so by who lays it out.
    if (size <= limits_.sparse_bytes && (laid_out_->bytes + size) / files > limits_.sparse_bytes) {
        throw Error(Exit::bad_input, "sparse-too-large",
                    "sparse files of more than " + std::to_string(files) + " times " +
                        std::to_string(limits_.sparse_bytes) +
                        " bytes must be laid out to be read, " + path::printable(node.path) +
                        " among them",
                    raise_hint(&Limits::sparse_bytes));
    }
    RunOptions options;
    options.limits = limits_;
    options.spool_dir = spool_dir_;
    Slice content = archive::read_sparse(layer, entry, options);
    laid_out_->bytes += size;
    return laid_out_->contents.emplace(node.inode, std::move(content)).first->second;
}

StoredFile Rootfs::stored(NodeId file) const {
    const archive::LayerScan& layer = layers_[nodes_[file].content_layer];
    return {layer, layer.entries[nodes_[file].content_entry]};
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
