#include <algorithm>
#include <numeric>

#include <doctest/doctest.h>

#include "slimimg/report/report.hpp"

#include "sample.hpp"

using namespace slimimg;

namespace {

const report::Kept& kept(const report::Report& report, std::string_view path) {
    const auto found = std::find_if(report.kept.begin(), report.kept.end(),
                                    [&](const report::Kept& k) { return k.path == path; });
    REQUIRE(found != report.kept.end());
    return *found;
}

const report::Removed& removed(const report::Report& report, std::string_view path) {
    const auto found = std::find_if(report.removed.begin(), report.removed.end(),
                                    [&](const report::Removed& r) { return r.path == path; });
    REQUIRE(found != report.removed.end());
    return *found;
}

template <typename T, typename F>
std::uint64_t sum(const std::vector<T>& values, F bytes) {
    return std::accumulate(values.begin(), values.end(), std::uint64_t{0},
                           [&](std::uint64_t s, const T& value) { return s + bytes(value); });
}

}  // namespace

TEST_CASE("what stays and what goes add up to the image, before and after") {
    const report::Report report = report::make_report(test::sample_analysis(), {});
    CHECK(sum(report.kept, [](const auto& k) { return k.bytes; }) == report.reduction.after);
    CHECK(sum(report.kept, [](const auto& k) { return k.source_bytes; }) +
              sum(report.removed, [](const auto& r) { return r.bytes; }) ==
          report.reduction.before);
}

TEST_CASE("kinds, packages and rules each account for every byte") {
    const report::Report report = report::make_report(test::sample_analysis(), {});
    const auto kept_bytes = [](const auto& row) { return row.share.kept_bytes; };
    const auto removed_bytes = [](const auto& row) { return row.share.removed_bytes; };
    CHECK(sum(report.kinds, kept_bytes) == report.reduction.after);
    CHECK(sum(report.packages, kept_bytes) == report.reduction.after);
    CHECK(sum(report.rules, [](const auto& r) { return r.bytes; }) == report.reduction.after);
    CHECK(sum(report.kinds, removed_bytes) == sum(report.packages, removed_bytes));
    CHECK(sum(report.image.layers, [](const auto& l) { return l.kept; }) ==
          sum(report.kept, [](const auto& k) { return k.source_bytes; }));
}

TEST_CASE("every kept path has a reason") {
    const report::Report report = report::make_report(test::sample_analysis(), {});
    for (const report::Kept& entry : report.kept) {
        CHECK_MESSAGE(!entry.reasons.empty(), entry.path);
    }
}

TEST_CASE("a reason names the rule, the file that asks, and what was found") {
    const report::Report report = report::make_report(test::sample_analysis(), {});
    const report::Reason& reason = kept(report, "/usr/lib/libz.so.1").reasons.front();
    CHECK(reason.rule == "link");
    CHECK(reason.from == "/app/serve");
    CHECK(reason.confidence == "required");
    CHECK(reason.detail == "NEEDED libz.so.1, found in /usr/lib");
    CHECK(kept(report, "/app/start").reasons.front().from.empty());
}

TEST_CASE("what slimimg makes has no layer, what it changes keeps its layer") {
    const report::Report report = report::make_report(test::sample_analysis(), {});
    CHECK_FALSE(kept(report, "/tmp").layer.has_value());
    CHECK(kept(report, "/tmp").reasons.front().rule == "made");
    const report::Kept& changed = kept(report, "/etc/passwd");
    CHECK(changed.layer == 0);
    CHECK(changed.source_bytes == 30);
    CHECK(changed.bytes == 36);
    CHECK(changed.reasons.front().detail == "users that the image runs as");
}

TEST_CASE("a file with two names that go is counted once") {
    const report::Report report = report::make_report(test::sample_analysis(), {});
    CHECK(removed(report, "/usr/share/doc/dash/copyright").bytes == 9000);
    CHECK(removed(report, "/usr/share/doc/dash/license").bytes == 0);
    CHECK(removed(report, "/usr/share/doc/dash/license").type == "hardlink");
}

TEST_CASE("a file with a name that stays costs nothing where its other name goes") {
    slim::Analysis analysis = test::sample_analysis();
    const auto node = analysis.rootfs.find("/usr/share/doc/dash/license").value();
    analysis.plan.items.push_back({.path = analysis.rootfs[node].path,
                                   .source = node,
                                   .header = analysis.rootfs[node].header});
    const report::Report report = report::make_report(analysis, {});
    CHECK(kept(report, "/usr/share/doc/dash/license").bytes == 9000);
    CHECK(removed(report, "/usr/share/doc/dash/copyright").bytes == 0);
}

TEST_CASE("removed files name their package, layer and the evidence that was too weak") {
    const report::Report report = report::make_report(test::sample_analysis(), {});
    const report::Removed& dpkg = removed(report, "/usr/bin/dpkg");
    CHECK(dpkg.package == "dpkg");
    CHECK(dpkg.layer == 0);
    REQUIRE(dpkg.hints.size() == 1);
    CHECK(dpkg.hints[0].rule == "constant-string");
}

TEST_CASE("the attack surface is counted before and after") {
    const report::Report report = report::make_report(test::sample_analysis(), {});
    CHECK(report.surface_before.packages == 3);
    CHECK(report.surface_after.packages == 2);
    CHECK(report.surface_before.elf_files == 6);
    CHECK(report.surface_after.elf_files == 4);
    CHECK(report.surface_before.package_managers.size() == 1);
    CHECK(report.surface_after.package_managers.empty());
    CHECK(report.surface_before.set_id_files.size() == 1);
    CHECK(report.surface_after.set_id_files.empty());
    CHECK(report.surface_after.shells.size() == 2);
}

TEST_CASE("the reduction is a hundred times what goes by what there was") {
    CHECK(report::Reduction{.before = 200, .after = 50}.percent() == doctest::Approx(75));
    CHECK(report::Reduction{.before = 100, .after = 150}.percent() == doctest::Approx(-50));
    CHECK(report::Reduction{.before = 0, .after = 0}.percent() == 0);
}

TEST_CASE("the program is the user's where one is asked for") {
    CHECK(report::make_report(test::sample_analysis(), {}).program.commands ==
          std::vector<std::vector<std::string>>{{"/app/start", "--greeting", "it's me"}});
    closure::Request request;
    request.entrypoints = {{"/app/serve"}};
    const report::Report report = report::make_report(test::sample_analysis(), request);
    CHECK(report.program.commands == request.entrypoints);
    CHECK(report.program.by_request);
}

TEST_CASE("a diagnostic that several steps have is told once") {
    slim::Analysis analysis = test::sample_analysis();
    analysis.image.diagnostics = analysis.closure.diagnostics;
    CHECK(report::make_report(analysis, {}).diagnostics.size() == 2);
}

TEST_CASE("a rebuild's report has the archive's sizes and the proof") {
    const report::Report report = report::make_report(test::sample_rebuild(), {});
    CHECK(report.command == "rebuild");
    CHECK(report.reduction.archive_before.value() > 0);
    CHECK(report.reduction.archive_after.value() == report.reduction.after + 20'000);
    CHECK(report.proof.value().symbols == 1234);
}
