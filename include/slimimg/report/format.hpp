#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

#include "slimimg/report/report.hpp"

namespace slimimg::report {

/// For people's formats; machine-readable ones are always whole and plain.
struct RenderOptions {
    bool color = false;      ///< with ANSI escapes
    bool verbose = false;    ///< every row of every table
    std::size_t width = 80;  ///< columns of text; it needs 80, and uses more for long names
};

/// A format is a file with a render function and a line in the list of what it renders.
template <typename T>
struct FormatOf {
    std::string_view name;       ///< as --format takes it
    std::string_view extension;  ///< ".json": how --report knows it
    std::string (*render)(const T&, const RenderOptions&) = nullptr;
};
using Format = FormatOf<Report>;

/// Of analyze and rebuild: the list is in format.cpp, as is that of each other command.
std::span<const Format> formats();

/// Null where there is none.
template <typename T>
const FormatOf<T>* find_format(std::span<const FormatOf<T>> all, std::string_view name) {
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const FormatOf<T>& format) { return format.name == name; });
    return found == all.end() ? nullptr : &*found;
}

std::string render_text(const Report& report, const RenderOptions& options);
std::string render_json(const Report& report, const RenderOptions& options);
std::string render_markdown(const Report& report, const RenderOptions& options);
std::string render_html(const Report& report, const RenderOptions& options);

}  // namespace slimimg::report
