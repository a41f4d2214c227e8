#include "slimimg/report/format.hpp"

#include <algorithm>
#include <array>

namespace slimimg::report {
namespace {

constexpr std::array all_formats{
    Format{.name = "text", .extension = ".txt", .render = render_text},
    Format{.name = "json", .extension = ".json", .render = render_json},
};

const Format* first_where(auto condition) {
    const auto found = std::find_if(all_formats.begin(), all_formats.end(), condition);
    return found == all_formats.end() ? nullptr : &*found;
}

}  // namespace

std::span<const Format> formats() {
    return all_formats;
}

const Format* find_format(std::string_view name) {
    return first_where([&](const Format& format) { return format.name == name; });
}

const Format* format_of_file(std::string_view file_name) {
    return first_where([&](const Format& format) { return file_name.ends_with(format.extension); });
}

}  // namespace slimimg::report
