#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/closure/ld_cache.hpp"
#include "slimimg/closure/loader.hpp"
#include "slimimg/rootfs/rootfs.hpp"

#include "closure/loader/loader_info.hpp"

namespace slimimg::closure {

/// What was found out about the image's loaders and folders, kept from one look-up to the next.
/// An image has few loaders, one cache, and the same search folders for all programs.
struct LoaderKnowledge {
    struct CacheFile {
        rootfs::NodeId file = 0;
        std::optional<LdCache> cache;
    };
    std::map<rootfs::NodeId, loader::LoaderInfo> loaders;  // by inode
    std::optional<std::optional<CacheFile>> cache_file;    // nothing yet, or none in the image
    std::map<std::string, std::optional<rootfs::NodeId>, std::less<>> folders;  // by full path
};

namespace loader {

/// A file that open() succeeds on.
struct Opened {
    rootfs::NodeId node = 0;
    std::vector<rootfs::NodeId> links;
};

/// The image's files as a loader's process sees them.
class ImageFiles {
  public:
    ImageFiles(const rootfs::Rootfs& rootfs, LoaderKnowledge& knowledge, std::string workdir)
        : rootfs_(rootfs), knowledge_(knowledge), workdir_(std::move(workdir)) {}

    /// Follows links; a relative path starts at the working folder.
    [[nodiscard]] std::optional<Opened> open(std::string_view path);
    /// The folder at `path`, or nothing.
    std::optional<rootfs::NodeId> folder(std::string_view path);
    /// `path` as seen from the root.
    [[nodiscard]] std::string absolute(std::string_view path) const;
    [[nodiscard]] const rootfs::Rootfs& tree() const { return rootfs_; }

  private:
    const rootfs::Rootfs& rootfs_;
    LoaderKnowledge& knowledge_;
    std::string workdir_;
};

}  // namespace loader
}  // namespace slimimg::closure
