#include <algorithm>
#include <utility>

#include "slimimg/report/check_format.hpp"

#include "check_words.hpp"
#include "markup.hpp"

namespace slimimg::report {
namespace {

using check::CheckReport;
using check::CheckResult;
using check::Finding;

/// XML 1.0 has no U+FFFE and U+FFFF.
std::string xml(std::string_view text) {
    std::string result = markup(text);
    for (const auto& [character, shown] :
         {std::pair{"\xef\xbf\xbe", "\\uFFFE"}, std::pair{"\xef\xbf\xbf", "\\uFFFF"}}) {
        for (std::size_t at = result.find(character); at != std::string::npos;
             at = result.find(character, at)) {
            result.replace(at, 3, shown);
        }
    }
    return result;
}

std::string attribute(std::string_view name, std::string_view value) {
    return ' ' + std::string(name) + "=\"" + xml(value) + '"';
}

struct Counts {
    std::size_t tests = 0;
    std::size_t failures = 0;
    std::size_t errors = 0;
    std::size_t skipped = 0;

    [[nodiscard]] std::string attributes() const {
        return attribute("tests", std::to_string(tests)) +
               attribute("failures", std::to_string(failures)) +
               attribute("errors", std::to_string(errors)) +
               attribute("skipped", std::to_string(skipped));
    }
};

Counts counts_of_cases(const CheckResult& result, const CheckReport& image) {
    Counts counts{.tests = 1 + image.findings.size() + image.passed.size(),
                  .errors = static_cast<std::size_t>(image.error.has_value())};
    for (const Finding& finding : image.findings) {
        counts.failures += static_cast<std::size_t>(fails(result, finding));
        counts.skipped += static_cast<std::size_t>(finding.waived.has_value());
    }
    return counts;
}

std::string case_of(const CheckResult& result, const CheckReport& image, const Finding& finding) {
    const std::string where = finding.path.empty() ? "" : " " + finding.path;
    const std::string line = finding.line ? ":" + std::to_string(*finding.line) : "";
    std::string text = "  <testcase" + attribute("classname", name_of(image)) +
                       attribute("name", finding.policy + where + line) + ">\n";
    if (finding.waived) {
        text += "   <skipped" + attribute("message", waiver_of(*finding.waived)) + "/>\n";
    } else if (fails(result, finding)) {
        text += "   <failure" + attribute("type", check::level_name(finding.level)) +
                attribute("message", finding.message) + ">" + xml(finding.message) +
                "\nfix: " + xml(finding.fix) + "</failure>\n";
    } else {
        text += "   <system-out>" + std::string(check::level_name(finding.level)) + ": " +
                xml(finding.message) + "\nfix: " + xml(finding.fix) + "</system-out>\n";
    }
    return text + "  </testcase>\n";
}

/// That it was checked at all: there is a case where there are no findings.
std::string case_of_check(const CheckReport& image) {
    std::string text = "  <testcase" + attribute("classname", name_of(image)) +
                       attribute("name", "can be checked");
    if (!image.error) {
        return text + "/>\n";
    }
    return text + ">\n   <error" + attribute("type", image.error->code()) +
           attribute("message", problem_of(image)) + "/>\n  </testcase>\n";
}

}  // namespace

std::string check_junit(const CheckResult& result, const RenderOptions&) {
    Counts sum;
    std::string suites;
    for (const CheckReport& image : result.images) {
        const Counts counts = counts_of_cases(result, image);
        sum.tests += counts.tests;
        sum.failures += counts.failures;
        sum.errors += counts.errors;
        sum.skipped += counts.skipped;
        suites += " <testsuite" + attribute("name", name_of(image)) + counts.attributes() + ">\n";
        suites += case_of_check(image);
        for (const Finding& finding : image.findings) {
            suites += case_of(result, image, finding);
        }
        for (const std::string& policy : image.passed) {
            suites += "  <testcase" + attribute("classname", name_of(image)) +
                      attribute("name", policy) + "/>\n";
        }
        suites += " </testsuite>\n";
    }
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites" +
           attribute("name", "slimimg check") + sum.attributes() + ">\n" + suites +
           "</testsuites>\n";
}

}  // namespace slimimg::report
