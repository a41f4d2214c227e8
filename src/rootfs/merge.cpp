#include "rootfs/merge.hpp"

#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "slimimg/base/path.hpp"

namespace slimimg::rootfs {
namespace {

using archive::EntryType;
using archive::LayerEntry;

constexpr std::string_view whiteout = ".wh.";
constexpr std::string_view opaque = ".wh..wh..opq";
constexpr std::string_view aufs = ".wh..wh.";

/// A node while layers are still being laid on each other.
struct Growing {
    archive::Header header;
    std::uint32_t layer = 0;
    std::uint32_t entry = Node::no_entry;
    std::uint32_t content_layer = Node::no_entry;
    std::uint32_t content_entry = Node::no_entry;
    std::uint64_t file = 0;  // equal for the names of one file
    std::uint32_t parent = 0;
    std::map<std::string, std::uint32_t, std::less<>> children;

    [[nodiscard]] bool is_directory() const { return header.type == EntryType::directory; }
};

class Merger {
  public:
    Merger(std::span<const archive::LayerScan> layers, const Limits& limits)
        : layers_(layers), limits_(limits) {
        pool_.push_back(implied_folder(0));
    }

    Merged merge() {
        for (layer_ = 0; layer_ < layers_.size(); ++layer_) {
            apply_layer(layers_[layer_]);
        }
        Merged merged;
        merged.nodes.reserve(pool_.size());
        flatten(merged.nodes);
        merged.diagnostics = std::move(diagnostics_);
        return merged;
    }

  private:
    static Growing implied_folder(std::uint32_t parent) {
        Growing node;
        node.header.type = EntryType::directory;
        node.header.mode = 0755;
        node.parent = parent;
        return node;
    }

    void apply_layer(const archive::LayerScan& layer) {
        // Whiteouts first, wherever they stand: they hide what lower layers have, not this one's.
        for (const LayerEntry& entry : layer.entries) {
            if (path::basename(entry.path).starts_with(whiteout)) {
                hide(entry);
            }
        }
        std::vector<std::uint32_t> links;
        for (std::uint32_t i = 0; i < layer.entries.size(); ++i) {
            const LayerEntry& entry = layer.entries[i];
            if (path::basename(entry.path).starts_with(whiteout) ||
                entry.path.find("/.wh..wh.") != std::string::npos) {
                continue;
            }
            if (entry.header.type == EntryType::hardlink) {
                links.push_back(i);
            } else {
                add(entry, i);
            }
        }
        add_hard_links(layer, std::move(links));
    }

    /// A hard link may stand before its target, which may be one itself: rounds until none fits.
    void add_hard_links(const archive::LayerScan& layer, std::vector<std::uint32_t> links) {
        for (bool progress = true; progress && !links.empty();) {
            progress = false;
            std::set<std::string_view> to_come;
            for (const std::uint32_t i : links) {
                to_come.insert(layer.entries[i].path);
            }
            std::vector<std::uint32_t> waiting;
            for (const std::uint32_t i : links) {
                const LayerEntry& entry = layer.entries[i];
                const auto target =
                    to_come.contains(entry.header.link) ? std::nullopt : locate(entry.header.link);
                if (target && !pool_[*target].is_directory()) {
                    add_hard_link(entry, i, *target);
                    to_come.erase(entry.path);
                    progress = true;
                } else {
                    waiting.push_back(i);
                }
            }
            links = std::move(waiting);
        }
        for (const std::uint32_t i : links) {
            diagnostics_.push_back({Severity::warning, "hard-link-dangling", layer.entries[i].path,
                                    "a hard link to " +
                                        path::printable(layer.entries[i].header.link) +
                                        ", which the image does not have; left out"});
        }
    }

    void hide(const LayerEntry& entry) {
        const std::string_view name = path::basename(entry.path);
        const auto folder = locate(path::parent(entry.path), true);
        if (!folder || !pool_[*folder].is_directory()) {
            return;
        }
        if (name == opaque) {
            pool_[*folder].children.clear();
        } else if (!name.starts_with(aufs)) {
            const auto at = pool_[*folder].children.find(name.substr(whiteout.size()));
            if (at != pool_[*folder].children.end()) {
                pool_[*folder].children.erase(at);
            }
        }
    }

    /// The node of a path below `from` in the tree as it is now. Links in parents are followed,
    /// that at the end only with follow_last.
    std::optional<std::uint32_t> locate(std::string_view path, bool follow_last = false,
                                        std::uint32_t from = 0) const {
        std::deque<std::string> todo;
        for (const std::string_view part : path::components(path)) {
            todo.emplace_back(part);
        }
        std::uint32_t at = from;
        std::uint64_t links = 0;
        while (!todo.empty()) {
            const std::string name = std::move(todo.front());
            todo.pop_front();
            if (name == "..") {
                at = pool_[at].parent;
                continue;
            }
            const auto child = pool_[at].children.find(name);
            if (child == pool_[at].children.end()) {
                return std::nullopt;
            }
            const Growing& node = pool_[child->second];
            if (node.header.type == EntryType::symlink && (follow_last || !todo.empty())) {
                if (++links > limits_.symlinks) {
                    return std::nullopt;
                }
                const auto parts = path::components(node.header.link);
                todo.insert(todo.begin(), parts.begin(), parts.end());
                at = node.header.link.starts_with('/') ? 0 : at;
                continue;
            }
            at = child->second;
        }
        return at;
    }

