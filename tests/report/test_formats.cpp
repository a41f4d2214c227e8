#include <set>
#include <sstream>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "slimimg/report/check_format.hpp"
#include "slimimg/report/difference.hpp"
#include "slimimg/report/explanation.hpp"
#include "slimimg/report/format.hpp"

#include "report/layout.hpp"
#include "sample.hpp"

using namespace slimimg;
using nlohmann::json;

namespace {

report::Report sample_report() {
    return report::make_report(test::sample_analysis(), {});
}

bool has_control_character(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f;
    });
}

}  // namespace

TEST_CASE("the text report of an analysis is as agreed") {
    test::check_golden("analyze.txt", report::render_text(sample_report(), {}));
}

TEST_CASE("the text report of a rebuild is as agreed") {
    test::check_golden("rebuild.txt",
                       report::render_text(report::make_report(test::sample_rebuild(), {}), {}));
}

TEST_CASE("the JSON report is as agreed") {
    test::check_golden("analyze.json", report::render_json(sample_report(), {}));
}

TEST_CASE("the Markdown report is as agreed") {
    test::check_golden("analyze.md", report::render_markdown(sample_report(), {}));
    test::check_golden(
        "rebuild.md", report::render_markdown(report::make_report(test::sample_rebuild(), {}), {}));
}

TEST_CASE("the data of the HTML report is as agreed") {
    const std::string page = report::render_html(sample_report(), {});
    const std::string_view begin = "<script type=\"application/json\" id=\"data\">";
    const std::size_t start = page.find(begin) + begin.size();
    const json data = json::parse(page.substr(start, page.find("</script>", start) - start));
    test::check_golden("analyze.html.json", data.dump(1) + '\n');
}

TEST_CASE("nothing of an image ends an element of the HTML report or starts one") {
    report::Report report = sample_report();
    const std::size_t elements = [&] {
        const std::string page = report::render_html(report, {});
        return static_cast<std::size_t>(std::count(page.begin(), page.end(), '<'));
    }();
    const std::string hostile = "</script><script>alert(1)</script><!-- <img src=x onerror=y>";
    report.image.name = hostile;
    report.image.layers[0].created_by = hostile;
    report.kept[0].path = "/" + hostile;
    report.kept[0].package = hostile;
    report.kept[0].reasons[0].detail = hostile;
    report.removed[0].path = "/" + hostile;
    report.diagnostics[0].message = hostile;
    report.unresolved[0].name = hostile;
    const std::string page = report::render_html(report, {});
    CHECK(std::count(page.begin(), page.end(), '<') == elements);
    CHECK(page.find("&lt;/script&gt;") != page.npos);
    CHECK(page.find("http") == page.rfind("http"));  // the policy's http-equiv, and no address
}

TEST_CASE("the text report fits 80 columns") {
    std::istringstream lines(report::render_text(sample_report(), {}));
    for (std::string line; std::getline(lines, line);) {
        CHECK_MESSAGE(report::width_of(line) <= report::page_width, line);
    }
}

TEST_CASE("the text report uses what a wider terminal has") {
    report::Report report = sample_report();
    report.image.layers[0].created_by = "/bin/sh -c " + std::string(300, 'x');
    std::size_t widest = 0;
    std::istringstream lines(report::render_text(report, {.width = 120}));
    for (std::string line; std::getline(lines, line);) {
        CHECK_MESSAGE(report::width_of(line) <= 120, line);
        widest = std::max(widest, report::width_of(line));
    }
    CHECK(widest > 110);
}

TEST_CASE("no report sends control characters from the image to a terminal") {
    for (const report::Format& format : report::formats()) {
        CHECK_FALSE(has_control_character(format.render(sample_report(), {})));
    }
}

