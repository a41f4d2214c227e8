#include "json_values.hpp"

#include <cmath>

#include "slimimg/base/path.hpp"

namespace slimimg::report {

ordered_json text(std::string_view value) {
    return path::printable(value);
}

ordered_json text_or_null(std::string_view value) {
    return value.empty() ? ordered_json(nullptr) : text(value);
}

ordered_json texts(const std::vector<std::string>& values) {
    return list(values, text);
}

double rounded(double value) {
    return std::round(value * 100) / 100;
}

std::string_view severity_name(Severity severity) {
    switch (severity) {
        case Severity::note:
            return "note";
        case Severity::warning:
            return "warning";
        case Severity::error:
            return "error";
    }
    return "error";
}

ordered_json unresolved_json(const Unresolved& unresolved) {
    return {{"name", text(unresolved.name)},   {"needed_by", text_or_null(unresolved.needed_by)},
            {"kind", unresolved.kind},         {"detail", text(unresolved.detail)},
            {"required", unresolved.required}, {"allowed", unresolved.allowed}};
}

}  // namespace slimimg::report
