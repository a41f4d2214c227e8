#include <doctest/doctest.h>

#include "slimimg/base/error.hpp"
#include "slimimg/check/check.hpp"

#include "checked.hpp"
#include "support/archive.hpp"

using namespace slimimg;
using check::CheckSettings;
using check::Level;
using check::parse_settings;
using test::Checked;

namespace {

const std::string two_programs =
    test::tar({test::file("app/a", "x", 04755), test::file("app/b", "x", 04755)});

CheckSettings settings_of(const std::string& text) {
    return parse_settings(text, "a.toml").general.check;
}

std::string error_of(const std::string& text) {
    try {
        static_cast<void>(parse_settings(text, "a.toml"));
    } catch (const Error& error) {
        return error.message() + " | " + error.hint();
    }
    return "none";
}

}  // namespace

TEST_CASE("a waiver covers the findings of a path until its day") {
    const auto check_with = [](const std::string& waiver) {
        return Checked(
            {two_programs}, "{}",
            settings_of("[[check.waiver]]\npolicy = \"set-id\"\nreason = \"r\"\n" + waiver));
    };
    CHECK(check_with("path = \"/app/a\"\n").report.waived() == 1);
    CHECK(check_with("path = \"/app/*\"\n").report.waived() == 2);
    CHECK(check_with("").report.waived() == 2);
    CHECK(check_with("until = 2026-11-25\n").report.waived() == 2);
    const Checked ended = check_with("until = 2026-11-24\n");
    CHECK(ended.report.waived() == 0);
    CHECK(ended.of("set-id").front().ends_with("; its waiver (r) ended on 2026-11-24"));
    const Checked unused = check_with("path = \"/none\"\n");
    REQUIRE(unused.report.diagnostics.size() == 1);
    CHECK(unused.report.diagnostics.front().code == "waiver-unused");
}

TEST_CASE("levels, limits and profiles are read, an image's own on top") {
    const check::SettingsFile file = parse_settings(R"(
        [check]
        profile = "distroless"
        fail-on = "never"
        [check.levels]
        set-id = "off"
        [check.limits]
        size = "1.5 MB"
        lowest-efficiency = 0.95
        [[image]]
        name = "app:*"
        check.limits.size = 7
        check.levels.shell = "note"
    )",
                                                    "a.toml");
    CHECK(file.general.check.fail_on == Level::off);
    const CheckSettings general = check::settings_for(file, {"web:1"}).check;
    CHECK(general.level_of(*check::find_policy("set-id")) == Level::off);
    CHECK(general.level_of(*check::find_policy("shell")) == Level::error);
    CHECK(general.thresholds.size == 1'500'000);
    CHECK(general.thresholds.lowest_efficiency == 0.95);
    const CheckSettings own = check::settings_for(file, {"app:1"}).check;
    CHECK(own.thresholds.size == 7);
    CHECK(own.level_of(*check::find_policy("shell")) == Level::note);
}

TEST_CASE("slips in the settings are told with the name that is near") {
    CHECK(error_of("[check.levels]\nsecrets = \"off\"\n") ==
          "a.toml, line 2: there is no policy secrets | did you mean secret?");
    CHECK(error_of("[check.levels]\nsecret = \"fatal\"\n").find("cannot be this") !=
          std::string::npos);
    CHECK(error_of("[check.limits]\nsise = 1\n") ==
          "a.toml, line 2: unknown key check.limits.sise | did you mean size?");
    CHECK(error_of("[check.limits]\nsize = \"large\"\n").find("is no size") != std::string::npos);
    CHECK(error_of("[[check.waiver]]\npolicy = \"set-id\"\n").find("has no reason") !=
          std::string::npos);
    for (const char* day : {"soon", "2027-13-01", "2027-02-29", "2027-00-10", "2027-1-10"}) {
        CAPTURE(day);
        CHECK(error_of("[[check.waiver]]\npolicy = \"set-id\"\nreason = \"r\"\nuntil = \"" +
                       std::string(day) + "\"\n")
                  .find("is no day") != std::string::npos);
    }
}

TEST_CASE("dive's rules are read as they stand, with its defaults") {
    CheckSettings settings;
    check::apply_dive_rules(
        "rules:\n  # a comment\n  lowestEfficiency: 0.95\n"
        "  highestWastedBytes: 20MB # more\n"
        "  highestUserWastedPercent: \"0.2\"\n",
        ".dive-ci", settings);
    CHECK(settings.thresholds.lowest_efficiency == 0.95);
    CHECK(settings.thresholds.highest_wasted_bytes == 20'000'000);
    CHECK(settings.thresholds.highest_wasted_percent == 0.2);
    CHECK(settings.levels.at("dive-efficiency") == Level::error);
    CheckSettings bare;
    check::apply_dive_rules("rules:\n  lowestEfficiency: disabled\n", ".dive-ci", bare);
    CHECK(bare.levels.at("dive-efficiency") == Level::off);
    CHECK(bare.levels.at("dive-wasted-bytes") == Level::off);
    CHECK(bare.thresholds.highest_wasted_percent == 0.1);
    CHECK_THROWS_AS(check::apply_dive_rules("rules:\n  lowestEfficiency: 95\n", "x", bare), Error);
}

TEST_CASE("the settings that --init writes let the same image pass") {
    const Checked before({two_programs}, "{}", test::with_policy("set-id"));
    check::CheckResult result;
    result.images.push_back(before.report);
    CHECK(result.status() == Exit::policy);
    CheckSettings settings = settings_of(check::initial_settings(result, {.until = "2027-11-25"}));
    settings.levels.emplace("set-id", Level::error);
    result.images = {Checked({two_programs}, "{}", settings).report};
    CHECK(result.status() == Exit::ok);
    CHECK(result.waived() == 2);
}

TEST_CASE("the settings that --init writes have the profile, and paths of every kind of name") {
    const std::string odd =
        test::tar({test::file("app/a[1]*?\\", "x", 04755), test::file("app/\x1b\xff\"", "x", 04755),
                   test::file("app/\u00fc", "x", 04755)});
    CheckSettings settings;
    settings.distroless = true;
    check::CheckResult result;
    result.images = {Checked({odd}, "{}", settings).report};
    CHECK(result.count(Level::error) == 3);
    const std::string text =
        check::initial_settings(result, {.until = "2027-11-25", .distroless = true});
    settings = settings_of(text);
    CHECK(settings.distroless);
    result.images = {Checked({odd}, "{}", settings).report};
    CHECK(result.status() == Exit::ok);
    CHECK(result.waived() == 3);
    CHECK(text.find("path = \"/app/\u00fc\"") != std::string::npos);
}

TEST_CASE("a baseline is a JSON report of check, analyze or rebuild") {
    const test::Folder folder;
    const std::string check_report = folder.file(
        "a.json",
        R"({"images": [{"name": "app:1", "bytes": 10}, {"name": "web:1", "bytes": 20}]})");
    CHECK(check::baseline_bytes(check_report, {"web:2"}) == 20);
    CHECK_FALSE(check::baseline_bytes(check_report, {"other:2"}));
    const std::string analysis =
        folder.file("b.json", R"({"image": {"name": "x"}, "reduction": {"before_bytes": 30}})");
    CHECK(check::baseline_bytes(analysis, {"other:2"}) == 30);
    CHECK_THROWS_AS(check::baseline_bytes(folder.file("c.json", "{"), {}), Error);
    CHECK_THROWS_AS(check::baseline_bytes(folder / "none", {}), Error);
}
