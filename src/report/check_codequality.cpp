#include "slimimg/base/digest.hpp"
#include "slimimg/report/check_format.hpp"

#include "check_words.hpp"
#include "json_values.hpp"

namespace slimimg::report {
namespace {

using check::CheckReport;
using check::CheckResult;
using check::Finding;
using check::Level;

std::string_view severity_of(Level level) {
    switch (level) {
        case Level::error:
            return "critical";
        case Level::warning:
            return "minor";
        default:
            return "info";
    }
}

/// "registry:5000/team/app" of "registry:5000/team/app:1.2": the same from release to release.
std::string_view without_tag(std::string_view name) {
    const std::size_t colon = name.rfind(':');
    const bool is_tag = colon != name.npos && name.find('/', colon) == name.npos;
    return is_tag ? name.substr(0, colon) : name;
}

/// GitLab takes one finding of a fingerprint, so that images have their own.
std::string fingerprint_of(const CheckResult& result, const CheckReport& image,
                           const Finding& finding) {
    if (result.images.size() == 1) {
        return finding.fingerprint;
    }
    const std::string name(without_tag(name_of(image)));
    return sha256(as_bytes(name + '\n' + finding.fingerprint)).hex();
}

ordered_json finding_json(const CheckResult& result, const CheckReport& image,
                          const Finding& finding) {
    const std::string path = finding.path.empty() ? name_of(image) : finding.path.substr(1);
    return {
        {"description", text(name_of(image) + ": " + finding.message + ". Fix: " + finding.fix)},
        {"check_name", finding.policy},
        {"fingerprint", fingerprint_of(result, image, finding)},
        {"severity", severity_of(finding.level)},
        {"location", {{"path", text(path)}, {"lines", {{"begin", finding.line.value_or(1)}}}}}};
}

}  // namespace

std::string check_codequality(const CheckResult& result, const RenderOptions&) {
    ordered_json findings = ordered_json::array();
    for (const CheckReport& image : result.images) {
        for (const Finding& finding : image.findings) {
            if (!finding.waived) {
                findings.push_back(finding_json(result, image, finding));
            }
        }
        if (image.error) {
            findings.push_back(
                {{"description", text(image.source + " was not checked: " + problem_of(image))},
                 {"check_name", image.error->code()},
                 {"fingerprint", sha256(as_bytes(image.source + image.error->code())).hex()},
                 {"severity", "blocker"},
                 {"location", {{"path", text(image.source)}, {"lines", {{"begin", 1}}}}}});
        }
    }
    return findings.dump(1) + '\n';
}

}  // namespace slimimg::report
