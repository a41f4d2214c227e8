#include "rootfs/merge.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "slimimg/base/error.hpp"
#include "slimimg/base/path.hpp"

#include "rootfs/walk.hpp"

namespace slimimg::rootfs {
namespace {

using archive::EntryType;
using archive::Header;
using archive::LayerEntry;

constexpr std::string_view whiteout = ".wh.";
constexpr std::string_view opaque = ".wh..wh..opq";
constexpr std::string_view aufs = ".wh..wh.";
/// Where AUFS keeps files of several names; the names are hard links to what stands here.
constexpr std::string_view aufs_links = "/.wh..wh.plnk/";

/// Of the targets of links followed while layers are merged; a real image has a few for each entry.
constexpr std::uint64_t most_link_bytes = 1ULL << 28;
constexpr std::size_t most_dangling_told = 100;

using Index = std::uint32_t;

/// A node while layers are still being laid on each other. Names and headers are views of the
/// layers' entries.
struct Growing {
    const Header* header = nullptr;
    Index parent = 0;
    std::uint32_t path_bytes = 0;
    std::uint32_t layer = 0;
    std::uint32_t entry = Node::no_entry;
    std::uint32_t content_layer = Node::no_entry;
    std::uint32_t content_entry = Node::no_entry;
    std::uint64_t file = 0;  // equal for the names of one file; 0: implied
    std::map<std::string_view, Index> children;

    [[nodiscard]] bool is_directory() const { return header->type == EntryType::directory; }
    [[nodiscard]] bool is_symlink() const { return header->type == EntryType::symlink; }
};

/// Of a folder that a layer needs and doesn't list, as engines make it.
const Header& implied_header() {
    static const Header header = [] {
        Header folder;
        folder.type = EntryType::directory;
        folder.mode = 0755;
        return folder;
    }();
    return header;
}

bool is_whiteout(const LayerEntry& entry) {
    return path::basename(entry.path).starts_with(whiteout);
}

bool is_aufs_metadata(const LayerEntry& entry) {
    return entry.path.find("/.wh..wh.") != std::string::npos;
}

/// Entries are applied in the tar's order, as engines unpack them. Two things are taken out of it:
/// whiteouts come first, and a hard link that stands before its target waits until the end.
class Merger {
  public:
    Merger(std::span<const archive::LayerScan> layers, const Limits& limits)
        : layers_(layers), limits_(limits) {
        pool_.emplace_back();
        pool_.front().header = &implied_header();
    }

    Merged merge() {
        for (const archive::LayerScan& layer : layers_) {
            apply(layer);
            ++layer_;
        }
        Merged merged;
        flatten(merged.nodes);
        tell_dangling(merged.diagnostics);
        return merged;
    }

  private:
    void apply(const archive::LayerScan& layer) {
        waiting_.clear();
        aufs_files_.clear();
        last_parent_ = {};
        hide_all(layer);
        for (Index i = 0; i < layer.entries.size(); ++i) {
            const LayerEntry& entry = layer.entries[i];
            if (is_aufs_metadata(entry)) {
                keep_aufs_file(entry, i);
            } else if (is_whiteout(entry)) {
                continue;
            } else if (entry.header.type == EntryType::hardlink) {
                add_link(entry, i);
            } else {
                add(entry, i);
            }
        }
        add_waiting_links(layer);
    }

    // --- whiteouts ----------------------------------------------------------------------------

    /// Before anything of the layer is added, wherever they stand in it: whiteouts hide what lower
    /// layers have, never what their own layer brings.
    void hide_all(const archive::LayerScan& layer) {
        std::vector<const LayerEntry*> whiteouts;
        std::unordered_set<std::string_view> folders;
        lower_targets_.clear();
        for (const LayerEntry& entry : layer.entries) {
            if (is_whiteout(entry)) {
                whiteouts.push_back(&entry);
            } else if (entry.header.type == EntryType::directory) {
                folders.insert(entry.path);
            }
        }
        if (whiteouts.empty()) {
            return;
        }
        for (Index i = 0; i < layer.entries.size(); ++i) {
            const LayerEntry& entry = layer.entries[i];
            if (entry.header.type == EntryType::hardlink) {
                if (const auto target = find(entry.header.link)) {
                    lower_targets_.emplace(i, *target);
                }
            }
        }
        for (const LayerEntry* entry : whiteouts) {
            hide(*entry, folders);
        }
    }

