#include "check/secrets/fate.hpp"

#include <algorithm>
#include <optional>

#include "slimimg/base/name_hash.hpp"
#include "slimimg/base/path.hpp"

namespace slimimg::check::secrets {
namespace {

using archive::LayerEntry;

constexpr std::string_view whiteout = ".wh.";
constexpr std::string_view opaque = ".wh..wh..opq";

}  // namespace

std::size_t Fates::StepHash::operator()(const Step& step) const {
    constexpr std::size_t odd = 0x9E3779B97F4A7C15;  // 2^64 over the golden ratio
    return (NameHash()(step.name) + step.folder) * odd;
}

Fates::Fates(std::span<const archive::LayerScan> layers, std::span<const FoundSecret> secrets) {
    for (const FoundSecret& secret : secrets) {
        add_path(secret.path);
    }
    if (secrets.empty()) {
        return;
    }
    for (std::size_t layer = 0; layer < layers.size(); ++layer) {
        const std::vector<LayerEntry>& entries = layers[layer].entries;
        for (std::size_t i = 0; i < entries.size(); ++i) {
            const std::string_view path = entries[i].path;
            const std::string_view name = path::basename(path);
            if (name == opaque) {
                add_change(path::parent(path), {layer, i, Change::Kind::deleted});
            } else if (name.starts_with(whiteout)) {
                add_change(path::join(path::parent(path), name.substr(whiteout.size())),
                           {layer, i, Change::Kind::deleted});
            } else {
                add_change(path, {layer, i, Change::Kind::replaced});
            }
        }
    }
}

void Fates::add_path(std::string_view path) {
    std::size_t at = 0;
    for (const std::string_view name : path::components(path)) {
        const auto [step, is_new] = steps_.try_emplace({at, name}, places_.size());
        if (is_new) {
            places_.emplace_back();
        }
        at = step->second;
    }
}

void Fates::add_change(std::string_view path, const Change& change) {
    std::size_t at = 0;
    for (const std::string_view name : path::components(path)) {
        const auto step = steps_.find({at, name});
        if (step == steps_.end()) {
            return;
        }
        at = step->second;
    }
    places_[at].changes.push_back(change);
    if (change.kind == Change::Kind::deleted) {
        places_[at].deletions.push_back(change);
    }
}

void Fates::tell(FoundSecret& secret) const {
    std::optional<Change> first;
    const auto consider = [&](std::size_t place, bool is_file) {
        // A folder that is listed again keeps what it holds.
        const std::vector<Change>& changes =
            is_file ? places_[place].changes : places_[place].deletions;
        const auto at = std::upper_bound(
            changes.begin(), changes.end(), secret.layer,
            [](std::size_t layer, const Change& change) { return layer < change.layer; });
        if (at != changes.end() && (!first || at->layer < first->layer ||
                                    (at->layer == first->layer && at->entry < first->entry))) {
            first = *at;
        }
    };
    std::size_t at = 0;
    consider(at, false);
    const auto names = path::components(secret.path);
    for (std::size_t i = 0; i < names.size(); ++i) {
        at = steps_.at({at, names[i]});
        consider(at, i + 1 == names.size());
    }
    if (first) {
        secret.hidden_by = first->layer;
        secret.deleted = first->kind == Change::Kind::deleted;
    }
}

}  // namespace slimimg::check::secrets
