#include "rootfs/merge.hpp"

#include <algorithm>
#include <bit>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "slimimg/base/error.hpp"
#include "slimimg/base/limit_names.hpp"
#include "slimimg/base/name_hash.hpp"
#include "slimimg/base/path.hpp"

#include "rootfs/name_slots.hpp"
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
    std::string_view name;
    Index parent = 0;
    std::uint32_t path_bytes = 0;
    std::uint32_t layer = 0;
    std::uint32_t entry = Node::no_entry;
    std::uint32_t content_layer = Node::no_entry;
    std::uint32_t content_entry = Node::no_entry;
    std::uint32_t file = 0;  // equal for the names of one file; 0: implied
    Index last_child = 0;    // what was put into a folder, the last first; 0: none
    Index older_sibling = 0;
    bool gone = false;  // hidden or replaced

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
        std::size_t entries = 1;
        for (const archive::LayerScan& layer : layers) {
            entries += layer.entries.size();
        }
        pool_.reserve(entries);
        pool_.emplace_back();
        pool_.front().header = &implied_header();
        slots_.resize(std::bit_ceil(2 * entries + 1));
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
        NameViewSet folders;
        replaced_.clear();
        replaced_sizes_.clear();
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
        find_replaced(folders);
        for (const LayerEntry* entry : whiteouts) {
            hide(*entry);
        }
    }

    void hide(const LayerEntry& entry) {
        const std::string_view holder = path::parent(entry.path);
        if (replaces_link(holder)) {
            return;
        }
        const auto folder = find(holder, Last::follow);
        if (!folder || !pool_[*folder].is_directory()) {
            return;
        }
        const std::string_view name = path::basename(entry.path);
        if (name == opaque) {
            for (Index child = std::exchange(pool_[*folder].last_child, 0); child != 0;
                 child = pool_[child].older_sibling) {
                pool_[child].gone = true;
            }
        } else if (!name.starts_with(aufs)) {
            if (const auto hidden = child_of(*folder, name.substr(whiteout.size()))) {
                pool_[*hidden].gone = true;
            }
        }
    }

    /// Finds the folders that the layer puts in the place of a lower layer's links.
    void find_replaced(const NameViewSet& folders) {
        for (const std::string_view path : folders) {
            const auto old = find(path);
            if (old && pool_[*old].is_symlink()) {
                replaced_.insert(path);
                replaced_sizes_.insert(path.size());
            }
        }
    }

    /// True where one of these is on the way to `path`: the whiteout then is in the new folder and
    /// must not reach where the link led.
    [[nodiscard]] bool replaces_link(std::string_view path) const {
        return std::any_of(replaced_sizes_.begin(), replaced_sizes_.end(), [&](std::size_t size) {
            return (size == path.size() || (size < path.size() && path[size] == '/')) &&
                   replaced_.contains(path.substr(0, size));
        });
    }

    // --- entries ------------------------------------------------------------------------------

    void add(const LayerEntry& entry, Index index) {
        waiting_.erase(entry.path);
        Growing node = node_of(entry, index);
        if (entry.path == "/") {
            if (node.is_directory()) {
                become(0, node);
            }
            return;
        }
        const Index folder = folder_for(path::parent(entry.path));
        const std::string_view name = path::basename(entry.path);
        const auto old = child_of(folder, name);
        if (old && node.is_directory() && pool_[*old].is_directory()) {
            become(*old, node);
        } else {
            put(folder, name, node);
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
        node.name = old.name;
        node.parent = old.parent;
        node.path_bytes = old.path_bytes;
        node.last_child = old.last_child;
        node.older_sibling = old.older_sibling;
        old = node;
    }

    Index put(Index folder, std::string_view name, Growing node) {
        const std::uint64_t bytes = pool_[folder].path_bytes + 1 + name.size();
        if (bytes > limits_.path_bytes) {
            throw Error(Exit::bad_input, "path-too-long",
                        "layer " + std::to_string(layer_) + ": a file named " +
                            path::printable(name.substr(0, 80)) + " has a path of " +
                            std::to_string(bytes) + " bytes, over the limit of " +
                            std::to_string(limits_.path_bytes),
                        raise_hint(&Limits::path_bytes));
        }
        if (name.starts_with(whiteout)) {
            // A parent or a link's target. In the tree it would be a file, in a layer made of the
            // tree a whiteout.
            throw Error(Exit::bad_input, "whiteout-name",
                        "layer " + std::to_string(layer_) + ": something stands in a folder " +
                            path::printable(name.substr(0, 80)) +
                            ", a name that only whiteouts can have",
                        "the image is damaged or hostile");
        }
        if (pool_.size() >= Node::no_entry) {
            throw_too_many("files and folders", Node::no_entry, &Limits::entries);
        }
        const auto id = static_cast<Index>(pool_.size());
        node.name = name;
        node.parent = folder;
        node.path_bytes = static_cast<std::uint32_t>(bytes);
        node.last_child = 0;
        node.older_sibling = std::exchange(pool_[folder].last_child, id);
        node.gone = false;
        pool_.push_back(node);
        make_room();
        Index& slot = slots_[slot_of(folder, name)];
        if (slot != 0 && slot != id) {
            pool_[slot].gone = true;
            last_parent_ = {};  // what stood here may have been on the way to it
        }
        slot = id;
        return id;
    }

    // --- names --------------------------------------------------------------------------------

    [[nodiscard]] std::size_t slot_of(Index folder, std::string_view name) const {
        return rootfs::slot_of(slots_, folder, name, [&](Index id) {
            return pool_[id].parent == folder && pool_[id].name == name;
        });
    }

    [[nodiscard]] std::optional<Index> child_of(Index folder, std::string_view name) const {
        const Index found = slots_[slot_of(folder, name)];
        return found == 0 || pool_[found].gone ? std::nullopt : std::optional(found);
    }

    /// Folders that no layer lists come on top of the number of entries.
    void make_room() {
        if (2 * pool_.size() <= slots_.size()) {
            return;
        }
        std::vector<Index> former(2 * slots_.size());
        former.swap(slots_);
        for (const Index id : former) {
            if (id != 0) {
                slots_[slot_of(pool_[id].parent, pool_[id].name)] = id;
            }
        }
    }

    Index put_implied(Index folder, std::string_view name) {
        if (++implied_ > limits_.implied_folders) {
            throw_too_many("folders that no layer lists", limits_.implied_folders,
                           &Limits::implied_folders);
        }
        implied_bytes_ += pool_[folder].path_bytes + 1 + name.size();
        if (implied_bytes_ > limits_.implied_bytes) {
            throw_too_many("bytes of paths of folders that no layer lists", limits_.implied_bytes,
                           &Limits::implied_bytes);
        }
        Growing node;
        node.header = &implied_header();
        node.layer = layer_;
        return put(folder, name, node);
    }

    [[noreturn]] void throw_too_many(std::string_view what, std::uint64_t most,
                                     std::uint64_t Limits::*limit) const {
        throw Error(Exit::bad_input, "too-many-entries",
                    "layer " + std::to_string(layer_) + " makes a tree of more than " +
                        std::to_string(most) + ' ' + std::string(what),
                    raise_hint(limit));
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
        if (child_of(folder, name) != target) {
            Growing node = pool_[*target];
            node.layer = layer_;
            node.entry = index;
            put(folder, name, node);
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
            const auto child = child_of(at, *name);
            if (!child) {
                return std::nullopt;
            }
            const Growing& node = pool_[*child];
            if (!node.is_symlink() || (last == Last::keep && walk.at_end())) {
                at = *child;
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
            const auto child = child_of(at, *name);
            if (!child) {
                at = put_implied(at, *name);
            } else if (pool_[*child].is_directory()) {
                at = *child;
            } else if (!pool_[*child].is_symlink()) {
                at = put_implied(at, *name);
            } else if (follow(walk, pool_[*child])) {
                at = pool_[*child].header->link.starts_with('/') ? 0 : at;
            } else {
                throw Error(Exit::bad_input, "symlink-loop",
                            "layer " + std::to_string(layer_) + ": " + path::printable(path) +
                                " leads through links in a circle, or through more than " +
                                std::to_string(limits_.symlinks) + ", so nothing can be put there",
                            "the image is damaged or hostile; where it is no circle, " +
                                raise_hint(&Limits::symlinks));
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
                        "layer " + std::to_string(layer_) +
                            ": its files stand behind too many symbolic links",
                        "the image is hostile");
        }
        return walk.enter(link.header->link);
    }

    // --- the result ---------------------------------------------------------------------------

    void flatten(std::vector<Node>& nodes) const {
        struct Frame {
            NodeId id;
            std::vector<Index> later;  // what it holds and is still to come, the last name first
        };
        std::vector<NodeId> first_name(files_ + 1);  // 0: none yet, for the root folder is no file
        const auto emit = [&](const Growing& from, NodeId parent, Text path) {
            const auto id = static_cast<NodeId>(nodes.size());
            NodeId inode = id;
            if (from.file != 0 && !from.is_directory()) {
                NodeId& first = first_name[from.file];
                first = first == 0 ? id : first;
                inode = first;
            }
            nodes.push_back({.path = std::move(path),
                             .header = *from.header,
                             .parent = parent,
                             .subtree_end = id + 1,
                             .inode = inode,
                             .layer = from.layer,
                             .entry = from.entry,
                             .content_layer = from.content_layer,
                             .content_entry = from.content_entry});
            return id;
        };
        nodes.reserve(pool_.size());
        std::vector<Frame> open;
        open.push_back({emit(pool_[0], 0, "/"), names_backwards(pool_[0])});
        while (!open.empty()) {
            Frame& frame = open.back();
            if (frame.later.empty()) {
                nodes[frame.id].subtree_end = static_cast<NodeId>(nodes.size());
                open.pop_back();
                continue;
            }
            const Growing& child = pool_[frame.later.back()];
            frame.later.pop_back();
            const NodeId id = emit(child, frame.id, path_of(child, nodes[frame.id].path));
            if (child.is_directory()) {
                open.push_back({id, names_backwards(child)});
            }
        }
    }

    /// What a folder holds, from the last name to the first.
    [[nodiscard]] std::vector<Index> names_backwards(const Growing& folder) const {
        std::vector<Index> children;
        for (Index child = folder.last_child; child != 0; child = pool_[child].older_sibling) {
            if (!pool_[child].gone) {
                children.push_back(child);
            }
        }
        const auto stands_behind = [&](Index a, Index b) { return pool_[a].name > pool_[b].name; };
        if (!std::is_sorted(children.begin(), children.end(), stands_behind)) {
            std::sort(children.begin(), children.end(), stands_behind);
        }
        return children;
    }

    /// Shared with the entry, where no link led to another place.
    [[nodiscard]] Text path_of(const Growing& node, std::string_view folder) const {
        folder = folder == "/" ? "" : folder;
        if (node.entry != Node::no_entry) {
            const Text& own = layers_[node.layer].entries[node.entry].path;
            if (own.size() == node.path_bytes && own.starts_with(folder) &&
                own.view()[folder.size()] == '/' && own.ends_with(node.name)) {
                return own;
            }
        }
        return path::join(folder.empty() ? "/" : folder, node.name);
    }

    struct Waiting {
        Index entry;
        bool reached;  // by another's chain
    };

    std::span<const archive::LayerScan> layers_;
    const Limits& limits_;
    std::vector<Growing> pool_;  // grows only: a file that is replaced may have other names
    /// See name_slots.hpp. What is gone stays in its slot until its name comes again.
    std::vector<Index> slots_;
    std::uint32_t layer_ = 0;
    std::uint32_t files_ = 0;
    std::uint64_t implied_ = 0;
    std::uint64_t implied_bytes_ = 0;
    std::uint64_t link_bytes_ = 0;
    std::string_view last_parent_;
    Index last_folder_ = 0;

    // Of the layer at hand.
    NameViewMap<Waiting> waiting_;
    NameViewMap<Index> aufs_files_;
    NameViewSet replaced_;  // see find_replaced()
    std::set<std::size_t> replaced_sizes_;
    std::unordered_map<Index, Index> lower_targets_;  // entry → node, before whiteouts

    std::uint64_t dangling_ = 0;
    std::vector<Diagnostic> diagnostics_;
};

}  // namespace

Merged merge_layers(std::span<const archive::LayerScan> layers, const Limits& limits) {
    return Merger(layers, limits).merge();
}

}  // namespace slimimg::rootfs
