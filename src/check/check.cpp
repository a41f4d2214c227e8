#include "slimimg/check/check.hpp"

#include <algorithm>

#include "slimimg/base/path.hpp"

#include "check/policies/policies.hpp"
#include "check/waivers.hpp"

namespace slimimg::check {
namespace {

CheckReport describe(const slim::Analysis& analysis, const Waste& waste) {
    const image::Image& image = analysis.image;
    CheckReport report;
    report.name = image.name();
    report.names = image.names;
    report.source = image.source;
    report.digest = image.digest().str();
    report.id = image.config_digest.str();
    report.platform = image.config.platform.str();
    report.archive_bytes = image.archive_bytes;
    report.bytes = analysis.before_bytes;
    report.slim_bytes = analysis.plan.bytes;
    report.efficiency = waste.figures;
    // What else there is to tell of reading it has policies.
    std::copy_if(image.diagnostics.begin(), image.diagnostics.end(),
                 std::back_inserter(report.diagnostics),
                 [](const Diagnostic& each) { return each.code == "several-images"; });
    const auto scans = analysis.rootfs.layers();
    for (std::size_t i = 0; i < image.layers.size() && i < scans.size(); ++i) {
        CheckedLayer layer{.diff_id = image.layers[i].diff_id.str(),
                           .created_by = image.layers[i].created_by,
                           .stored = image.layers[i].blob.size(),
                           .wasted = waste.of_layer[i]};
        for (const archive::LayerEntry& entry : scans[i].entries) {
            layer.bytes += entry.header.type == archive::EntryType::file ? entry.header.size : 0;
        }
        report.layers.push_back(std::move(layer));
    }
    return report;
}

/// By level; policies follow in their order, which the findings have.
void sort(std::vector<Finding>& findings) {
    std::stable_sort(findings.begin(), findings.end(),
                     [](const Finding& a, const Finding& b) { return a.level > b.level; });
}

}  // namespace

Level CheckSettings::level_of(const PolicyInfo& policy) const {
    const auto given = levels.find(policy.id);
    if (given != levels.end()) {
        return given->second;
    }
    return distroless ? policy.distroless : policy.level;
}

std::size_t CheckReport::count(Level level) const {
    return static_cast<std::size_t>(std::count_if(
        findings.begin(), findings.end(),
        [&](const Finding& finding) { return finding.level == level && !finding.waived; }));
}

std::size_t CheckReport::waived() const {
    return static_cast<std::size_t>(
        std::count_if(findings.begin(), findings.end(),
                      [](const Finding& finding) { return finding.waived.has_value(); }));
}

double CheckReport::reduction_percent() const {
    return bytes == 0 ? 0
                      : 100 * (static_cast<double>(bytes) - static_cast<double>(slim_bytes)) /
                            static_cast<double>(bytes);
}

std::size_t CheckResult::count(Level level) const {
    std::size_t sum = 0;
    for (const CheckReport& image : images) {
        sum += image.count(level);
    }
    return sum;
}

std::size_t CheckResult::waived() const {
    std::size_t sum = 0;
    for (const CheckReport& image : images) {
        sum += image.waived();
    }
    return sum;
}

bool CheckResult::fails(const CheckReport& image) const {
    return image.error.has_value() ||
           (fail_on != Level::off &&
            std::any_of(image.findings.begin(), image.findings.end(), [&](const Finding& finding) {
                return finding.level >= fail_on && !finding.waived;
            }));
}

Exit CheckResult::status() const {
    Exit status = Exit::ok;
    for (const CheckReport& image : images) {
        const Exit own =
            image.error ? image.error->status() : (fails(image) ? Exit::policy : Exit::ok);
        status = std::max(status, own);
    }
    return status;
}

CheckReport check_image(const slim::Analysis& analysis, const CheckSettings& settings,
                        const CheckOptions& options, const RunOptions& run) {
    const Waste waste = find_waste(analysis.rootfs);
    CheckReport report = describe(analysis, waste);
    Inspection inspection(analysis, settings, waste, run);
    for (const Policy* policy : all_policies()) {
        const Level level = settings.level_of(policy->info);
        if (level != Level::off) {
            inspection.ask(*policy, level);
        }
    }
    report.findings = inspection.take();
    for (const Policy* policy : all_policies()) {
        const auto of_policy = [&](const Finding& finding) {
            return finding.policy == policy->info.id;
        };
        if (settings.level_of(policy->info) != Level::off &&
            std::none_of(report.findings.begin(), report.findings.end(), of_policy)) {
            report.passed.emplace_back(policy->info.id);
        }
    }
    apply_waivers(report, settings.waivers, options.today);
    sort(report.findings);
    return report;
}

}  // namespace slimimg::check