TEST_CASE("colour adds escapes and nothing else") {
    const std::string plain = report::render_text(sample_report(), {});
    std::string coloured = report::render_text(sample_report(), {.color = true});
    CHECK(coloured != plain);
    for (std::size_t at = coloured.find('\x1b'); at != std::string::npos;
         at = coloured.find('\x1b')) {
        coloured.erase(at, coloured.find('m', at) + 1 - at);
    }
    CHECK(coloured == plain);
}

TEST_CASE("the rest of a long table is one row, and all of it where asked") {
    report::Report report = sample_report();
    report.packages.clear();
    for (int i = 0; i < 20; ++i) {
        report.packages.push_back({.manager = "dpkg",
                                   .name = "package" + std::to_string(i),
                                   .version = "1",
                                   .share = {.removed_files = 1, .removed_bytes = 1000}});
    }
    const std::string brief = report::render_text(report, {});
    CHECK(brief.find("package7 1") != brief.npos);
    CHECK(brief.find("package8 1") == brief.npos);
    CHECK(brief.find("12 more") != brief.npos);
    CHECK(brief.find("12.0 kB") != brief.npos);
    const std::string whole = report::render_text(report, {.verbose = true});
    CHECK(whole.find("package19 1") != whole.npos);
}

TEST_CASE("many diagnostics of one code are summed up") {
    report::Report report = sample_report();
    report.diagnostics.assign(100, {.severity = Severity::warning, .code = "elf-damaged"});
    const std::string text = report::render_text(report, {});
    CHECK(text.find("92 more of elf-damaged") != text.npos);
}

TEST_CASE("the JSON report has the promised keys") {
    const json root = json::parse(report::render_json(sample_report(), {}));
    CHECK(root.at("schema_version") == "1");
    for (const char* key : {"name", "digest", "format", "platform", "layers"}) {
        CHECK(root.at("image").contains(key));
    }
    for (const char* key : {"index", "diff_id", "created_by", "bytes"}) {
        CHECK(root.at("image").at("layers").at(0).contains(key));
    }
    for (const char* key : {"argv", "user", "workdir"}) {
        CHECK(root.at("program").contains(key));
    }
    for (const char* key : {"path", "type", "bytes", "layer", "reasons"}) {
        CHECK(root.at("kept").at(0).contains(key));
    }
    for (const char* key : {"rule", "from", "confidence", "detail"}) {
        CHECK(root.at("kept").at(0).at("reasons").at(0).contains(key));
    }
    for (const char* key : {"path", "type", "bytes", "layer", "package"}) {
        CHECK(root.at("removed").at(0).contains(key));
    }
    for (const char* key : {"name", "needed_by", "kind"}) {
        CHECK(root.at("unresolved").at(0).contains(key));
    }
    for (const char* key : {"severity", "code", "path", "message"}) {
        CHECK(root.at("diagnostics").at(0).contains(key));
    }
}

TEST_CASE("archive sizes are null in the JSON of an analysis and numbers in a rebuild's") {
    const json analysis = json::parse(report::render_json(sample_report(), {}));
    CHECK(analysis.at("reduction").at("archive_before_bytes").is_null());
    CHECK(analysis.at("reduction").at("archive_after_bytes").is_null());
    const json rebuild =
        json::parse(report::render_json(report::make_report(test::sample_rebuild(), {}), {}));
    CHECK(rebuild.at("reduction").at("archive_before_bytes").is_number());
    CHECK(rebuild.at("proof").at("programs") == 2);
}

TEST_CASE("each format has a name, an ending and a renderer of its own") {
    const auto check = [](const auto& formats) {
        std::set<std::string_view> names;
        std::set<std::string_view> extensions;
        for (const auto& format : formats) {
            CHECK(names.insert(format.name).second);
            CHECK(extensions.insert(format.extension).second);
            CHECK(report::find_format(formats, format.name) == &format);
            const bool renders = format.render != nullptr;
            CHECK(renders);
        }
        CHECK(report::find_format(formats, "nonsense") == nullptr);
    };
    check(report::formats());
    check(report::explanation_formats());
    check(report::check_formats());
    check(report::difference_formats());
}
