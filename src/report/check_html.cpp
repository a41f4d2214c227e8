#include "slimimg/report/check_format.hpp"

#include "check_words.hpp"
#include "html_page.hpp"
#include "json_values.hpp"
#include "layout.hpp"

namespace slimimg::report {
namespace {

using check::CheckReport;

ordered_json finding_json(const check::Finding& finding) {
    return {{"level", check::level_name(finding.level)},
            {"policy", finding.policy},
            {"message", text(finding.message)},
            {"path", text(finding.path)},
            {"fix", text(finding.fix)},
            {"waived", finding.waived ? text(waiver_of(*finding.waived)) : ordered_json("")}};
}

/// What is shown of an image of which only the check's result is known.
ordered_json plain_image(const CheckReport& image) {
    ordered_json cards = ordered_json::array();
    cards.push_back(
        {human_bytes(image.bytes) + " → " + human_bytes(image.slim_bytes), "unpacked, if rebuilt"});
    cards.push_back({human_bytes(image.efficiency.wasted_bytes), "wasted in layers"});
    return {
        {"name", text(name_of(image))},
        {"digest", image.digest},
        {"facts", text(image.platform + " · " + human_bytes(image.archive_bytes) + " stored ·")},
        {"cards", std::move(cards)},
        {"before", 0},
        {"wasted", true},
        {"layers", list(image.layers, [](const check::CheckedLayer& layer) {
             return ordered_json{
                 {"by", text(layer.created_by)}, {"bytes", layer.bytes}, {"part", layer.wasted}};
         })}};
}

ordered_json image_json(const CheckedImages& result, std::size_t index) {
    const CheckReport& image = result.images[index];
    if (image.error) {
        return {
            {"name", text(image.source)},     {"digest", ""}, {"facts", "not checked"},
            {"cards", ordered_json::array()}, {"before", 0},  {"error", text(problem_of(image))}};
    }
    const bool has_files = index < result.reports.size() && !result.reports[index].command.empty();
    ordered_json shown = has_files ? html_image(result.reports[index]) : plain_image(image);
    shown["cards"].insert(
        shown["cards"].begin(),
        ordered_json{result.fails(image) ? "failed" : "passed", counts_of(image)});
    shown["findings"] = list(image.findings, finding_json);
    return shown;
}

}  // namespace

std::string check_html(const CheckedImages& result, const RenderOptions&) {
    std::vector<ordered_json> images;
    for (std::size_t i = 0; i < result.images.size(); ++i) {
        images.push_back(image_json(result, i));
    }
    const std::string title = result.images.size() == 1 ? name_of(result.images.front())
                                                        : counted(result.images.size(), "image");
    return html_page(title, std::move(images));
}

}  // namespace slimimg::report
