#include <cmath>

#include "slimimg/report/check_format.hpp"

#include "json_values.hpp"

namespace slimimg::report {
namespace {

/// Four decimals: enough for dive's shares, and what stays readable.
double share(double value) {
    return std::round(value * 10000) / 10000;
}

ordered_json finding_json(const check::Finding& finding) {
    const check::PolicyInfo* const policy = check::find_policy(finding.policy);
    return {{"policy", finding.policy},
            {"level", check::level_name(finding.level)},
            {"message", text(finding.message)},
            {"fix", text(finding.fix)},
            {"path", text_or_null(finding.path)},
            {"layer", value_or_null(finding.layer)},
            {"line", value_or_null(finding.line)},
            {"bytes", value_or_null(finding.bytes)},
            {"fingerprint", finding.fingerprint},
            {"docs", policy == nullptr
                         ? ordered_json(nullptr)
                         : ordered_json(std::string(policy->docs) + '#' + std::string(policy->id))},
            {"waived", finding.waived ? ordered_json{{"reason", text(finding.waived->reason)},
                                                     {"until", text_or_null(finding.waived->until)}}
                                      : ordered_json(nullptr)}};
}

ordered_json layer_json(const check::CheckedLayer& layer) {
    return {{"diff_id", layer.diff_id},
            {"created_by", text(layer.created_by)},
            {"bytes", layer.bytes},
            {"stored_bytes", layer.stored},
            {"wasted_bytes", layer.wasted}};
}

ordered_json diagnostic_json(const Diagnostic& diagnostic) {
    return {{"code", diagnostic.code},
            {"path", text_or_null(diagnostic.path)},
            {"message", text(diagnostic.message)}};
}

template <typename Counted>
ordered_json counts_json(const Counted& counted) {
    return {{"error", counted.count(check::Level::error)},
            {"warning", counted.count(check::Level::warning)},
            {"note", counted.count(check::Level::note)},
            {"waived", counted.waived()}};
}

ordered_json image_json(const check::CheckResult& result, const check::CheckReport& image) {
    if (image.error) {
        return {{"source", text(image.source)},
                {"passed", false},
                {"error",
                 {{"code", image.error->code()},
                  {"message", text(image.error->message())},
                  {"hint", text_or_null(image.error->hint())}}}};
    }
    return {{"name", text(image.name)},
            {"names", list(image.names, text)},
            {"source", text(image.source)},
            {"digest", image.digest},
            {"id", image.id},
            {"platform", text(image.platform)},
            {"passed", !result.fails(image)},
            {"counts", counts_json(image)},
            {"archive_bytes", image.archive_bytes},
            {"bytes", image.bytes},
            {"slim_bytes", image.slim_bytes},
            {"reduction_percent", rounded(image.reduction_percent())},
            {"efficiency", share(image.efficiency.efficiency)},
            {"wasted_bytes", image.efficiency.wasted_bytes},
            {"wasted_percent", share(image.efficiency.wasted_percent)},
            {"layers", list(image.layers, layer_json)},
            {"findings", list(image.findings, finding_json)},
            {"diagnostics", list(image.diagnostics, diagnostic_json)}};
}

}  // namespace

std::string check_json(const check::CheckResult& result, const RenderOptions&) {
    const ordered_json root{
        {"schema_version", schema_version},
        {"command", "check"},
        {"passed", result.status() == Exit::ok},
        {"fail_on",
         result.fail_on == check::Level::off ? "never" : check::level_name(result.fail_on)},
        {"counts", counts_json(result)},
        {"images",
         list(result.images,
              [&](const check::CheckReport& image) { return image_json(result, image); })},
    };
    return root.dump(1) + '\n';
}

}  // namespace slimimg::report
