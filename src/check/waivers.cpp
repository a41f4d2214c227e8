#include "check/waivers.hpp"

#include "slimimg/base/globs.hpp"

namespace slimimg::check {
namespace {

bool covers(const Waiver& waiver, const Finding& finding) {
    return waiver.policy == finding.policy &&
           (waiver.path.empty() || means(waiver.path, finding.path));
}

std::string told(const Waiver& waiver) {
    return "the waiver for " + waiver.policy + (waiver.path.empty() ? "" : " at " + waiver.path);
}

}  // namespace

void apply_waivers(CheckReport& report, const std::vector<Waiver>& waivers,
                   std::string_view today) {
    for (const Waiver& waiver : waivers) {
        // Days written as 2027-01-31 stand in the order of their texts.
        const bool has_ended = !waiver.until.empty() && waiver.until < today;
        bool meets = false;
        for (Finding& finding : report.findings) {
            if (!covers(waiver, finding)) {
                continue;
            }
            meets = true;
            if (!has_ended && !finding.waived) {
                finding.waived = Waived{waiver.reason, waiver.until};
            } else if (has_ended && !finding.waived) {
                finding.message += "; its waiver (" + waiver.reason + ") ended on " + waiver.until;
            }
        }
        if (!meets) {
            report.diagnostics.push_back({Severity::note, "waiver-unused", waiver.path,
                                          told(waiver) + " meets nothing; it can go"});
        }
    }
}

}  // namespace slimimg::check
