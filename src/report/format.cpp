#include "slimimg/report/format.hpp"

#include <array>

#include "slimimg/report/check_format.hpp"
#include "slimimg/report/difference.hpp"
#include "slimimg/report/explanation.hpp"

namespace slimimg::report {
namespace {

constexpr std::array report_formats{
    Format{.name = "text", .extension = ".txt", .render = render_text},
    Format{.name = "json", .extension = ".json", .render = render_json},
    Format{.name = "markdown", .extension = ".md", .render = render_markdown},
    Format{.name = "html", .extension = ".html", .render = render_html},
};

constexpr std::array formats_of_explanation{
    FormatOf<Explanation>{.name = "text", .extension = ".txt", .render = explanation_text},
    FormatOf<Explanation>{.name = "json", .extension = ".json", .render = explanation_json},
};

constexpr std::array formats_of_check{
    FormatOf<check::CheckResult>{.name = "text", .extension = ".txt", .render = check_text},
    FormatOf<check::CheckResult>{.name = "json", .extension = ".json", .render = check_json},
};

constexpr std::array formats_of_difference{
    FormatOf<Difference>{.name = "text", .extension = ".txt", .render = difference_text},
    FormatOf<Difference>{.name = "json", .extension = ".json", .render = difference_json},
    FormatOf<Difference>{.name = "markdown", .extension = ".md", .render = difference_markdown},
};

}  // namespace

std::span<const Format> formats() {
    return report_formats;
}

std::span<const FormatOf<Explanation>> explanation_formats() {
    return formats_of_explanation;
}

std::span<const FormatOf<check::CheckResult>> check_formats() {
    return formats_of_check;
}

std::span<const FormatOf<Difference>> difference_formats() {
    return formats_of_difference;
}

}  // namespace slimimg::report
