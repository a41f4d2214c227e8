#include <algorithm>

#include "slimimg/base/path.hpp"
#include "slimimg/base/sizes.hpp"

#include "check/policies/policies.hpp"
#include "check/words.hpp"

namespace slimimg::check::policies {
namespace {

constexpr std::uint64_t told_from = 100'000;

/// True where a layer brings nothing but folders, which stand above what it deletes. A few small
/// files are what package managers and shells leave beside.
bool only_deletes(const archive::LayerScan& layer, std::uint64_t deleted) {
    std::uint64_t bytes = 0;
    for (const archive::LayerEntry& entry : layer.entries) {
        bytes += entry.header.type == archive::EntryType::file ? entry.header.size : 0;
    }
    constexpr std::uint64_t share = 20;
    return bytes <= deleted / share;
}

void inspect(Inspection& look) {
    const auto layers = look.rootfs().layers();
    for (std::size_t i = 0; i < layers.size(); ++i) {
        const std::uint64_t deleted = look.waste().deleted_by_layer[i];
        if (deleted < told_from || !only_deletes(layers[i], deleted)) {
            continue;
        }
        const std::string& by = look.analysis().image.layers[i].created_by;
        look.find({.message = layer_name(i, by) + " only deletes: the " + human_bytes(deleted) +
                              " stay in the layers below",
                   .fix = "delete them in the RUN that makes them",
                   .layer = i,
                   .bytes = deleted,
                   .subject = by});
    }
}

}  // namespace

const Policy deleting_layer{
    {.id = "deleting-layer",
     .level = Level::warning,
     .distroless = Level::warning,
     .title = "A layer that only deletes",
     .reason = "What it deletes is hidden and still pulled and stored: layers are added, never "
               "taken away. Told from 100 kB on."},
    inspect};

}  // namespace slimimg::check::policies
