#include "slimimg/base/sizes.hpp"

#include <array>

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

}  // namespace slimimg
