#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "slimimg/report/report.hpp"

/// The HTML report is one file: a style, a script, and the data that the script shows.
namespace slimimg::report {

/// A page that shows `images`, which html_image made. It loads nothing: its policy (CSP) names the
/// digests of the one style and the one script that may count, and forbids all else.
std::string html_page(std::string_view title, std::vector<nlohmann::ordered_json> images);

/// What the page shows of an image: its layers, files and reasons.
nlohmann::ordered_json html_image(const Report& report);

}  // namespace slimimg::report
