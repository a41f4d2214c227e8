#pragma once

#include <span>
#include <string>
#include <vector>

#include "slimimg/check/check.hpp"
#include "slimimg/report/format.hpp"

namespace slimimg::report {

/// What `slimimg check` found, and for the formats that show files too, what analyze says of the
/// images.
struct CheckedImages : check::CheckResult {
    /// By image, empty `command` where there is none; empty where no format needs them.
    std::vector<Report> reports;
};

/// Of what `slimimg check` found; the list is in format.cpp.
std::span<const FormatOf<CheckedImages>> check_formats();

std::string check_text(const check::CheckResult& result, const RenderOptions& options);
std::string check_json(const check::CheckResult& result, const RenderOptions& options);
std::string check_markdown(const check::CheckResult& result, const RenderOptions& options);
/// With the files of the images that `reports` tells of.
std::string check_html(const CheckedImages& result, const RenderOptions& options);
/// SARIF 2.1.0 (OASIS), one run for all images, with what GitHub's code scanning reads.
std::string check_sarif(const check::CheckResult& result, const RenderOptions& options);
/// JUnit's XML as Jenkins and GitLab read it: a suite an image, a case a finding and
/// one a policy that found nothing.
std::string check_junit(const check::CheckResult& result, const RenderOptions& options);
/// GitHub's workflow commands: annotations, ten of a level at most, for GitHub shows no more.
std::string check_github(const check::CheckResult& result, const RenderOptions& options);
/// GitLab's Code Quality report, without what is waived.
std::string check_codequality(const check::CheckResult& result, const RenderOptions& options);

}  // namespace slimimg::report
