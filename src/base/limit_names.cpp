#include "slimimg/base/limit_names.hpp"

#include <algorithm>
#include <array>

namespace slimimg {

std::span<const LimitName> all_limits() {
    static constexpr std::uint64_t most_nodes = 4'000'000'000;
    static constexpr std::array all{
        LimitName{"entries", &Limits::entries, false, most_nodes},
        LimitName{"implied-folders", &Limits::implied_folders, false, most_nodes},
        LimitName{"implied-bytes", &Limits::implied_bytes, true},
        LimitName{"layers", &Limits::layers},
        LimitName{"path-bytes", &Limits::path_bytes, true, 1U << 20},
        LimitName{"layer-bytes", &Limits::layer_bytes, true},
        LimitName{"expansion-ratio", &Limits::expansion_ratio},
        LimitName{"expansion-floor", &Limits::expansion_floor, true},
        LimitName{"json-bytes", &Limits::json_bytes, true},
        LimitName{"json-depth", &Limits::json_depth, false, 1000},
        LimitName{"elf-bytes", &Limits::elf_bytes, true},
        LimitName{"sparse-bytes", &Limits::sparse_bytes, true},
        LimitName{"symlinks", &Limits::symlinks, false, 100'000},
    };
    static_assert(sizeof(Limits) == all.size() * sizeof(std::uint64_t), "each has its name");
    return all;
}

Limits limits_of_own_image(const Limits& limits) {
    const Limits usual;
    Limits own = limits;
    for (const LimitName& limit : all_limits()) {
        own.*(limit.value) = std::max(own.*(limit.value), usual.*(limit.value));
    }
    own.expansion_ratio = std::numeric_limits<std::uint64_t>::max();
    own.json_bytes = std::numeric_limits<std::uint64_t>::max();
    return own;
}

std::string raise_hint(std::uint64_t Limits::*limit) {
    const auto all = all_limits();
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const LimitName& name) { return name.value == limit; });
    return "where the image can be trusted, --limit " + std::string(found->name) + "=N allows more";
}

bool expands_too_far(std::uint64_t inflated, std::uint64_t stored, const Limits& limits) {
    return inflated > limits.expansion_floor && inflated / limits.expansion_ratio > stored;
}

}  // namespace slimimg
