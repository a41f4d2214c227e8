#include <algorithm>

#include "slimimg/base/path.hpp"
#include "slimimg/report/explanation.hpp"

#include "layout.hpp"

namespace slimimg::report {
namespace {

using Tone = Page::Tone;
using Verdict = Explanation::Verdict;

constexpr std::size_t reasons_shown = 8;

class ExplanationText {
  public:
    ExplanationText(const Explanation& explanation, const RenderOptions& options)
        : told_(explanation), options_(options), page_(options.color, options.width) {}

    std::string render() {
        links();
        verdict();
        facts();
        chain();
        more();
        below();
        advice();
        return page_.take();
    }

  private:
    void links() {
        for (const Explanation::Link& link : told_.links) {
            page_.paragraph(link.path + " is a symlink to " + link.target +
                                (link.kept ? ", which stays" : ", which goes"),
                            0, 2);
        }
        if (told_.dangles) {
            page_.paragraph("It leads nowhere in this image.", 0);
        }
    }

    void verdict() {
        const std::string path = path::printable(told_.path);
        switch (told_.verdict) {
            case Verdict::kept:
                page_.line(page_.toned(path, Tone::strong) + page_.toned(" stays", Tone::good));
                break;
            case Verdict::made:
                page_.line(page_.toned(path, Tone::strong) +
                           page_.toned(" is made by slimimg", Tone::good));
                break;
            case Verdict::removed:
                page_.line(page_.toned(path, Tone::strong) + page_.toned(" goes", Tone::warning) +
                           (told_.excluded       ? ": --exclude leaves it out"
                            : told_.more.empty() ? ": nothing that stays needs it"
                                                 : ": the evidence for it is too weak"));
                break;
        }
    }

    void facts() {
        std::string text = told_.type;
        if (told_.type == "file") {
            text += " of " + human_bytes(told_.bytes);
        }
        if (told_.layer) {
            text += ", layer " + std::to_string(*told_.layer);
        }
        text += told_.package.empty() ? "" : ", package " + told_.package;
        page_.paragraph(text, 2, 2);
        if (!told_.created_by.empty()) {
            page_.paragraph(
                "layer made by: " + fitted(step_of(told_.created_by), 2 * page_.width()), 2, 2);
        }
    }

    void chain() {
        if (told_.chain.empty()) {
            return;
        }
        page_.heading("Because");
        page_.line("the image's config or the command line", 2);
        for (const Explanation::Step& step : told_.chain) {
            page_.line("→ " + page_.toned(path::printable(step.path), Tone::strong), 2);
            reason_lines(step.reason, 6);
        }
    }

    void reason_lines(const Reason& reason, std::size_t indent) {
        page_.paragraph(std::string(reason.rule) + " (" + std::string(reason.confidence) + ")" +
                            (reason.detail.empty() ? "" : ": " + reason.detail),
                        indent, 2);
    }

    void more() {
        if (told_.more.empty()) {
            return;
        }
        const bool goes = told_.verdict == Verdict::removed;
        page_.heading(told_.excluded ? "Reasons to keep it"
                      : goes         ? "Too weak to keep it"
                                     : (told_.chain.empty() ? "Because" : "Further reasons"));
        const std::size_t shown =
            options_.verbose ? told_.more.size() : std::min(told_.more.size(), reasons_shown);
        std::for_each_n(told_.more.begin(), shown, [&](const Reason& reason) {
            Reason whole = reason;
            if (!reason.from.empty()) {
                whole.detail =
                    whole.detail + (whole.detail.empty() ? "by " : ", by ") + reason.from;
            }
            reason_lines(whole, 2);
        });
        if (shown < told_.more.size()) {
            page_.line(grouped(told_.more.size() - shown) + " more (-v shows all)", 2);
        }
    }

    void below() {
        if (!told_.below) {
            return;
        }
        const Explanation::Below& below = *told_.below;
        page_.heading("Below it");
        page_.paragraph(grouped(below.kept_files) + " of " + counted(below.files, "file") +
                            " stay, " + human_bytes(below.kept_bytes) + " of " +
                            human_bytes(below.bytes) +
                            (below.made_files == 0
                                 ? ""
                                 : "; " + counted(below.made_files, "file") + " besides, " +
                                       human_bytes(below.made_bytes) + ", that slimimg writes"),
                        2, 2);
        Table table(page_, 32, {8, 12});
        for (const RuleShare& rule : below.rules) {
            table.row(rule.rule, {grouped(rule.files), human_bytes(rule.bytes)});
        }
        if (!below.largest.empty()) {
            page_.heading("The largest that stay");
            for (const std::string& path : below.largest) {
                page_.line(path::printable(path), 2);
            }
        }
    }

    void advice() {
        if (told_.verdict == Verdict::removed) {
            page_.blank();
            page_.line("To keep it: --include " + shell_line({path::printable(told_.path)}));
        }
    }

    const Explanation& told_;
    const RenderOptions& options_;
    Page page_;
};

}  // namespace

std::string explanation_text(const Explanation& explanation, const RenderOptions& options) {
    return ExplanationText(explanation, options).render();
}

}  // namespace slimimg::report
