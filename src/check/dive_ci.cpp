#include <algorithm>
#include <charconv>
#include <string>

#include "slimimg/base/error.hpp"
#include "slimimg/base/sizes.hpp"
#include "slimimg/check/settings.hpp"

namespace slimimg::check {
namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(blanks) + 1 - first);
}

/// A YAML scalar of one line: without its quotes, or without the comment behind it.
std::string_view scalar(std::string_view text) {
    text = trimmed(text);
    if (!text.empty() && (text.front() == '"' || text.front() == '\'')) {
        const std::size_t end = text.find(text.front(), 1);
        return end == std::string_view::npos ? text : text.substr(1, end - 1);
    }
    const std::size_t comment = text.find(" #");
    return trimmed(text.substr(0, comment));
}

/// One of dive's rules, and the policy that it is here.
template <typename T>
struct Rule {
    std::string_view key;
    std::string_view policy;
    std::optional<T> Thresholds::*limit;
    std::optional<T> by_default;  ///< of dive's CI
    std::optional<T> (*parse)(std::string_view);
};

std::optional<double> parse_share(std::string_view text) {
    double value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool is_share =
        error == std::errc() && stop == text.data() + text.size() && value >= 0 && value <= 1;
    return is_share ? std::optional(value) : std::nullopt;
}

/// The value that `.dive-ci` gives a key, and the line it stands in.
struct Given {
    std::string_view value;
    std::size_t line = 0;
};

Given given_of(std::string_view text, std::string_view key) {
    Given given;
    for (std::size_t line = 1; !text.empty(); ++line) {
        const std::size_t end = text.find('\n');
        const std::string_view content = trimmed(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        const std::size_t colon = content.find(':');
        if (colon != std::string_view::npos && scalar(content.substr(0, colon)) == key) {
            given = {scalar(content.substr(colon + 1)), line};
        }
    }
    return given;
}

template <typename T>
void apply_rule(const Rule<T>& rule, std::string_view text, const std::string& path,
                CheckSettings& settings) {
    const Given given = given_of(text, rule.key);
    std::optional<T> limit = rule.by_default;
    if (given.line != 0) {
        limit = given.value == "disabled" ? std::nullopt : rule.parse(given.value);
        if (!limit && given.value != "disabled") {
            throw Error(Exit::usage, "bad-dive-rules",
                        path + ", line " + std::to_string(given.line) + ": " +
                            std::string(rule.key) + " cannot be " + std::string(given.value),
                        "dive takes a share from 0 to 1, a size as 20MB, or \"disabled\"");
        }
    }
    settings.levels.try_emplace(std::string(rule.policy), limit ? Level::error : Level::off);
    if (!(settings.thresholds.*rule.limit)) {
        settings.thresholds.*rule.limit = limit;
    }
}

}  // namespace

void apply_dive_rules(std::string_view text, const std::string& path, CheckSettings& settings) {
    // dive's defaults are in its cmd/dive/cli/internal/options/ci_rules.go.
    apply_rule<double>(
        {"lowestEfficiency", "dive-efficiency", &Thresholds::lowest_efficiency, 0.9, parse_share},
        text, path, settings);
    apply_rule<std::uint64_t>({"highestWastedBytes", "dive-wasted-bytes",
                               &Thresholds::highest_wasted_bytes, std::nullopt, parse_bytes},
                              text, path, settings);
    apply_rule<double>({"highestUserWastedPercent", "dive-wasted-percent",
                        &Thresholds::highest_wasted_percent, 0.1, parse_share},
                       text, path, settings);
}

}  // namespace slimimg::check
