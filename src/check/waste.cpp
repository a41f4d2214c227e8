#include "check/waste.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string_view>

#include "slimimg/base/name_hash.hpp"
#include "slimimg/base/path.hpp"

namespace slimimg::check {
namespace {

using archive::EntryType;
using archive::LayerEntry;

constexpr std::string_view whiteout_prefix = ".wh.";
constexpr std::string_view opaque_name = ".wh..wh..opq";

/// What the layers so far say of a path.
struct Copies {
    static constexpr std::uint64_t none = std::numeric_limits<std::uint64_t>::max();

    std::uint64_t least = none;  ///< bytes of the smallest copy; 0 once it is deleted
    std::uint64_t bytes = 0;     ///< of the last copy
    std::uint32_t layer = 0;     ///< of the last copy
};
using CopiesByPath = NameViewMap<Copies>;

/// Orders paths with their copies by path alone.
struct ByPath {
    using is_transparent = void;
    static std::string_view path_of(const CopiesByPath::value_type* known) { return known->first; }
    static std::string_view path_of(std::string_view path) { return path; }
    bool operator()(const auto& a, const auto& b) const { return path_of(a) < path_of(b); }
};

/// Goes through the layers as they are stacked.
class Stacking {
  public:
    explicit Stacking(std::span<const archive::LayerScan> layers) : layers_(layers) {
        waste_.of_layer.resize(layers.size());
        waste_.deleted_by_layer.resize(layers.size());
    }

    Waste run() {
        for (layer_ = 0; layer_ < layers_.size(); ++layer_) {
            // Whiteouts hide what lower layers have, wherever they stand in their own.
            for (const LayerEntry& entry : layers_[layer_].entries) {
                take_whiteout(entry);
            }
            for (const LayerEntry& entry : layers_[layer_].entries) {
                if (!path::basename(entry.path).starts_with(whiteout_prefix)) {
                    take(entry);
                }
            }
        }
        sum_up();
        return std::move(waste_);
    }

  private:
    void take_whiteout(const LayerEntry& entry) {
        const std::string_view name = path::basename(entry.path);
        if (!name.starts_with(whiteout_prefix)) {
            return;
        }
        const std::string_view folder = path::parent(entry.path);
        if (name == opaque_name) {
            remove_below(folder);
            return;
        }
        const std::string hidden = path::join(folder, name.substr(whiteout_prefix.size()));
        remove_below(hidden);
        remove(hidden);
    }

    void take(const LayerEntry& entry) {
        if (entry.header.type != EntryType::directory) {
            remove_below(entry.path);
        }
        const std::uint64_t bytes = entry.header.type == EntryType::file ? entry.header.size : 0;
        if (layer_ > 0) {
            user_bytes_ += bytes;
        }
        all_bytes_ += bytes;
        if (entry.header.type == EntryType::directory) {
            // A folder in the place of a file replaces it.
            remove(entry.path);
            return;
        }
        const auto known = copies_.try_emplace(entry.path).first;
        Copies& copies = known->second;
        if (!there_.insert(&*known).second) {
            discard(*known);
        }
        copies.least = std::min(copies.least, bytes);
        copies.bytes = bytes;
        copies.layer = layer_;
    }

    void discard(const CopiesByPath::value_type& known) {
        const Copies& copies = known.second;
        WastedPath& wasted = wasted_[known.first];
        wasted.bytes += copies.bytes;
        wasted.copies += 1;
        waste_.of_layer[copies.layer] += copies.bytes;
    }

    using There = std::set<CopiesByPath::value_type*, ByPath>;

    /// Returns what stands behind it.
    There::iterator remove(There::iterator at) {
        CopiesByPath::value_type& known = **at;
        waste_.deleted_by_layer[layer_] += known.second.bytes;
        discard(known);
        known.second.least = 0;
        return there_.erase(at);
    }

    void remove(std::string_view path) {
        if (const auto at = there_.find(path); at != there_.end()) {
            remove(at);
        }
    }

    void remove_below(std::string_view folder) {
        const std::string first = folder == "/" ? "/" : std::string(folder) + '/';
        auto at = there_.lower_bound(first);
        while (at != there_.end() && (*at)->first.starts_with(first)) {
            at = remove(at);
        }
    }

    void sum_up() {
        std::uint64_t least = 0;
        for (const auto& [path, copies] : copies_) {
            least += copies.least;
        }
        for (auto& [path, wasted] : wasted_) {
            if (wasted.bytes > 0) {
                waste_.figures.wasted_bytes += wasted.bytes;
                wasted.path = path;
                waste_.paths.push_back(std::move(wasted));
            }
        }
        std::stable_sort(
            waste_.paths.begin(), waste_.paths.end(),
            [](const WastedPath& a, const WastedPath& b) { return a.bytes > b.bytes; });
        Efficiency& figures = waste_.figures;
        figures.efficiency = share(least, all_bytes_, 1);
        // Layers that hold nothing waste nothing of their own: the whole is what is left to
        // measure by.
        figures.wasted_percent =
            share(figures.wasted_bytes, user_bytes_ > 0 ? user_bytes_ : all_bytes_, 0);
    }

    static double share(std::uint64_t part, std::uint64_t whole, double of_nothing) {
        return whole == 0 ? of_nothing : static_cast<double>(part) / static_cast<double>(whole);
    }

    std::span<const archive::LayerScan> layers_;
    std::uint32_t layer_ = 0;
    CopiesByPath copies_;
    std::map<std::string_view, WastedPath> wasted_;
    There there_;  ///< those that no layer has deleted, so that each is deleted but once
    std::uint64_t all_bytes_ = 0;
    std::uint64_t user_bytes_ = 0;  ///< of all layers but the lowest, as dive has it
    Waste waste_;
};

}  // namespace

Waste find_waste(const rootfs::Rootfs& rootfs) {
    return Stacking(rootfs.layers()).run();
}

}  // namespace slimimg::check
