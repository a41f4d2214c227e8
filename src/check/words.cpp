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

std::string shell_word(std::string_view text) {
    constexpr std::string_view plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@%+,=-";
    if (!text.empty() && text.find_first_not_of(plain) == std::string_view::npos) {
        return std::string(text);
    }
    std::string quoted = "'";
    for (const char c : text) {
        quoted += c == '\'' ? "'\\''" : std::string(1, c);
    }
    return quoted + "'";
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