    /// The folder that holds `path`, made where it is missing.
    std::uint32_t folder_for(std::string_view path) {
        std::uint32_t at = 0;
        const auto parts = path::components(path::parent(path));
        for (const std::string_view part : parts) {
            const auto child = pool_[at].children.find(part);
            if (child != pool_[at].children.end()) {
                if (pool_[child->second].is_directory()) {
                    at = child->second;
                    continue;
                }
                if (pool_[child->second].header.type == EntryType::symlink) {
                    const auto target = locate(part, true, at);
                    if (target && pool_[*target].is_directory()) {
                        at = *target;
                        continue;
                    }
                }
            }
            at = put(at, part, implied_folder(at));
        }
        return at;
    }

    std::uint32_t put(std::uint32_t folder, std::string_view name, Growing node) {
        node.parent = folder;
        const auto id = static_cast<std::uint32_t>(pool_.size());
        pool_.push_back(std::move(node));
        pool_[folder].children.insert_or_assign(std::string(name), id);
        return id;
    }

    void add(const LayerEntry& entry, std::uint32_t index) {
        Growing node;
        node.header = entry.header;
        node.layer = static_cast<std::uint32_t>(layer_);
        node.entry = index;
        node.content_layer = node.layer;
        node.content_entry = index;
        node.file = ++files_;
        if (entry.path == "/") {
            if (node.is_directory()) {
                node.children = std::move(pool_[0].children);
                pool_[0] = std::move(node);
            }
            return;
        }
        const std::uint32_t folder = folder_for(entry.path);
        const std::string_view name = path::basename(entry.path);
        const auto old = pool_[folder].children.find(name);
        if (old != pool_[folder].children.end() && node.is_directory() &&
            pool_[old->second].is_directory()) {
            node.parent = folder;
            node.children = std::move(pool_[old->second].children);
            pool_[old->second] = std::move(node);
            return;
        }
        put(folder, name, std::move(node));
    }

    void add_hard_link(const LayerEntry& entry, std::uint32_t index, std::uint32_t target) {
        const std::uint32_t folder = folder_for(entry.path);
        const std::string_view name = path::basename(entry.path);
        const auto old = pool_[folder].children.find(name);
        if (old != pool_[folder].children.end() && old->second == target) {
            return;
        }
        Growing node = pool_[target];
        node.layer = static_cast<std::uint32_t>(layer_);
        node.entry = index;
        put(folder, name, std::move(node));
    }

    void flatten(std::vector<Node>& nodes) {
        struct Frame {
            std::uint32_t growing;
            NodeId id;
            std::map<std::string, std::uint32_t, std::less<>>::const_iterator next;
        };
        std::unordered_map<std::uint64_t, NodeId> first_name;
        const auto emit = [&](std::uint32_t growing, NodeId parent, std::string path) {
            const Growing& from = pool_[growing];
            Node node;
            node.path = std::move(path);
            node.header = from.header;
            node.parent = parent;
            node.layer = from.layer;
            node.entry = from.entry;
            node.content_layer = from.content_layer;
            node.content_entry = from.content_entry;
            const auto id = static_cast<NodeId>(nodes.size());
            node.inode = from.file == 0 ? id : first_name.try_emplace(from.file, id).first->second;
            nodes.push_back(std::move(node));
            return id;
        };
        std::vector<Frame> stack;
        stack.push_back({0, emit(0, 0, "/"), pool_[0].children.begin()});
        while (!stack.empty()) {
            Frame& frame = stack.back();
            if (frame.next == pool_[frame.growing].children.end()) {
                nodes[frame.id].subtree_end = static_cast<NodeId>(nodes.size());
                stack.pop_back();
                continue;
            }
            const auto& [name, child] = *frame.next++;
            const NodeId id = emit(child, frame.id, path::join(nodes[frame.id].path, name));
            stack.push_back({child, id, pool_[child].children.begin()});
        }
    }

    std::span<const archive::LayerScan> layers_;
    const Limits& limits_;
    std::size_t layer_ = 0;
    std::uint64_t files_ = 0;
    std::deque<Growing> pool_;
    std::vector<Diagnostic> diagnostics_;
};

}  // namespace

Merged merge_layers(std::span<const archive::LayerScan> layers, const Limits& limits) {
    return Merger(layers, limits).merge();
}

}  // namespace slimimg::rootfs
