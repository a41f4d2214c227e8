#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "slimimg/base/error.hpp"
#include "slimimg/report/explanation.hpp"

#include "sample.hpp"

using namespace slimimg;
using report::Explanation;

namespace {

Explanation explained(std::string_view path) {
    return report::explain(test::sample_analysis(), path);
}

std::string told(std::string_view path) {
    return report::explanation_text(explained(path), {});
}

}  // namespace

TEST_CASE("a kept file is explained from a root, step by step") {
    const Explanation explanation = explained("/usr/lib/libz.so.1.2");
    CHECK(explanation.verdict == Explanation::Verdict::kept);
    REQUIRE(explanation.chain.size() == 4);
    CHECK(explanation.chain[0].path == "/app/start");
    CHECK(explanation.chain[0].reason.from.empty());
    CHECK(explanation.chain[1].path == "/app/serve");
    CHECK(explanation.chain[2].path == "/usr/lib/libz.so.1");
    CHECK(explanation.chain[3].path == "/usr/lib/libz.so.1.2");
    CHECK(explanation.chain[3].reason.rule == "symlink");
    test::check_golden("why-kept.txt", told("/usr/lib/libz.so.1.2"));
}

TEST_CASE("further reasons of a kept file are told after the chain") {
    const Explanation explanation = explained("/usr/lib/libc.so.6");
    REQUIRE(explanation.more.size() == 1);
    CHECK(explanation.more[0].from == "/usr/lib/libz.so.1.2");
}

TEST_CASE("a file that goes is explained by its package, layer and weak evidence") {
    const Explanation explanation = explained("/usr/bin/dpkg");
    CHECK(explanation.verdict == Explanation::Verdict::removed);
    CHECK(explanation.chain.empty());
    CHECK(explanation.package == "dpkg 1.21.22");
    CHECK(explanation.layer == 0);
    REQUIRE(explanation.more.size() == 1);
    test::check_golden("why-removed.txt", told("/usr/bin/dpkg"));
}

TEST_CASE("a file without any evidence is said to be named by nothing") {
    CHECK(told("/usr/share/doc/dash/copyright").find("nothing that stays needs it") !=
          std::string::npos);
}

TEST_CASE("a path through links tells the links and explains what they lead to") {
    const Explanation explanation = explained("/bin/sh");
    CHECK(explanation.path == "/usr/bin/dash");
    REQUIRE(explanation.links.size() == 2);
    CHECK(explanation.links[0].path == "/bin");
    CHECK(explanation.links[1].path == "/usr/bin/sh");
    CHECK(explanation.links[1].kept);
    test::check_golden("why-link.txt", told("/bin/sh"));
}

TEST_CASE("a link that leads nowhere is explained itself") {
    const Explanation explanation = explained("/etc/dangling");
    CHECK(explanation.dangles);
    CHECK(explanation.path == "/etc/dangling");
    CHECK(explanation.type == "symlink");
    CHECK(explanation.verdict == Explanation::Verdict::removed);
}

TEST_CASE("a folder is summed up by rules and its largest kept files") {
    const Explanation explanation = explained("/usr");
    REQUIRE(explanation.below.has_value());
    CHECK(explanation.below->kept_files == 3);
    CHECK(explanation.below->files == 8);
    CHECK(explanation.below->made_files == 0);
    CHECK(explanation.below->largest.front() == "/usr/lib/libc.so.6");
    test::check_golden("why-folder.txt", told("/usr"));
}

TEST_CASE("what slimimg makes is said to be made") {
    const Explanation explanation = explained("/tmp");
    CHECK(explanation.verdict == Explanation::Verdict::made);
    CHECK(told("/tmp").find("programs expect it") != std::string::npos);
}

TEST_CASE("a relative or untidy path is the image's") {
    CHECK(explained("app/../app//serve").path == "/app/serve");
}

TEST_CASE("a path that the image lacks is an error that proposes one") {
    const slim::Analysis analysis = test::sample_analysis();
    try {
        report::explain(analysis, "/usr/local/bin/dpkg");
        FAIL("no error");
    } catch (const Error& error) {
        CHECK(error.status() == Exit::usage);
        CHECK(error.hint().find("/usr/bin/dpkg") != std::string::npos);
    }
}

TEST_CASE("the JSON of an explanation has the chain from the root") {
    const auto root = nlohmann::json::parse(report::explanation_json(explained("/app/serve"), {}));
    CHECK(root.at("schema_version") == "1");
    CHECK(root.at("kept") == true);
    CHECK(root.at("chain").size() == 2);
    CHECK(root.at("chain").at(0).at("path") == "/app/start");
    CHECK(root.at("chain").at(0).at("from").is_null());
    const auto gone =
        nlohmann::json::parse(report::explanation_json(explained("/usr/bin/dpkg"), {}));
    CHECK(gone.at("kept") == false);
    CHECK(gone.at("hints").size() == 1);
}
