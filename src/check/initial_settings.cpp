#include <algorithm>
#include <set>
#include <tuple>

#include "slimimg/base/path.hpp"
#include "slimimg/check/check.hpp"

namespace slimimg::check {
namespace {

/// A TOML basic string.
std::string toml_text(std::string_view text) {
    std::string result = "\"";
    for (const char c : path::printable(text)) {
        if (c == '"' || c == '\\') {
            result += '\\';
        }
        result += c;
    }
    return result + '"';
}

/// A path as a pattern that matches it: "?" for what has a meaning there, and for bytes that the
/// file of settings cannot hold.
std::string pattern_of(std::string_view path) {
    const bool is_text = path::printable(path) == path;
    std::string pattern;
    for (const char c : path) {
        const auto byte = static_cast<unsigned char>(c);
        const bool is_plain = is_text || (byte >= 0x20 && byte < 0x7f);
        pattern += is_plain && !path::is_glob({&c, 1}) ? c : '?';
    }
    return pattern;
}

std::string waiver_of(const Finding& finding, const std::string& until) {
    std::string text = "\n# " + path::printable(finding.message) +
                       "\n[[check.waiver]]\npolicy = " + toml_text(finding.policy) + '\n';
    text += finding.path.empty() ? "" : "path = " + toml_text(pattern_of(finding.path)) + '\n';
    return text +
           "reason = \"found when the check was set up; to be looked at\"\nuntil = " + until + '\n';
}

}  // namespace

std::string initial_settings(const CheckResult& result, const InitialChoices& choices) {
    std::string text =
        "# What slimimg check holds the images of this project against; see slimimg.toml(5).\n"
        "# Policies and their reasons: slimimg check --list\n"
        "\n[check]\n"
        "fail-on = " +
        toml_text(result.fail_on == Level::off ? "never" : level_name(result.fail_on)) + "\n" +
        (choices.distroless ? "profile = \"distroless\"\n" : "") +
        (choices.baseline.empty() ? "" : "baseline = " + toml_text(choices.baseline) + '\n') +
        "\n# A level of its own for a policy: \"off\", \"note\", \"warning\" or \"error\".\n"
        "[check.levels]\n# root-user = \"error\"\n"
        "\n[check.limits]\n";
    std::uint64_t largest = 0;
    for (const CheckReport& image : result.images) {
        largest = std::max(largest, image.bytes);
    }
    // Room to grow by a tenth, in whole megabytes.
    constexpr std::uint64_t megabyte = 1'000'000;
    text += "size = \"" + std::to_string((largest + largest / 10) / megabyte + 1) + " MB\"\n";
    std::set<std::tuple<std::string, std::string>> written;
    for (const CheckReport& image : result.images) {
        for (const Finding& finding : image.findings) {
            const bool fails =
                result.fail_on != Level::off && finding.level >= result.fail_on && !finding.waived;
            if (fails && written.emplace(finding.policy, finding.path).second) {
                text += waiver_of(finding, choices.until);
            }
        }
    }
    return text;
}

}  // namespace slimimg::check
