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

/// A format that needs no more than the result of the check.
template <std::string (*render)(const check::CheckResult&, const RenderOptions&)>
std::string of_result(const CheckedImages& checked, const RenderOptions& options) {
    return render(checked, options);
}

using CheckFormat = FormatOf<CheckedImages>;
/// The first whose extension ends a file's name is taken.
constexpr std::array formats_of_check{
    CheckFormat{.name = "text", .extension = ".txt", .render = of_result<check_text>},
    CheckFormat{.name = "codequality",
                .extension = "code-quality-report.json",
                .render = of_result<check_codequality>},
    CheckFormat{.name = "json", .extension = ".json", .render = of_result<check_json>},
    CheckFormat{.name = "markdown", .extension = ".md", .render = of_result<check_markdown>},
    CheckFormat{.name = "html", .extension = ".html", .render = check_html},
    CheckFormat{.name = "sarif", .extension = ".sarif", .render = of_result<check_sarif>},
    CheckFormat{.name = "junit", .extension = ".xml", .render = of_result<check_junit>},
    CheckFormat{.name = "github", .extension = ".commands", .render = of_result<check_github>},
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

std::span<const FormatOf<CheckedImages>> check_formats() {
    return formats_of_check;
}

std::span<const FormatOf<Difference>> difference_formats() {
    return formats_of_difference;
}

}  // namespace slimimg::report
