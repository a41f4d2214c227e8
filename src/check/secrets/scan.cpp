#include "check/secrets/scan.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "slimimg/base/digest.hpp"
#include "slimimg/base/parallel.hpp"
#include "slimimg/base/path.hpp"

#include "check/secrets/secrets.hpp"

namespace slimimg::check::secrets {
namespace {

using archive::EntryType;
using archive::LayerEntry;

/// Files that people and programs write settings to are far below.
constexpr std::uint64_t longest_file = 2U << 20U;
constexpr std::size_t head_bytes = 1024;

bool is_text(std::string_view content) {
    return content.substr(0, head_bytes).find('\0') == std::string_view::npos;
}

std::vector<Secret> find_all(std::string_view path, std::string_view text) {
    std::vector<Secret> secrets = find_in_text(text);
    for (Secret& secret : find_by_name(path, text)) {
        const bool known = std::any_of(secrets.begin(), secrets.end(), [&](const Secret& other) {
            return other.value.find(secret.value) != std::string_view::npos;
        });
        if (!known) {
            secrets.push_back(std::move(secret));
        }
    }
    return secrets;
}

FoundSecret told(const Secret& secret, std::string_view text) {
    FoundSecret found;
    found.kind = secret.kind;
    found.line =
        1 + static_cast<std::size_t>(std::count(
                text.begin(), text.begin() + static_cast<std::ptrdiff_t>(secret.offset), '\n'));
    found.identity = secret.kind + ' ' + sha256(as_bytes(secret.value)).hex();
    return found;
}

std::vector<FoundSecret> scan_layer(const archive::LayerScan& layer, std::size_t index) {
    std::vector<FoundSecret> found;
    for (const LayerEntry& entry : layer.entries) {
        if (entry.header.type != EntryType::file || entry.sparse ||
            entry.header.size > longest_file) {
            continue;
        }
        const auto content = layer.tar.sub(entry.content.offset, entry.content.length);
        if (!content || !is_text(content->text()) || is_sample_path(entry.path)) {
            continue;
        }
        for (const Secret& secret : find_all(entry.path, content->text())) {
            FoundSecret& one = found.emplace_back(told(secret, content->text()));
            one.path = entry.path;
            one.layer = index;
        }
    }
    return found;
}

/// What becomes of a file of one layer in those above it.
void find_fate(FoundSecret& secret, const rootfs::Rootfs& tree) {
    const auto node = tree.find(secret.path);
    if (node && tree[*node].content_layer == secret.layer) {
        return;
    }
    const auto layers = tree.layers();
    for (std::size_t i = secret.layer + 1; i < layers.size(); ++i) {
        for (const LayerEntry& entry : layers[i].entries) {
            const std::string_view name = path::basename(entry.path);
            const std::string_view folder = path::parent(entry.path);
            const bool opaque = name == ".wh..wh..opq" && path::is_within(secret.path, folder);
            const bool whiteout = name.starts_with(".wh.") && !opaque &&
                                  path::is_within(secret.path, path::join(folder, name.substr(4)));
            if (opaque || whiteout || entry.path == secret.path) {
                secret.hidden_by = i;
                secret.deleted = entry.path != secret.path;
                return;
            }
        }
    }
}

/// The packages of an image as it was after one of its layers.
class PackagesAfter {
  public:
    explicit PackagesAfter(const Inspection& look) : look_(look) {}

    /// True for a file as its package has it. Settings may have been filled in.
    bool own(const std::string& path, std::size_t layer, bool hidden) {
        if (path::is_within(path, "/etc")) {
            return false;
        }
        const rootfs::Rootfs& tree = hidden ? tree_after(layer).first : look_.rootfs();
        const auto node = tree.find(path);
        if (!node || tree[*node].content_layer != layer) {
            return false;
        }
        return hidden ? tree_after(layer).second.owner(*node).has_value()
                      : look_.is_packaged(*node);
    }

  private:
    using State = std::pair<rootfs::Rootfs, closure::PackageDb>;

    /// Made where something was found in a file that is hidden later, which is seldom.
    const State& tree_after(std::size_t layer) {
        auto at = states_.find(layer);
        if (at == states_.end()) {
            const auto layers = look_.rootfs().layers();
            rootfs::Rootfs tree = rootfs::Rootfs::merge(
                {layers.begin(), layers.begin() + static_cast<std::ptrdiff_t>(layer) + 1},
                look_.run());
            closure::PackageDb packages = closure::PackageDb::read(tree);
            at = states_.emplace(layer, State{std::move(tree), std::move(packages)}).first;
        }
        return at->second;
    }

    const Inspection& look_;
    std::map<std::size_t, State> states_;
};

}  // namespace

std::vector<FoundSecret> scan_layers(const Inspection& look) {
    const auto layers = look.rootfs().layers();
    std::vector<std::vector<FoundSecret>> by_layer(layers.size());
    parallel_for(look.run().threads, layers.size(),
                 [&](std::size_t i) { by_layer[i] = scan_layer(layers[i], i); });

    std::vector<FoundSecret> all;
    PackagesAfter packages(look);
    for (std::vector<FoundSecret>& some : by_layer) {
        for (FoundSecret& secret : some) {
            find_fate(secret, look.rootfs());
            if (!packages.own(secret.path, secret.layer, secret.hidden_by.has_value())) {
                all.push_back(std::move(secret));
            }
        }
    }
    const auto place = [](const FoundSecret& secret) {
        return std::tie(secret.path, secret.identity, secret.hidden_by, secret.layer);
    };
    std::sort(all.begin(), all.end(),
              [&](const auto& a, const auto& b) { return place(a) < place(b); });
    all.erase(std::unique(all.begin(), all.end(),
                          [](const FoundSecret& a, const FoundSecret& b) {
                              return a.path == b.path && a.identity == b.identity;
                          }),
              all.end());
    std::stable_sort(all.begin(), all.end(), [](const FoundSecret& a, const FoundSecret& b) {
        return std::tie(a.path, a.line) < std::tie(b.path, b.line);
    });
    return all;
}

std::vector<FoundSecret> scan_text(std::string_view text) {
    std::vector<FoundSecret> found;
    for (const Secret& secret : find_in_text(text)) {
        found.push_back(told(secret, text));
    }
    return found;
}

}  // namespace slimimg::check::secrets
