#include <algorithm>
#include <sstream>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "slimimg/report/check_format.hpp"

#include "sample.hpp"

using namespace slimimg;
using check::Level;
using nlohmann::ordered_json;

namespace {

check::Finding finding(std::string policy, Level level, std::string message, std::string path) {
    const std::string subject = policy + path;
    return {.policy = std::move(policy),
            .level = level,
            .message = std::move(message),
            .fix = "do it otherwise",
            .path = std::move(path),
            .fingerprint = sha256(as_bytes(subject)).hex()};
}

/// An image that fails, with something for every part of a report; one that passes; one that
/// cannot be checked.
report::CheckedImages sample() {
    check::CheckReport failing{.name = "registry:5000/app:1.0",
                               .names = {"registry:5000/app:1.0"},
                               .source = "app.tar",
                               .digest = sha256(as_bytes("app")).str(),
                               .id = sha256(as_bytes("app")).str(),
                               .platform = "linux/amd64",
                               .archive_bytes = 12'000'000,
                               .bytes = 10'000'000,
                               .slim_bytes = 2'500'000};
    failing.layers = {{.diff_id = sha256(as_bytes("0")).str(),
                       .created_by = "ADD rootfs.tar /",
                       .stored = 11'000'000,
                       .bytes = 9'900'000,
                       .wasted = 100'000}};
    failing.efficiency = {.efficiency = 0.98, .wasted_bytes = 100'000, .wasted_percent = 0.02};
    failing.findings = {
        finding("unresolved", Level::error, "/app/serve needs library libx.so.1, which is missing",
                "/app/serve"),
        finding("entrypoint", Level::error,
                "100% wrong: a, b | c <b> @all \x1b[31m\xff\n::error::x", "/app/odd |name%\xff"),
        finding("unresolved", Level::warning, "/bin/sh is missing", "/app/start"),
        finding("unresolved", Level::note, "something of the config", ""),
        finding("unresolved", Level::error, "accepted for now", "/app/old")};
    failing.findings[0].layer = 0;
    failing.findings[0].bytes = 70'000;
    failing.findings[2].line = 7;
    failing.findings[4].waived = {.reason = "goes with 2.0", .until = "2027-01-31"};
    failing.diagnostics = {{.code = "waiver-unused", .message = "a waiver meets nothing"}};
    check::CheckReport passing{.name = "fine:1", .source = "fine.tar", .platform = "linux/arm64"};
    passing.passed = {"unresolved", "root-user"};
    check::CheckReport broken{.source = "broken.tar"};
    broken.error = Error(Exit::bad_input, "no-image", "broken.tar is no image", "save it again");
    report::CheckedImages result;
    result.images = {std::move(failing), std::move(passing), std::move(broken)};
    return result;
}

std::size_t count(std::string_view text, std::string_view wanted) {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = text.find(wanted, at)) != text.npos; at += wanted.size()) {
        ++found;
    }
    return found;
}

std::string rendered(std::string_view format, const report::CheckedImages& result) {
    return report::find_format(report::check_formats(), format)->render(result, {});
}

}  // namespace

TEST_CASE("each format of the check is as agreed") {
    test::check_golden("check.md", rendered("markdown", sample()));
    test::check_golden("check.junit.xml", rendered("junit", sample()));
    test::check_golden("check.github.txt", rendered("github", sample()));
    test::check_golden("check.code-quality.json", rendered("codequality", sample()));
}

TEST_CASE("SARIF is as agreed, and its rules are the policies") {
    ordered_json root = ordered_json::parse(rendered("sarif", sample()));
    ordered_json& run = root.at("runs").at(0);
    const ordered_json rules = run.at("tool").at("driver").at("rules");
    CHECK(rules.size() == check::policy_infos().size());
    for (ordered_json& result : run.at("results")) {
        CHECK(rules.at(result.at("ruleIndex").get<std::size_t>()).at("id") == result.at("ruleId"));
        result.erase("ruleIndex");
    }
    // What depends on the policies that there are is no part of the agreement.
    run.at("tool").at("driver").erase("rules");
    run.at("tool").at("driver").erase("semanticVersion");
    test::check_golden("check.sarif.json", root.dump(1) + '\n');
}

TEST_CASE("the data of the check's HTML is as agreed") {
    const std::string page = rendered("html", sample());
    const std::string_view begin = "<script type=\"application/json\" id=\"data\">";
    const std::size_t start = page.find(begin) + begin.size();
    const ordered_json data =
        ordered_json::parse(page.substr(start, page.find("</script>", start) - start));
    test::check_golden("check.html.json", data.dump(1) + '\n');
}

TEST_CASE("the check's HTML has the files of images that are told of") {
    report::CheckedImages result = sample();
    result.reports.push_back(report::make_report(test::sample_analysis(), {}));
    const std::string page = rendered("html", result);
    CHECK(page.find("libz.so.1.2") != page.npos);
    CHECK(page.find("libx.so.1, which is missing") != page.npos);
    CHECK(rendered("html", sample()).find("libz.so.1.2") == std::string::npos);
}

TEST_CASE("no format of the check passes control characters of an image on") {
    for (const auto& format : report::check_formats()) {
        const std::string text = format.render(sample(), {});
        const bool has = std::any_of(text.begin(), text.end(), [](char c) {
            return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f;
        });
        CHECK_FALSE_MESSAGE(has, format.name);
    }
}

TEST_CASE("every line for GitHub's runner is a command of ours") {
    std::istringstream lines(rendered("github", sample()));
    std::size_t commands = 0;
    for (std::string line; std::getline(lines, line); ++commands) {
        const bool ours = line.starts_with("::error title=") ||
                          line.starts_with("::warning title=") ||
                          line.starts_with("::notice title=");
        CHECK_MESSAGE(ours, line);
    }
    CHECK(commands == 5);  // three errors, of which one is the broken image; a waived one is none
}

TEST_CASE("GitHub gets ten annotations of a level, the last of them sums up") {
    report::CheckedImages result = sample();
    result.images.resize(1);
    const check::Finding one = result.images[0].findings[2];
    result.images[0].findings.assign(25, one);
    const std::string text = rendered("github", result);
    CHECK(count(text, "::warning ") == 10);
    CHECK(text.find("::warning title=16 more::") != text.npos);
    result.images[0].findings.assign(10, one);
    CHECK(rendered("github", result).find("more") == std::string::npos);
}

TEST_CASE("one image that can't be checked is not counted as one without findings") {
    report::CheckedImages result = sample();
    result.images.erase(result.images.begin(), result.images.end() - 1);
    const std::string text = rendered("text", result);
    CHECK(text.find("failed: not checked\n") != text.npos);
    CHECK(text.find("0 errors") == text.npos);
}

TEST_CASE("JUnit counts what it lists, by what fails the check") {
    report::CheckedImages result = sample();
    const std::string text = rendered("junit", result);
    CHECK(count(text, "<testcase") == 5 + 3 + 2);
    CHECK(count(text, "<failure") == 2);
    CHECK(count(text, "<skipped") == 1);
    CHECK(count(text, "<error ") == 1);
    CHECK(text.find("tests=\"10\" failures=\"2\" errors=\"1\" skipped=\"1\"") != text.npos);
    result.fail_on = Level::warning;
    CHECK(count(rendered("junit", result), "<failure") == 3);
    result.fail_on = Level::off;
    CHECK(count(rendered("junit", result), "<failure") == 0);
}

TEST_CASE(
    "fingerprints for GitLab are those of the findings, and of their image where several are") {
    report::CheckedImages result = sample();
    const auto prints = [](const report::CheckedImages& of) {
        std::vector<std::string> found;
        for (const auto& entry : ordered_json::parse(rendered("codequality", of))) {
            found.push_back(entry.at("fingerprint"));
        }
        return found;
    };
    const auto several = prints(result);
    CHECK(several.size() == 5);  // four that are not waived, and the image that is none
    result.images[0].name = "registry:5000/app:2.0";
    CHECK(prints(result) == several);
    result.images[0].name = "registry:5000/other:1.0";
    CHECK(prints(result) != several);
    result.images.resize(1);
    CHECK(prints(result)[0] == result.images[0].findings[0].fingerprint);
}
