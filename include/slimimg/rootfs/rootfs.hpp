#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "slimimg/archive/layer.hpp"
#include "slimimg/base/bytes.hpp"
#include "slimimg/base/diagnostic.hpp"
#include "slimimg/base/run_options.hpp"
#include "slimimg/base/text.hpp"

namespace slimimg::rootfs {

/// Index of a node; stable for the life of the tree. Node 0 is the root folder. Nodes stand in
/// path order with a folder right before what it holds.
using NodeId = std::uint32_t;

struct Node {
    Text path;  ///< normalized; unique
    /// Of the layer's entry, or of the one that a hard link leads to, so that the type is never
    /// hardlink: names of one file share `inode`. Lives as long as the tree's layers.
    const archive::Header& header;
    NodeId parent = 0;
    NodeId subtree_end = 0;   ///< one past the last node below it
    NodeId inode = 0;         ///< the first node (lowest id) that is a name of the same file
    std::uint32_t layer = 0;  ///< where this name comes from
    std::uint32_t entry = 0;  ///< index into that layer's entries; no_entry for a folder that is
                              ///< implied by what it holds
    std::uint32_t content_layer = 0;  ///< of a file: where its content stands …
    std::uint32_t content_entry = 0;  ///< … a hard link's is its target's

    static constexpr std::uint32_t no_entry = 0xffffffff;

    [[nodiscard]] bool is_file() const { return header.type == archive::EntryType::file; }
    [[nodiscard]] bool is_directory() const { return header.type == archive::EntryType::directory; }
    [[nodiscard]] bool is_symlink() const { return header.type == archive::EntryType::symlink; }
    [[nodiscard]] bool is_executable() const { return is_file() && (header.mode & 0111) != 0; }
};

/// The entry that holds a file's content, which for a hard link is its target's, in its layer.
struct StoredFile {
    const archive::LayerScan& layer;
    const archive::LayerEntry& entry;
};

/// Where a path leads.
struct Resolution {
    std::optional<NodeId> node;  ///< nothing where it dangles, loops or passes through a file
    std::vector<NodeId> links;   ///< every symlink passed, folders' links (usrmerge) too, in order
};

/// The merged tree of an image's layers.
class Rootfs {
  public:
    /// Merges layers, lowest first, by the OCI layer specification: whiteouts, opaque folders,
    /// replaced types, hard links (also to a lower layer's file, and to one further down in their
    /// own layer). Whiteouts hide what lower layers have, never what their own layer adds. A parent
    /// that is a symlink is followed, inside the image; a folder listed in the place of a symlink
    /// replaces it. Throws Error (bad_input) past limits and where a parent's links run in a
    /// circle.
    static Rootfs merge(std::vector<archive::LayerScan> layers, const RunOptions& options);

    Rootfs(Rootfs&&) = default;
    Rootfs& operator=(Rootfs&&) = default;
    Rootfs(const Rootfs&) = delete;
    Rootfs& operator=(const Rootfs&) = delete;

    [[nodiscard]] std::size_t size() const { return nodes_.size(); }
    [[nodiscard]] const Node& operator[](NodeId id) const { return nodes_[id]; }
    [[nodiscard]] std::span<const Node> nodes() const { return nodes_; }

    /// The node of exactly this normalized path; no symlink is followed.
    [[nodiscard]] std::optional<NodeId> find(std::string_view path) const;
    /// The child of a folder by its name, without "/".
    [[nodiscard]] std::optional<NodeId> child(NodeId folder, std::string_view name) const;
    /// The children of a folder, in name order.
    [[nodiscard]] std::vector<NodeId> children(NodeId folder) const;

    /// Resolves as openat2(RESOLVE_IN_ROOT) does: absolute links start at the image's root, ".."
    /// stops there, at most limits.symlinks links. A relative `path` starts at `from`, a folder.
    /// With follow_last false a symlink at the end is the result itself.
    [[nodiscard]] Resolution resolve(std::string_view path, std::string_view from = "/",
                                     bool follow_last = true) const;

    /// A file's bytes; empty for anything else. A sparse file is laid out, once, in the spool
    /// folder of the options that the tree was merged with. Throws Error (bad_input) for one that
    /// is larger than limits.sparse_bytes, and where those that were laid out are 16 times that.
    [[nodiscard]] Slice content(NodeId id) const;
    /// Where the content of a file stands; for files only.
    [[nodiscard]] StoredFile stored(NodeId file) const;
    /// The raw tar bytes of this name's entry; empty for an implied folder.
    [[nodiscard]] Bytes raw_entry(NodeId id) const;
    /// The layer's entry this name came from; null for an implied folder.
    [[nodiscard]] const archive::LayerEntry* entry(NodeId id) const;

    [[nodiscard]] std::span<const archive::LayerScan> layers() const { return layers_; }
    [[nodiscard]] std::span<const Diagnostic> diagnostics() const { return diagnostics_; }

  private:
    Rootfs() = default;

    std::vector<archive::LayerScan> layers_;
    std::vector<Node> nodes_;
    std::vector<NodeId> by_name_;  // a hash table of folder and name, at most half full; 0: free
    std::vector<Diagnostic> diagnostics_;
    Limits limits_;
    std::filesystem::path spool_dir_;
    struct LaidOut;
    std::shared_ptr<LaidOut> laid_out_;  // sparse files that were asked for, by any thread
};

}  // namespace slimimg::rootfs
