#include "checked.hpp"

#include <doctest/doctest.h>

#include "slimimg/base/file.hpp"
#include "slimimg/image/reader.hpp"

#include "support/archive.hpp"

using namespace slimimg;

namespace test {
namespace {

check::CheckReport check_archive(const std::vector<std::string>& layers,
                                 const std::string& container, const check::CheckSettings& settings,
                                 const std::string& architecture) {
    const Folder folder;
    const std::string config = R"({"architecture": ")" + architecture +
                               R"(", "os": "linux", "config": )" + container + "}";
    const std::string file = folder.file("app.tar", docker_archive(config, layers));
    const slim::Analysis analysis = slim::analyze(file, {}, {});
    return check::check_image(analysis, settings, {.today = "2026-11-25"}, {});
}

}  // namespace

Checked::Checked(const std::vector<std::string>& layers, const std::string& container,
                 const check::CheckSettings& settings, const std::string& architecture)
    : report(check_archive(layers, container, settings, architecture)) {}

std::vector<std::string> Checked::of(std::string_view policy) const {
    std::vector<std::string> messages;
    for (const check::Finding& finding : report.findings) {
        if (finding.policy == policy) {
            messages.push_back(finding.message);
        }
    }
    return messages;
}

std::vector<std::string> Checked::paths_of(std::string_view policy) const {
    std::vector<std::string> paths;
    for (const check::Finding& finding : report.findings) {
        if (finding.policy == policy) {
            paths.push_back(finding.path);
        }
    }
    return paths;
}

const check::Finding& Checked::one(std::string_view policy) const {
    REQUIRE(of(policy).size() == 1);
    return *std::find_if(report.findings.begin(), report.findings.end(),
                         [&](const check::Finding& finding) { return finding.policy == policy; });
}

check::CheckSettings with_policy(std::string_view id) {
    REQUIRE(check::find_policy(id) != nullptr);
    check::CheckSettings settings;
    settings.levels.emplace(id, check::Level::error);
    return settings;
}

}  // namespace test
