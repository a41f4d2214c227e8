#include "check/words.hpp"

#include <cmath>

#include "slimimg/base/path.hpp"

namespace slimimg::check {

std::string counted(std::size_t count, std::string_view noun) {
    return std::to_string(count) + ' ' + std::string(noun) + (count == 1 ? "" : "s");
}

std::string percent(double value) {
    const auto tenths = std::llround(value * 10);
    return std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10) + " %";
}

std::string layer_name(std::size_t index, std::string_view created_by) {
    constexpr std::size_t longest = 60;
    std::string name = "layer " + std::to_string(index);
    if (!created_by.empty()) {
        name += " (" + std::string(created_by.substr(0, longest)) +
                (created_by.size() > longest ? "..." : "") + ")";
    }
    return name;
}

}  // namespace slimimg::check
