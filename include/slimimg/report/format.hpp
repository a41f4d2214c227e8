#pragma once

#include <span>
#include <string>
#include <string_view>

#include "slimimg/report/report.hpp"

namespace slimimg::report {

/// For people's formats; machine-readable ones are always whole and plain.
struct RenderOptions {
    bool color = false;    ///< with ANSI escapes
    bool verbose = false;  ///< every row of every table
};

/// A format is a file with a render function and a line in the list in format.cpp.
struct Format {
    std::string_view name;       ///< as --format takes it
    std::string_view extension;  ///< ".json": how --report knows it
    std::string (*render)(const Report&, const RenderOptions&) = nullptr;
};

std::span<const Format> formats();
/// Null where there is none.
const Format* find_format(std::string_view name);
const Format* format_of_file(std::string_view file_name);

std::string render_text(const Report& report, const RenderOptions& options);
std::string render_json(const Report& report, const RenderOptions& options);

}  // namespace slimimg::report
