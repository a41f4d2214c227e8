#include "slimimg/base/sizes.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace slimimg {

std::string human_bytes(std::uint64_t bytes) {
    if (bytes < 1000) {
        return std::to_string(bytes) + " B";
    }
    static constexpr std::array units{"kB", "MB", "GB", "TB", "PB", "EB"};
    std::uint64_t unit = 1000;
    std::size_t name = 0;
    const auto tenths = [&] {
        return bytes / (unit / 10) + (bytes % (unit / 10) * 2 >= unit / 10);
    };
    while (tenths() >= 10000 && name + 1 < units.size()) {
        unit *= 1000;
        ++name;
    }
    return std::to_string(tenths() / 10) + '.' + std::to_string(tenths() % 10) + ' ' + units[name];
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
    double amount = 0;
    const auto [stop, error] =
        std::from_chars(text.data(), text.data() + text.size(), amount, std::chars_format::fixed);
    if (error != std::errc() || !std::isfinite(amount) || amount < 0) {
        return std::nullopt;
    }
    std::string unit(stop, text.data() + text.size());
    unit.erase(0, unit.find_first_not_of(' ') == unit.npos ? 0 : unit.find_first_not_of(' '));
    std::transform(unit.begin(), unit.end(), unit.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    if (unit.ends_with('b')) {
        unit.pop_back();
    }
    static constexpr std::array<std::pair<std::string_view, double>, 9> units{
        {{"", 1},
         {"k", 1e3},
         {"m", 1e6},
         {"g", 1e9},
         {"t", 1e12},
         {"ki", 1024},
         {"mi", 1048576},
         {"gi", 1073741824},
         {"ti", 1099511627776}}};
    const auto known = std::find_if(units.begin(), units.end(),
                                    [&](const auto& entry) { return entry.first == unit; });
    constexpr double most = 1e18;
    if (known == units.end() || amount * known->second > most) {
        return std::nullopt;
    }
    return static_cast<std::uint64_t>(std::llround(amount * known->second));
}

}  // namespace slimimg
