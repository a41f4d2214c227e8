#include "limits.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "slimimg/base/error.hpp"
#include "slimimg/base/limit_names.hpp"
#include "slimimg/base/path.hpp"
#include "slimimg/base/sizes.hpp"

#include "options.hpp"

namespace slimimg::cli {
namespace {

std::optional<std::uint64_t> parse_count(std::string_view text) {
    std::uint64_t count = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, count);
    return error == std::errc() && stop == end ? std::optional(count) : std::nullopt;
}

[[noreturn]] void refuse(const std::string& given, const std::string& hint) {
    throw Error(Exit::usage, "bad-limit",
                "--limit cannot be " + path::printable(given) + as_variable_says("--limit", given),
                hint);
}

}  // namespace

std::string limit_names() {
    std::string names;
    for (const LimitName& limit : all_limits()) {
        names += (names.empty() ? "" : ", ") + std::string(limit.name);
    }
    return names;
}

Limits limits_from(const std::vector<std::string>& given) {
    Limits limits;
    const auto all = all_limits();
    for (const std::string& text : given) {
        const std::string name = text.substr(0, text.find('='));
        const auto limit = std::find_if(all.begin(), all.end(),
                                        [&](const LimitName& one) { return one.name == name; });
        if (limit == all.end()) {
            refuse(text, "it takes NAME=N, where NAME is one of " + limit_names());
        }
        const std::string value = text.substr(std::min(text.size(), name.size() + 1));
        const auto number = limit->is_size ? parse_bytes(value) : parse_count(value);
        if (!number || *number == 0) {
            refuse(text, limit->is_size ? "give a size: " + name + "=100kB"
                                        : "give a number from 1 on: " + name + "=1000");
        }
        if (*number > limit->most) {
            refuse(text, "it can be " + std::to_string(limit->most) + " at most");
        }
        limits.*(limit->value) = *number;
    }
    return limits;
}

}  // namespace slimimg::cli