    void hide(const LayerEntry& entry, const std::unordered_set<std::string_view>& folders) {
        const std::string_view holder = path::parent(entry.path);
        if (replaces_link(holder, folders)) {
            return;
        }
        const auto folder = find(holder, Last::follow);
        if (!folder || !pool_[*folder].is_directory()) {
            return;
        }
        auto& children = pool_[*folder].children;
        const std::string_view name = path::basename(entry.path);
        if (name == opaque) {
            children.clear();
        } else if (!name.starts_with(aufs)) {
            children.erase(name.substr(whiteout.size()));
        }
    }

    /// True where the layer puts a folder in the place of a link on the way to `path`: the
    /// whiteout then is in the new folder and must not reach where the link led.
    bool replaces_link(std::string_view path, const std::unordered_set<std::string_view>& folders) {
        for (; path != "/"; path = path::parent(path)) {
            if (folders.contains(path)) {
                const auto old = find(path);
                if (old && pool_[*old].is_symlink()) {
                    return true;
                }
            }
        }
        return false;
    }

    // --- entries ------------------------------------------------------------------------------

    void add(const LayerEntry& entry, Index index) {
        waiting_.erase(entry.path);
        Growing node = node_of(entry, index);
        if (entry.path == "/") {
            if (node.is_directory()) {
                become(0, std::move(node));
            }
            return;
        }
        const Index folder = folder_for(path::parent(entry.path));
        const std::string_view name = path::basename(entry.path);
        const auto old = pool_[folder].children.find(name);
        if (old != pool_[folder].children.end() && node.is_directory() &&
            pool_[old->second].is_directory()) {
            become(old->second, std::move(node));
        } else {
            put(folder, name, std::move(node));
        }
    }

    Growing node_of(const LayerEntry& entry, Index index) {
        Growing node;
        node.header = &entry.header;
        node.layer = layer_;
        node.entry = index;
        node.content_layer = layer_;
        node.content_entry = index;
        node.file = ++files_;
        return node;
    }

    /// A folder listed again takes the new header and keeps what it holds.
    void become(Index folder, Growing node) {
        Growing& old = pool_[folder];
        node.parent = old.parent;
        node.path_bytes = old.path_bytes;
        node.children = std::move(old.children);
        old = std::move(node);
    }

    Index put(Index folder, std::string_view name, Growing node) {
        const std::uint64_t bytes = pool_[folder].path_bytes + 1 + name.size();
        if (bytes > limits_.path_bytes) {
            throw Error(Exit::bad_input, "path-too-long",
                        "layer " + std::to_string(layer_ + 1) + ": a file named " +
                            path::printable(name.substr(0, 80)) + " has a path of " +
                            std::to_string(bytes) + " bytes, over the limit of " +
                            std::to_string(limits_.path_bytes));
        }
        if (name.starts_with(whiteout)) {
            // A parent or a link's target. In the tree it would be a file, in a layer made of the
            // tree a whiteout.
            throw Error(Exit::bad_input, "whiteout-name",
                        "layer " + std::to_string(layer_ + 1) + ": something stands in a folder " +
                            path::printable(name.substr(0, 80)) +
                            ", a name that only whiteouts can have",
                        "the image is damaged or hostile");
        }
        if (pool_.size() >= Node::no_entry) {
            throw_too_many();
        }
        node.parent = folder;
        node.path_bytes = static_cast<std::uint32_t>(bytes);
        const auto id = static_cast<Index>(pool_.size());
        pool_.push_back(std::move(node));
        const auto [at, is_new] = pool_[folder].children.try_emplace(name, id);
        if (!is_new) {
            at->second = id;
            last_parent_ = {};  // what stood here may have been on the way to it
        }
        return id;
    }

    Index put_implied(Index folder, std::string_view name) {
        if (++implied_ > limits_.implied_folders) {
            throw_too_many();
        }
        Growing node;
        node.header = &implied_header();
        node.layer = layer_;
        return put(folder, name, std::move(node));
    }

    [[noreturn]] void throw_too_many() const {
        throw Error(Exit::bad_input, "too-many-entries",
                    "layer " + std::to_string(layer_ + 1) + " makes a tree of more than " +
                        std::to_string(pool_.size()) + " files and folders");
    }

