#include <doctest/doctest.h>

#include "checked.hpp"
#include "support/elf.hpp"

using namespace slimimg;
using test::Checked;
using Texts = std::vector<std::string>;

namespace {

std::string program(std::vector<std::string> needed = {"liba.so"}) {
    return test::elf({.interpreter = "/lib/ld.so", .needed = std::move(needed)});
}

std::string base_layer() {
    return test::tar({test::folder("bin"), test::folder("lib"),
                      test::file("lib/ld.so", test::elf({.soname = "ld.so"}), 0755),
                      test::file("lib/liba.so", test::elf({.soname = "liba.so"}))});
}

constexpr const char* runs_app = R"({"Entrypoint": ["/bin/app"]})";

}  // namespace

TEST_CASE("a program that is there, links and is for the platform is fine") {
    const Checked checked({base_layer(), test::tar({test::file("bin/app", program(), 0755)})},
                          runs_app);
    CHECK_FALSE(checked.finds("entrypoint"));
    CHECK_FALSE(checked.finds("unresolved"));
    CHECK(checked.report.name == "app:1.0");
    CHECK(checked.report.layers.size() == 2);
}

TEST_CASE("an entrypoint that is missing is told, one that a volume brings is not") {
    CHECK(Checked({base_layer()}, runs_app).of("entrypoint") ==
          Texts{"ENTRYPOINT starts /bin/app, which is not in the image"});
    CHECK(Checked({base_layer()}, R"({"Cmd": ["app"]})").of("entrypoint") ==
          Texts{"CMD starts app, which is in no folder of PATH"});
    CHECK_FALSE(Checked({base_layer()}, R"({"Entrypoint": ["/bin/app"], "Volumes": {"/bin": {}}})")
                    .finds("entrypoint"));
}

TEST_CASE("an entrypoint is looked up as execvp does") {
    const std::string app = test::tar(
        {test::file("srv/app", program(), 0755), test::symlink("bin/link", "../srv/app")});
    for (const char* container :
         {R"({"Entrypoint": ["./app"], "WorkingDir": "/srv"})", R"({"Entrypoint": ["link"]})",
          R"({"Cmd": ["app"], "Env": ["PATH=/none:/srv"]})"}) {
        CHECK_FALSE(Checked({base_layer(), app}, container).finds("entrypoint"));
    }
    CHECK(Checked({base_layer(), app}, R"({"Cmd": ["app"]})").finds("entrypoint"));
}

TEST_CASE("an entrypoint without an x bit is told with its file") {
    const Checked checked({base_layer(), test::tar({test::file("bin/app", program(), 0644)})},
                          runs_app);
    const check::Finding& finding = checked.one("entrypoint");
    CHECK(finding.message == "ENTRYPOINT starts /bin/app, which is not executable");
    CHECK(finding.path == "/bin/app");
    CHECK(finding.layer == 1);
    CHECK(finding.level == check::Level::error);
    CHECK(finding.fingerprint.size() == 64);
}

TEST_CASE("an entrypoint that the kernel takes for no program is told") {
    const auto starts = [](const std::string& content, const char* config = runs_app) {
        return Checked({base_layer(), test::tar({test::file("bin/app", content, 0755),
                                                 test::file("bin/sh", program({}), 0755)})},
                       config)
            .of("entrypoint");
    };
    CHECK(starts("echo started\n") ==
          Texts{"ENTRYPOINT starts /bin/app, a script whose first line is no #! line: "
                "\"exec format error\""});
    CHECK(starts("") == Texts{"ENTRYPOINT starts /bin/app, which is empty"});
    CHECK(starts("#!/bin/sh\n").empty());
    CHECK(starts(std::string("MZ\0 a format that somebody registered", 38)).empty());
    CHECK(starts("echo started\n", R"({"Entrypoint": ["/bin/sh", "/bin/app"]})").empty());
}

TEST_CASE("a script with Windows' line ends is no mystery") {
    const auto unresolved = [](const std::string& first_line) {
        return Checked({base_layer(), test::tar({test::file("bin/app", first_line, 0755),
                                                 test::file("bin/sh", program({}), 0755),
                                                 test::file("bin/env", program({}), 0755)})},
                       runs_app);
    };
    const Checked checked = unresolved("#!/bin/sh\r\nexec true\r\n");
    const check::Finding& finding = checked.one("unresolved");
    CHECK(finding.path == "/bin/app");
    CHECK(finding.message.find("carriage return") != std::string::npos);
    CHECK(finding.fix.find("save the script with Unix line ends") == 0);
    CHECK(unresolved("#!/bin/env sh\r\n").finds("unresolved"));
    CHECK_FALSE(unresolved("#!/bin/sh\n").finds("unresolved"));
}

TEST_CASE("an entrypoint for another machine than the image's is told") {
    const std::string app = test::tar({test::file("bin/app", program(), 0755)});
    CHECK(Checked({base_layer(), app}, runs_app, {}, "arm64").of("entrypoint") ==
          Texts{"the program /bin/app is for x86-64, the image says it is for linux/arm64"});
    // A 64-bit kernel of x86 runs 32-bit programs too.
    const std::string narrow = test::tar(
        {test::file("bin/app", test::elf({.wide = false, .machine = 3, .dynamic = false}), 0755)});
    CHECK_FALSE(Checked({base_layer(), narrow}, runs_app).finds("entrypoint"));
}

TEST_CASE("a healthcheck is looked up like an entrypoint") {
    const std::string app = test::tar({test::file("bin/app", program(), 0755)});
    CHECK(Checked({base_layer(), app},
                  R"({"Entrypoint": ["/bin/app"], "Healthcheck": {"Test": ["CMD", "/bin/probe"]}})")
              .of("entrypoint") ==
          Texts{"HEALTHCHECK starts /bin/probe, which is not in the image"});
    CHECK_FALSE(
        Checked({base_layer(), app},
                R"({"Entrypoint": ["/bin/app"], "Healthcheck": {"Test": ["CMD", "/bin/app"]}})")
            .finds("entrypoint"));
}

TEST_CASE("a library that the program needs is missed, one that only others need is not") {
    const Checked checked(
        {base_layer(), test::tar({test::file("bin/app", program({"libb.so"}), 0755)})}, runs_app);
    const check::Finding& finding = checked.one("unresolved");
    CHECK(finding.message.starts_with("/bin/app needs library libb.so, which is missing"));
    CHECK(finding.path == "/bin/app");
    const std::string other = test::tar({test::file("bin/app", program(), 0755),
                                         test::file("opt/other", program({"libb.so"}), 0755)});
    CHECK_FALSE(Checked({base_layer(), other}, runs_app).finds("unresolved"));
}

TEST_CASE("an interpreter and a version that are missing are told") {
    const std::string loaderless = test::tar({test::file("bin/app", program({}), 0755)});
    CHECK(Checked({loaderless}, runs_app).finds("unresolved"));
    const std::string versioned = test::tar(
        {test::file("bin/app",
                    test::elf({.interpreter = "/lib/ld.so",
                               .needed = {"liba.so"},
                               .version_needs = {{.library = "liba.so", .versions = {{"A_2"}}}}}),
                    0755)});
    const auto library = [](const char* version) {
        return test::tar({test::file(
            "lib/liba.so",
            test::elf({.soname = "liba.so", .version_definitions = {"liba.so", version}}))});
    };
    CHECK(Checked({base_layer(), library("A_1"), versioned}, runs_app).of("version") ==
          Texts{"/bin/app needs version A_2, which /lib/liba.so does not define"});
    CHECK_FALSE(Checked({base_layer(), library("A_2"), versioned}, runs_app).finds("version"));
}
