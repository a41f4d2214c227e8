#include <algorithm>
#include <array>
#include <map>

#include "slimimg/base/path.hpp"
#include "slimimg/report/check_format.hpp"

#include "check_words.hpp"
#include "layout.hpp"

namespace slimimg::report {
namespace {

using check::CheckReport;
using check::CheckResult;
using check::Finding;
using Tone = Page::Tone;

constexpr std::size_t findings_shown = 8;  ///< of one policy

class CheckText {
  public:
    CheckText(const CheckResult& result, const RenderOptions& options)
        : result_(result), options_(options), page_(options.color, options.width) {}

    std::string render() {
        for (const CheckReport& image : result_.images) {
            title(image);
            if (!image.error) {
                findings(image);
                diagnostics(image);
            }
            page_.blank();
        }
        summary();
        return page_.take();
    }

  private:
    void title(const CheckReport& image) {
        const std::string& name = name_of(image);
        page_.line(page_.toned(fitted(name, page_.width()), Tone::strong));
        if (image.error) {
            page_.line(page_.toned("not checked", Tone::bad), 2);
            page_.paragraph(problem_of(image), 4);
            return;
        }
        page_.paragraph(image.platform + ", " + human_bytes(image.bytes) + " in " +
                            counted(image.layers.size(), "layer"),
                        2);
    }

    void findings(const CheckReport& image) {
        std::map<std::string, std::size_t, std::less<>> told;
        for (const Finding& finding : image.findings) {
            if (++told[finding.policy] <= findings_shown || options_.verbose) {
                tell(finding);
            }
        }
        for (const auto& [policy, count] : told) {
            if (count > findings_shown && !options_.verbose) {
                page_.paragraph(
                    grouped(count - findings_shown) + " more of " + policy + " (-v shows all)", 2);
            }
        }
    }

    void tell(const Finding& finding) {
        static constexpr std::array tones{Tone::dim, Tone::dim, Tone::warning, Tone::bad};
        const Tone tone =
            finding.waived ? Tone::dim : tones.at(static_cast<std::size_t>(finding.level));
        const std::string label =
            finding.waived ? "waived" : std::string(check::level_name(finding.level));
        page_.line(page_.toned(label, tone) + ' ' + page_.toned(finding.policy, Tone::dim), 2);
        page_.paragraph(finding.message, 4, 2);
        if (finding.waived) {
            page_.paragraph(
                "accepted" +
                    (finding.waived->until.empty() ? std::string()
                                                   : " until " + finding.waived->until) +
                    ": " + finding.waived->reason,
                4, 2);
        } else {
            page_.paragraph("fix: " + finding.fix, 4, 5);
        }
    }

    void diagnostics(const CheckReport& image) {
        for (const Diagnostic& diagnostic : image.diagnostics) {
            page_.paragraph("(" + diagnostic.message + ")", 2, 1);
        }
    }

    void verdict(bool passed, const std::string& text) {
        page_.line(page_.toned(passed ? "passed" : "failed", passed ? Tone::good : Tone::bad) +
                   ": " + text);
    }

    void summary() {
        if (result_.images.size() > 1) {
            for (const CheckReport& image : result_.images) {
                verdict(!result_.fails(image),
                        fitted(name_of(image), page_.width() / 2) + ", " +
                            (image.error ? "not checked" : counts_of(image)));
            }
        }
        const auto failed = static_cast<std::size_t>(
            std::count_if(result_.images.begin(), result_.images.end(),
                          [&](const CheckReport& image) { return result_.fails(image); }));
        const bool one = result_.images.size() == 1;
        if (one && result_.images.front().error) {
            return verdict(false, "not checked");
        }
        const std::string images = one ? ""
                                       : grouped(result_.images.size() - failed) + " of " +
                                             counted(result_.images.size(), "image") + " passed, ";
        verdict(failed == 0, images + counts_of(result_));
    }

    const CheckResult& result_;
    const RenderOptions& options_;
    Page page_;
};

}  // namespace

std::string check_text(const check::CheckResult& result, const RenderOptions& options) {
    return CheckText(result, options).render();
}

}  // namespace slimimg::report