    // --- hard links ---------------------------------------------------------------------------

    void add_link(const LayerEntry& entry, Index index) {
        waiting_.erase(entry.path);
        if (!link_to(entry, index, find(entry.header.link))) {
            waiting_.emplace(entry.path, Waiting{index, false});
        }
    }

    bool link_to(const LayerEntry& entry, Index index, std::optional<Index> target) {
        if (!target || pool_[*target].is_directory() || entry.path == "/") {
            return false;
        }
        const Index folder = folder_for(path::parent(entry.path));
        const std::string_view name = path::basename(entry.path);
        const auto old = pool_[folder].children.find(name);
        if (old == pool_[folder].children.end() || old->second != *target) {
            Growing node = pool_[*target];
            node.layer = layer_;
            node.entry = index;
            put(folder, name, std::move(node));
        }
        return true;
    }

    /// The target of one may be another that waits: each is added behind what it links to.
    void add_waiting_links(const archive::LayerScan& layer) {
        std::vector<Index> order;
        for (const auto& [path, link] : waiting_) {
            order.push_back(link.entry);
        }
        std::sort(order.begin(), order.end());
        std::vector<Index> chain;
        for (const Index first : order) {
            for (Index at = first;;) {
                chain.push_back(at);
                const auto next = waiting_.find(layer.entries[at].header.link);
                if (next == waiting_.end() || std::exchange(next->second.reached, true)) {
                    break;
                }
                at = next->second.entry;
            }
            for (; !chain.empty(); chain.pop_back()) {
                add_waiting_link(layer.entries[chain.back()], chain.back());
            }
        }
    }

    void add_waiting_link(const LayerEntry& entry, Index index) {
        const auto done = waiting_.find(entry.path);
        if (done == waiting_.end() || done->second.entry != index) {
            return;
        }
        waiting_.erase(done);
        if (link_to(entry, index, find(entry.header.link)) ||
            link_to(entry, index, known(aufs_files_, entry.header.link)) ||
            link_to(entry, index, known(lower_targets_, index))) {
            return;
        }
        if (++dangling_ <= most_dangling_told) {
            diagnostics_.push_back(
                {Severity::warning, "hard-link-dangling", entry.path,
                 "a hard link to " + path::printable(entry.header.link) +
                     ", which is no file of the image; left out, and no engine can unpack it"});
        }
    }

    template <typename Map>
    static std::optional<Index> known(const Map& map, const typename Map::key_type& key) {
        const auto at = map.find(key);
        return at == map.end() ? std::nullopt : std::optional(at->second);
    }

    void keep_aufs_file(const LayerEntry& entry, Index index) {
        if (entry.path.starts_with(aufs_links) && entry.header.type == EntryType::file) {
            aufs_files_.insert_or_assign(entry.path, static_cast<Index>(pool_.size()));
            pool_.push_back(node_of(entry, index));
        }
    }

    void tell_dangling(std::vector<Diagnostic>& diagnostics) {
        diagnostics = std::move(diagnostics_);
        if (dangling_ > most_dangling_told) {
            diagnostics.push_back({Severity::warning, "hard-link-dangling", "",
                                   "and " + std::to_string(dangling_ - most_dangling_told) +
                                       " more hard links to files that the image lacks"});
        }
    }

    // --- paths --------------------------------------------------------------------------------

    enum class Last { keep, follow };

    /// The node of a path in the tree as it is now.
    std::optional<Index> find(std::string_view path, Last last = Last::keep) {
        Index at = 0;
        Walk walk(path, limits_);
        while (const auto name = walk.next()) {
            if (!pool_[at].is_directory()) {
                return std::nullopt;
            }
            if (*name == "." || *name == "..") {
                at = *name == "." ? at : pool_[at].parent;
                continue;
            }
            const auto child = pool_[at].children.find(*name);
            if (child == pool_[at].children.end()) {
                return std::nullopt;
            }
            const Growing& node = pool_[child->second];
            if (!node.is_symlink() || (last == Last::keep && walk.at_end())) {
                at = child->second;
            } else if (follow(walk, node)) {
                at = node.header->link.starts_with('/') ? 0 : at;
            } else {
                return std::nullopt;
            }
        }
        return at;
    }

