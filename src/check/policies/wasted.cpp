#include "check/policies/wasted.hpp"

#include "slimimg/base/sizes.hpp"

namespace slimimg::check::policies {

std::string most_wasted(const Waste& waste) {
    constexpr std::size_t most = 3;
    std::string text;
    for (std::size_t i = 0; i < waste.paths.size() && i < most; ++i) {
        text += (i == 0 ? "; most of it: " : ", ") + waste.paths[i].path + " (" +
                human_bytes(waste.paths[i].bytes) + ")";
    }
    return text;
}

bool is_worth_telling(const Waste& waste, const std::optional<double>& limit) {
    constexpr std::uint64_t told_from = 5'000'000;
    return limit.has_value() || waste.figures.wasted_bytes >= told_from;
}

}  // namespace slimimg::check::policies
