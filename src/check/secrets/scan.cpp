#include "check/secrets/scan.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <optional>
#include <tuple>
#include <utility>

#include "slimimg/base/digest.hpp"
#include "slimimg/base/name_hash.hpp"
#include "slimimg/base/parallel.hpp"
#include "slimimg/base/path.hpp"

#include "check/secrets/fate.hpp"
#include "check/secrets/secrets.hpp"

namespace slimimg::check::secrets {
namespace {

using archive::EntryType;
using archive::LayerEntry;

/// Files that people and programs write settings to are far below.
constexpr std::uint64_t longest_file = 2U << 20U;
constexpr std::size_t head_bytes = 1024;
constexpr std::size_t text_end = std::numeric_limits<std::size_t>::max();

bool is_text(std::string_view content) {
    return content.substr(0, head_bytes).find('\0') == std::string_view::npos;
}

/// Where a value begins in its text, and where it ends.
using Stretch = std::pair<std::size_t, std::size_t>;

Stretch stretch_of(const Secret& secret, std::string_view text) {
    const auto start = static_cast<std::size_t>(secret.value.data() - text.data());
    return {start, start + secret.value.size()};
}

/// In order, each reaching as far as the furthest of those before it.
std::vector<Stretch> stretches_of(const std::vector<Secret>& secrets, std::string_view text) {
    std::vector<Stretch> all;
    for (const Secret& secret : secrets) {
        all.push_back(stretch_of(secret, text));
    }
    std::sort(all.begin(), all.end());
    for (std::size_t i = 1; i < all.size(); ++i) {
        all[i].second = std::max(all[i].second, all[i - 1].second);
    }
    return all;
}

/// `all` as stretches_of has them.
bool is_part_of_any(const Stretch& one, const std::vector<Stretch>& all) {
    auto at = std::upper_bound(all.begin(), all.end(), Stretch{one.first, text_end});
    return at != all.begin() && (--at)->second >= one.second;
}

std::vector<Secret> find_all(std::string_view path, std::string_view text) {
    std::vector<Secret> secrets = find_in_text(text);
    std::vector<Secret> named = find_by_name(path, text);
    named.resize(std::min(named.size(), most_secrets));
    NameViewSet values;
    for (const Secret& secret : secrets) {
        values.insert(secret.value);
    }
    const std::vector<Stretch> stretches = stretches_of(secrets, text);
    for (Secret& secret : named) {
        if (!values.contains(secret.value) &&
            !is_part_of_any(stretch_of(secret, text), stretches)) {
            values.insert(secret.value);
            secrets.push_back(std::move(secret));
        }
    }
    return secrets;
}

/// In the order of their places, so that lines are counted once.
std::vector<FoundSecret> told(std::vector<Secret> secrets, std::string_view text) {
    std::stable_sort(secrets.begin(), secrets.end(),
                     [](const Secret& a, const Secret& b) { return a.offset < b.offset; });
    std::vector<FoundSecret> all;
    std::size_t line = 1;
    std::size_t counted = 0;
    for (const Secret& secret : secrets) {
        const std::string_view between = text.substr(counted, secret.offset - counted);
        line += static_cast<std::size_t>(std::count(between.begin(), between.end(), '\n'));
        counted = secret.offset;
        FoundSecret& found = all.emplace_back();
        found.kind = secret.kind;
        found.line = line;
        found.identity = secret.kind + ' ' + sha256(as_bytes(secret.value)).hex();
    }
    return all;
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
        for (FoundSecret& secret : told(find_all(entry.path, content->text()), content->text())) {
            secret.path = entry.path;
            secret.layer = index;
            found.push_back(std::move(secret));
        }
    }
    return found;
}

/// Of images as they were after some layer, each made anew. Who deletes secrets in more layers than
/// that is told of all of them.
constexpr std::size_t most_trees = 20;

/// The packages of an image as it was after one of its layers.
class PackagesAfter {
  public:
    explicit PackagesAfter(const Inspection& look) : look_(look) {}

    /// True for a file as its package has it. Settings may have been filled in.
    bool own(const std::string& path, std::size_t layer, bool hidden) {
        if (path::is_within(path, "/etc")) {
            return false;
        }
        if (hidden && !goes_back_to(layer)) {
            return false;
        }
        const rootfs::Rootfs& tree = hidden ? state_->tree : look_.rootfs();
        const auto node = tree.find(path);
        if (!node || tree[*node].content_layer != layer) {
            return false;
        }
        return hidden ? state_->packages.owner(*node).has_value() : look_.is_packaged(*node);
    }

  private:
    struct State {
        std::size_t layer;
        rootfs::Rootfs tree;
        closure::PackageDb packages;
    };

    /// Secrets come in the order of their layers, so that one tree at a time is enough. It is made
    /// where something was found in a file that is hidden later, which is seldom.
    bool goes_back_to(std::size_t layer) {
        if (state_ && state_->layer == layer) {
            return true;
        }
        state_.reset();
        if (made_ == most_trees) {
            return false;
        }
        ++made_;
        const auto layers = look_.rootfs().layers();
        rootfs::Rootfs tree = rootfs::Rootfs::merge(
            {layers.begin(), layers.begin() + static_cast<std::ptrdiff_t>(layer) + 1}, look_.run());
        closure::PackageDb packages = closure::PackageDb::read(tree);
        state_.emplace(State{layer, std::move(tree), std::move(packages)});
        return true;
    }

    const Inspection& look_;
    std::optional<State> state_;
    std::size_t made_ = 0;
};

}  // namespace

std::vector<FoundSecret> scan_layers(const Inspection& look) {
    const auto layers = look.rootfs().layers();
    std::vector<std::vector<FoundSecret>> by_layer(layers.size());
    parallel_for(look.run().threads, layers.size(),
                 [&](std::size_t i) { by_layer[i] = scan_layer(layers[i], i); });

    std::vector<FoundSecret> candidates;
    for (std::vector<FoundSecret>& some : by_layer) {
        std::move(some.begin(), some.end(), std::back_inserter(candidates));
    }
    const Fates fates(layers, candidates);
    PackagesAfter packages(look);
    std::vector<FoundSecret> all;
    for (FoundSecret secret : candidates) {
        const auto node = look.rootfs().find(secret.path);
        if (!node || look.rootfs()[*node].content_layer != secret.layer) {
            fates.tell(secret);
        }
        if (!packages.own(secret.path, secret.layer, secret.hidden_by.has_value())) {
            all.push_back(std::move(secret));
        }
    }
    const auto place = [](const FoundSecret& secret) {
        return std::tie(secret.path, secret.identity, secret.hidden_by, secret.layer, secret.line);
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
    return told(find_in_text(text), text);
}

}  // namespace slimimg::check::secrets