    /// The folder of this path, made where it is missing. Links are followed, and what a dangling
    /// one names is made too, as containerd does it. A file on the way gives place to a folder.
    Index folder_for(std::string_view path) {
        if (path == last_parent_) {
            return last_folder_;
        }
        Index at = 0;
        Walk walk(path, limits_);
        while (const auto name = walk.next()) {
            if (*name == "." || *name == "..") {
                at = *name == "." ? at : pool_[at].parent;
                continue;
            }
            const auto child = pool_[at].children.find(*name);
            if (child == pool_[at].children.end()) {
                at = put_implied(at, *name);
            } else if (pool_[child->second].is_directory()) {
                at = child->second;
            } else if (!pool_[child->second].is_symlink()) {
                at = put_implied(at, *name);
            } else if (follow(walk, pool_[child->second])) {
                at = pool_[child->second].header->link.starts_with('/') ? 0 : at;
            } else {
                throw Error(Exit::bad_input, "symlink-loop",
                            "layer " + std::to_string(layer_ + 1) + ": " + path::printable(path) +
                                " leads through links in a circle, so nothing can be put there",
                            "the image is damaged or hostile");
            }
        }
        last_parent_ = path;
        last_folder_ = at;
        return at;
    }

    bool follow(Walk& walk, const Growing& link) {
        link_bytes_ += link.header->link.size();
        if (link_bytes_ > most_link_bytes) {
            throw Error(Exit::bad_input, "too-many-links",
                        "layer " + std::to_string(layer_ + 1) +
                            ": its files stand behind too many symbolic links",
                        "the image is hostile");
        }
        return walk.enter(link.header->link);
    }

    // --- the result ---------------------------------------------------------------------------

    void flatten(std::vector<Node>& nodes) const {
        struct Frame {
            const Growing* folder;
            NodeId id;
            std::map<std::string_view, Index>::const_iterator next;
        };
        std::unordered_map<std::uint64_t, NodeId> first_name;
        const auto emit = [&](const Growing& from, NodeId parent, std::string path) {
            const auto id = static_cast<NodeId>(nodes.size());
            Node node;
            node.path = std::move(path);
            node.header = *from.header;
            node.parent = parent;
            node.subtree_end = id + 1;
            node.layer = from.layer;
            node.entry = from.entry;
            node.content_layer = from.content_layer;
            node.content_entry = from.content_entry;
            node.inode = from.file == 0 || from.is_directory()
                             ? id
                             : first_name.try_emplace(from.file, id).first->second;
            nodes.push_back(std::move(node));
            return id;
        };
        nodes.reserve(pool_.size());
        std::vector<Frame> open;
        open.push_back({&pool_[0], emit(pool_[0], 0, "/"), pool_[0].children.begin()});
        while (!open.empty()) {
            Frame& frame = open.back();
            if (frame.next == frame.folder->children.end()) {
                nodes[frame.id].subtree_end = static_cast<NodeId>(nodes.size());
                open.pop_back();
                continue;
            }
            const auto& [name, index] = *frame.next++;
            const Growing& child = pool_[index];
            const NodeId id = emit(child, frame.id, path::join(nodes[frame.id].path, name));
            if (child.is_directory()) {
                open.push_back({&child, id, child.children.begin()});
            }
        }
    }

    struct Waiting {
        Index entry;
        bool reached;  // by another's chain
    };

    std::span<const archive::LayerScan> layers_;
    const Limits& limits_;
    std::deque<Growing> pool_;  // grows only: a file that is replaced may have other names
    std::uint32_t layer_ = 0;
    std::uint64_t files_ = 0;
    std::uint64_t implied_ = 0;
    std::uint64_t link_bytes_ = 0;
    std::string_view last_parent_;
    Index last_folder_ = 0;

    // Of the layer at hand.
    std::unordered_map<std::string_view, Waiting> waiting_;
    std::unordered_map<std::string_view, Index> aufs_files_;
    std::unordered_map<Index, Index> lower_targets_;  // entry → node, before whiteouts

    std::uint64_t dangling_ = 0;
    std::vector<Diagnostic> diagnostics_;
};

}  // namespace

Merged merge_layers(std::span<const archive::LayerScan> layers, const Limits& limits) {
    return Merger(layers, limits).merge();
}

}  // namespace slimimg::rootfs
