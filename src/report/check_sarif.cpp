#include "slimimg/report/check_format.hpp"

#include "check_words.hpp"
#include "json_values.hpp"

namespace slimimg::report {
namespace {

using check::CheckReport;
using check::CheckResult;
using check::Finding;
using check::PolicyInfo;

/// A path or name as a relative URI reference (RFC 3986): the path's segments, percent-encoded.
std::string relative_uri(std::string_view path) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string uri;
    for (const char c : path) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') ||
                           std::string_view("-._~/").find(c) != std::string_view::npos;
        const auto byte = static_cast<unsigned char>(c);
        if (plain) {
            uri += c;
        } else {
            uri += {'%', digits[byte >> 4U], digits[byte & 15U]};
        }
    }
    uri.erase(0, uri.find_first_not_of('/'));
    return uri;
}

ordered_json rule_json(const PolicyInfo& policy) {
    const std::string docs = std::string(policy.docs) + '#' + std::string(policy.id);
    return {{"id", policy.id},
            {"shortDescription", {{"text", policy.title}}},
            {"fullDescription", {{"text", policy.reason}}},
            {"help", {{"text", std::string(policy.reason) + " See " + docs + '.'}}},
            {"defaultConfiguration",
             {{"enabled", policy.level != check::Level::off},
              {"level",
               policy.level == check::Level::off ? "warning" : check::level_name(policy.level)}}}};
}

ordered_json location_json(const CheckReport& image, const Finding& finding) {
    const std::string& name = name_of(image);
    const std::string uri = relative_uri(finding.path.empty() ? name : finding.path);
    ordered_json physical{{"artifactLocation", {{"uri", uri.empty() ? "image" : uri}}}};
    // GitHub shows nothing that has no line.
    physical["region"] = {{"startLine", finding.line.value_or(1)}};
    return {
        {"physicalLocation", std::move(physical)},
        {"logicalLocations",
         ordered_json::array({ordered_json{{"fullyQualifiedName", text(name + finding.path)}}})}};
}

std::string message_of(const CheckResult& result, const CheckReport& image,
                       const Finding& finding) {
    const std::string of = result.images.size() > 1 ? name_of(image) + ": " : "";
    return of + finding.message + (finding.fix.empty() ? "" : ". Fix: " + finding.fix);
}

ordered_json result_json(const CheckResult& result, const CheckReport& image,
                         const Finding& finding) {
    ordered_json shown{{"ruleId", finding.policy}};
    const auto policies = check::policy_infos();
    const PolicyInfo* const policy = check::find_policy(finding.policy);
    if (policy != nullptr) {
        shown["ruleIndex"] = policy - policies.data();
    }
    shown["level"] = check::level_name(finding.level);
    shown["message"] = {{"text", text(message_of(result, image, finding))}};
    shown["locations"] = ordered_json::array({location_json(image, finding)});
    shown["partialFingerprints"] = {{"slimimg/v1", finding.fingerprint}};
    if (finding.waived) {
        shown["suppressions"] = ordered_json::array(
            {ordered_json{{"kind", "external"},
                          {"status", "accepted"},
                          {"justification", text(waiver_of(*finding.waived))}}});
    }
    ordered_json properties{{"image", text(name_of(image))}};
    if (finding.layer) {
        properties["layer"] = *finding.layer;
    }
    if (finding.bytes) {
        properties["bytes"] = *finding.bytes;
    }
    shown["properties"] = std::move(properties);
    return shown;
}

}  // namespace

std::string check_sarif(const CheckResult& result, const RenderOptions&) {
    ordered_json rules = ordered_json::array();
    for (const PolicyInfo& policy : check::policy_infos()) {
        rules.push_back(rule_json(policy));
    }
    ordered_json results = ordered_json::array();
    ordered_json problems = ordered_json::array();
    for (const CheckReport& image : result.images) {
        for (const Finding& finding : image.findings) {
            results.push_back(result_json(result, image, finding));
        }
        if (image.error) {
            problems.push_back(
                {{"level", "error"},
                 {"descriptor", {{"id", image.error->code()}}},
                 {"message", {{"text", text(image.source + ": " + problem_of(image))}}}});
        }
    }
    ordered_json invocation{{"executionSuccessful", problems.empty()}};
    if (!problems.empty()) {
        invocation["toolExecutionNotifications"] = std::move(problems);
    }
    const ordered_json run{{"tool",
                            {{"driver",
                              {{"name", "slimimg"},
                               {"semanticVersion", SLIMIMG_VERSION},
                               {"rules", std::move(rules)}}}}},
                           {"automationDetails", {{"id", "slimimg/"}}},
                           {"invocations", ordered_json::array({std::move(invocation)})},
                           {"columnKind", "unicodeCodePoints"},
                           {"results", std::move(results)}};
    const ordered_json root{
        {"$schema",
         "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
         "sarif-schema-2.1.0.json"},
        {"version", "2.1.0"},
        {"runs", ordered_json::array({run})},
    };
    return root.dump(1) + '\n';
}

}  // namespace slimimg::report
