#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "slimimg/report/report.hpp"

/// What the JSON reports are made of.
namespace slimimg::report {

using nlohmann::ordered_json;

inline constexpr const char* schema_version = "1";

/// Names and texts come from the image: what is not UTF-8 or could command a terminal is shown as
/// \xNN here too, for reports are read with tools that print what they find.
ordered_json text(std::string_view value);
ordered_json text_or_null(std::string_view value);

template <typename T>
ordered_json value_or_null(const std::optional<T>& value) {
    return value ? ordered_json(*value) : ordered_json(nullptr);
}

template <typename T, typename F>
ordered_json list(const std::vector<T>& values, F render) {
    ordered_json result = ordered_json::array();
    for (const T& value : values) {
        result.push_back(render(value));
    }
    return result;
}

ordered_json texts(const std::vector<std::string>& values);

/// Two decimals are what a report needs, and what stays readable.
double rounded(double value);

std::string_view severity_name(Severity severity);
ordered_json unresolved_json(const Unresolved& unresolved);

}  // namespace slimimg::report
