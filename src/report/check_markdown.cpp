#include <algorithm>

#include "slimimg/report/check_format.hpp"

#include "check_words.hpp"
#include "layout.hpp"
#include "markdown_page.hpp"

namespace slimimg::report {
namespace {

using Align = MarkdownTable::Align;
using check::CheckReport;
using check::Finding;

constexpr std::size_t findings_shown = 50;  ///< of an image: a job summary may have 1 MiB in all

std::string verdict(bool passed) {
    return passed ? "✅ passed" : "❌ failed";
}

std::string_view sign_of(check::Level level) {
    switch (level) {
        case check::Level::error:
            return "❌ error";
        case check::Level::warning:
            return "⚠️ warning";
        default:
            return "note";
    }
}

std::string findings(const std::vector<const Finding*>& all) {
    MarkdownTable table({{"level"}, {"policy"}, {"what"}, {"what to do"}});
    const std::size_t shown = std::min(all.size(), findings_shown);
    for (std::size_t i = 0; i < shown; ++i) {
        const Finding& finding = *all[i];
        table.row({finding.waived ? "waived" : std::string(sign_of(finding.level)),
                   markdown_code(finding.policy), markdown_text(finding.message),
                   finding.waived ? markdown_text(waiver_of(*finding.waived))
                                  : markdown_text(finding.fix)});
    }
    if (shown < all.size()) {
        table.row({"", "", grouped(all.size() - shown) + " more"});
    }
    return table.text() + '\n';
}

std::string image_part(const check::CheckResult& result, const CheckReport& image) {
    std::string text =
        "### " + verdict(!result.fails(image)) + ": " + markdown_code(name_of(image)) + "\n\n";
    if (image.error) {
        return text + "Not checked: " + markdown_text(problem_of(image)) + "\n\n";
    }
    text += counts_of(image) + ". " + human_bytes(image.bytes) + " in " +
            counted(image.layers.size(), "layer") + "; the program needs " +
            human_bytes(image.slim_bytes) + ".\n\n";
    std::vector<const Finding*> open;
    std::vector<const Finding*> waived;
    for (const Finding& finding : image.findings) {
        (finding.waived ? waived : open).push_back(&finding);
    }
    if (!open.empty()) {
        text += findings(open);
    }
    if (!waived.empty()) {
        text += markdown_details(grouped(waived.size()) + " waived", findings(waived));
    }
    if (!image.diagnostics.empty()) {
        std::string lines;
        for (const Diagnostic& diagnostic : image.diagnostics) {
            lines += "- " + markdown_text(diagnostic.message) + '\n';
        }
        text +=
            markdown_details("worth knowing (" + grouped(image.diagnostics.size()) + ")", lines);
    }
    return text;
}

}  // namespace

std::string check_markdown(const check::CheckResult& result, const RenderOptions&) {
    std::string text;
    if (result.images.size() > 1) {
        text = "## slimimg check\n\n";
        MarkdownTable table({{"image"},
                             {""},
                             {"errors", Align::right},
                             {"warnings", Align::right},
                             {"notes", Align::right},
                             {"waived", Align::right}});
        for (const CheckReport& image : result.images) {
            table.row({markdown_code(name_of(image)), verdict(!result.fails(image)),
                       grouped(image.count(check::Level::error)),
                       grouped(image.count(check::Level::warning)),
                       grouped(image.count(check::Level::note)), grouped(image.waived())});
        }
        text += table.text() + '\n';
    }
    for (const CheckReport& image : result.images) {
        text += image_part(result, image);
    }
    text.erase(text.find_last_not_of('\n') + 1);
    return text + '\n';
}

}  // namespace slimimg::report
