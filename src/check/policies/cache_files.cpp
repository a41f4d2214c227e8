#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "slimimg/base/path.hpp"
#include "slimimg/base/sizes.hpp"

#include "check/policies/policies.hpp"
#include "check/words.hpp"

namespace slimimg::check::policies {
namespace {

using rootfs::NodeId;

constexpr std::uint64_t bytes_by_default = 1'000'000;

/// Folders that build and package tools keep for the next time, and what does without.
struct Cache {
    std::string_view folder;  ///< from the root, or "**/" and the end of the path
    std::string_view fix;
};
constexpr std::string_view anywhere = "**";
constexpr std::string_view apt_fix =
    "RUN apt-get update && apt-get install ... && rm -rf /var/lib/apt/lists/* "
    "/var/cache/apt/*.bin, or --mount=type=cache";
constexpr std::array caches{
    Cache{"/var/cache/apt", apt_fix},
    Cache{"/var/lib/apt/lists", apt_fix},
    Cache{"/var/cache/apk", "apk add --no-cache"},
    Cache{"/var/cache/dnf", "dnf install ... && dnf clean all"},
    Cache{"/var/cache/yum", "yum install ... && yum clean all"},
    Cache{"/var/cache/zypp", "zypper install ... && zypper clean --all"},
    Cache{"/var/cache/pacman", "pacman -S ... && pacman -Scc"},
    Cache{"**/.cache/pip", "pip install --no-cache-dir"},
    Cache{"**/.cache/uv", "uv --no-cache, or --mount=type=cache"},
    Cache{"**/.cache/pypoetry", "poetry install --no-cache"},
    Cache{"**/.cache/go-build", "build in a stage of its own, or with --mount=type=cache"},
    Cache{"**/.cache/yarn", "yarn install && yarn cache clean"},
    Cache{"/usr/local/share/.cache/yarn", "yarn install && yarn cache clean"},
    Cache{"**/.cache/node-gyp", "rm -rf it in the RUN that makes it"},
    Cache{"**/.npm/_cacache", "npm ci && npm cache clean --force"},
    Cache{"**/.cache/composer", "composer install --no-cache"},
    Cache{"**/.composer/cache", "composer install --no-cache"},
    Cache{"**/.cargo/registry", "build in a stage of its own, or with --mount=type=cache"},
    Cache{"/usr/local/cargo/registry", "build in a stage of its own, or with --mount=type=cache"},
    Cache{"**/.gradle/caches", "build in a stage of its own, or with --mount=type=cache"},
    Cache{"**/conda/pkgs", "conda install ... && conda clean --all"},
};

const Cache* cache_of(std::string_view folder) {
    const auto at = std::find_if(caches.begin(), caches.end(), [&](const Cache& cache) {
        return cache.folder.starts_with(anywhere)
                   ? folder.ends_with(cache.folder.substr(anywhere.size()))
                   : folder == cache.folder;
    });
    return at == caches.end() ? nullptr : &*at;
}

void inspect_folder(Inspection& look, NodeId folder, const Cache& cache) {
    const rootfs::Rootfs& tree = look.rootfs();
    std::uint64_t bytes = 0;
    std::size_t files = 0;
    for (NodeId node = folder + 1; node < tree[folder].subtree_end; ++node) {
        // What the program needs is no leftover.
        if (tree[node].is_file() && tree[node].inode == node && !look.is_kept(node)) {
            bytes += tree[node].header.size;
            ++files;
        }
    }
    if (files > 0 && bytes >= look.thresholds().cache_bytes.value_or(bytes_by_default)) {
        look.find_at(folder, {.message = tree[folder].path + " holds " + human_bytes(bytes) +
                                         " of cache in " + counted(files, "file"),
                              .fix = std::string(cache.fix),
                              .bytes = bytes});
    }
}

void inspect(Inspection& look) {
    const rootfs::Rootfs& tree = look.rootfs();
    for (NodeId node = 0; node < tree.size();) {
        const Cache* const cache = tree[node].is_directory() ? cache_of(tree[node].path) : nullptr;
        if (cache != nullptr) {
            inspect_folder(look, node, *cache);
        }
        node = cache != nullptr ? tree[node].subtree_end : node + 1;
    }
}

}  // namespace

const Policy cache_files{
    {.id = "cache-files",
     .level = Level::warning,
     .distroless = Level::warning,
     .title = "Files in the cache folder of a build or package tool",
     .reason = "The tool keeps them for the next time, which an image does not have. Told from "
               "1 MB in a folder on; limits.cache sets another size."},
    inspect};

}  // namespace slimimg::check::policies
