#include <sstream>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "slimimg/report/difference.hpp"

#include "report/layout.hpp"
#include "report/markdown_page.hpp"
#include "sample.hpp"
#include "support/tree.hpp"

using namespace slimimg;
using report::Difference;
using Change = Difference::Change;

namespace {

using test::file;
using test::folder;
using test::symlink;

std::string status(std::string_view version, std::string_view extra) {
    return "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: " +
           std::string(version) + "\n\nPackage: " + std::string(extra) +
           "\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.0-1\n\n";
}

std::string shared_layer() {
    return test::tar({folder("etc"), file("etc/os-release", "ID=debian\n"),
                      file("usr/share/doc/copyright", std::string(5'000, 'c'))});
}

std::string layer_before() {
    test::Member program = file("app/serve", std::string(100'000, 'a'), 0755);
    return test::tar({folder("app"), program, file("app/settings", "level=1\n", 0644),
                      file("app/old|name \x1b[31m`@x", std::string(700, 'o')),
                      symlink("app/current", "releases/1"), file("app/becomes-folder", "text"),
                      file("usr/lib/libc.so.6", std::string(1'900'000, 'l'), 0755),
                      file("usr/lib/libz.so.1.2", std::string(90'000, 'z'), 0755),
                      file("usr/bin/gone", std::string(30'000, 'g'), 0755),
                      file("var/lib/dpkg/status", status("2.36-9", "gone")),
                      file("var/lib/dpkg/info/libc6.list", "/usr/lib/libc.so.6\n"),
                      file("var/lib/dpkg/info/gone.list", "/usr/bin/gone\n")});
}

std::string layer_after() {
    test::Member settings = file("app/settings", "level=1\n", 0600);
    test::Member touched = file("usr/lib/libz.so.1.2", std::string(90'000, 'z'), 0755);
    touched.mtime += 60;
    return test::tar({folder("app"), file("app/serve", std::string(160'000, 'b'), 0755), settings,
                      symlink("app/current", "releases/2"), folder("app/becomes-folder"),
                      file("app/becomes-folder/data", std::string(2'000, 'd')),
                      file("usr/lib/libc.so.6", std::string(1'950'000, 'l'), 0755), touched,
                      file("opt/zlib/libz.so.1.3", std::string(95'000, 'Z'), 0755),
                      file("usr/bin/helper", std::string(40'000, 'h'), 0755),
                      file("var/lib/dpkg/status", status("2.36-10", "helper")),
                      file("var/lib/dpkg/info/libc6.list", "/usr/lib/libc.so.6\n"),
                      file("var/lib/dpkg/info/helper.list", "/usr/bin/helper\n")});
}

slim::Analysis analysis_of(std::string name, const std::vector<std::string>& layers) {
    rootfs::Rootfs tree = test::tree_of(layers);
    image::Image image;
    image.source = name + ".tar";
    image.names = {std::move(name)};
    image.config_digest = sha256(as_bytes(image.source));
    image.config.platform = {.os = "linux", .architecture = "amd64", .variant = ""};
    image.config.entrypoint = {"/app/serve"};
    for (std::size_t i = 0; i < layers.size(); ++i) {
        image.layers.push_back({.diff_id = tree.layers()[i].diff_id,
                                .blob = slice_of(layers[i]),
                                .created_by = i == 0 ? "ADD base" : "COPY app | tee @all"});
        image.archive_bytes += layers[i].size();
    }
    closure::PackageDb packages = closure::PackageDb::read(tree);
    std::uint64_t bytes = 0;
    for (rootfs::NodeId id = 0; id < tree.size(); ++id) {
        bytes += tree[id].is_file() ? tree[id].header.size : 0;
    }
    slim::Plan plan;
    const rootfs::NodeId program = tree.find("/app/serve").value();
    plan.items = {{.path = "/app/serve", .source = program, .header = tree[program].header}};
    plan.bytes = tree[program].header.size;
    return {.image = std::move(image),
            .rootfs = std::move(tree),
            .packages = std::move(packages),
            .plan = std::move(plan),
            .before_bytes = bytes};
}

closure::LoadedObject loaded(const slim::Analysis& analysis, std::string_view path,
                             std::string_view name) {
    return {.file = analysis.rootfs.find(path).value(), .name = name};
}

slim::Analysis earlier() {
    slim::Analysis analysis = analysis_of("app:1.0", {shared_layer(), layer_before()});
    analysis.image.config.user = "root";
    analysis.image.config.env = {"PATH=/usr/bin", "LEVEL=1"};
    analysis.image.config.volumes = {"/data"};
    analysis.closure.links = {{.program = analysis.rootfs.find("/app/serve").value(),
                               .objects = {loaded(analysis, "/app/serve", ""),
                                           loaded(analysis, "/usr/lib/libz.so.1.2", "libz.so.1"),
                                           loaded(analysis, "/usr/lib/libc.so.6", "libc.so.6")}},
                              {.program = analysis.rootfs.find("/usr/bin/gone").value()}};
    analysis.closure.unresolved = {{.name = "logger", .kind = "command", .required = false}};
    return analysis;
}

slim::Analysis later() {
    slim::Analysis analysis = analysis_of("app:1.1", {shared_layer(), layer_after()});
    analysis.image.config.user = "1000";
    analysis.image.config.env = {"PATH=/usr/bin", "TOKEN|=a`b"};
    analysis.closure.links = {{.program = analysis.rootfs.find("/app/serve").value(),
                               .objects = {loaded(analysis, "/app/serve", ""),
                                           loaded(analysis, "/opt/zlib/libz.so.1.3", "libz.so.1"),
                                           loaded(analysis, "/usr/lib/libc.so.6", "libc.so.6")}},
                              {.program = analysis.rootfs.find("/usr/bin/helper").value()}};
    analysis.closure.unresolved = {{.name = "libnew.so.2",
                                    .needed_by = analysis.rootfs.find("/app/serve"),
                                    .kind = "library"}};
    return analysis;
}

Difference difference() {
    return report::compare(earlier(), later());
}

const Difference::Entry* entry(const Difference& of, std::string_view path) {
    for (const Difference::Entry& known : of.entries) {
        if (known.path == path) {
            return &known;
        }
    }
    return nullptr;
}

}  // namespace

TEST_CASE("the difference as text, JSON and Markdown is as agreed") {
    test::check_golden("diff.txt", report::difference_text(difference(), {}));
    test::check_golden("diff.json", report::difference_json(difference(), {}));
    test::check_golden("diff.md", report::difference_markdown(difference(), {}));
}

TEST_CASE("each entry is told by what differs of it") {
    const Difference found = difference();
    REQUIRE(entry(found, "/app/serve") != nullptr);
    CHECK(entry(found, "/app/serve")->what == std::vector<std::string>{"content"});
    CHECK(entry(found, "/app/serve")->needed_after);
    CHECK(entry(found, "/app/settings")->what == std::vector<std::string>{"mode"});
    CHECK(entry(found, "/app/current")->what == std::vector<std::string>{"target"});
    CHECK(entry(found, "/app/becomes-folder")->what == std::vector<std::string>{"type"});
    CHECK(entry(found, "/usr/bin/gone")->change == Change::removed);
    CHECK(entry(found, "/usr/bin/gone")->package == "gone");
    CHECK(entry(found, "/usr/bin/helper")->change == Change::added);
}

TEST_CASE("what both have alike is not told, and a time alone is counted") {
    const Difference found = difference();
    CHECK(entry(found, "/etc/os-release") == nullptr);
    CHECK(entry(found, "/usr/lib/libz.so.1.2") == nullptr);
    CHECK(found.touched == 1);
    CHECK(found.shared_layers == 1);
    CHECK(found.layers.size() == 2);
}

TEST_CASE("sums by folder are those of the entries") {
    const Difference found = difference();
    std::int64_t of_folders = 0;
    for (const Difference::Folder& sum : found.folders) {
        of_folders += static_cast<std::int64_t>(sum.after_bytes) -
                      static_cast<std::int64_t>(sum.before_bytes);
    }
    CHECK(of_folders == static_cast<std::int64_t>(found.after.tree_bytes) -
                            static_cast<std::int64_t>(found.before.tree_bytes));
}

TEST_CASE("growth counts the layers, what a later one hides too") {
    const std::string hidden = test::tar({file("big", std::string(50'000, 'x'))});
    const std::string hiding = test::tar({file(".wh.big", "")});
    const auto before = analysis_of("a", {layer_before()});
    const auto after = analysis_of("b", {layer_before(), hidden, hiding});
    const Difference found = report::compare(before, after);
    CHECK(found.growth() == 50'000);
    CHECK(found.after.tree_bytes == found.before.tree_bytes);
    CHECK(found.same());
}

TEST_CASE("an image is the same as itself") {
    const Difference found = report::compare(earlier(), earlier());
    CHECK(found.same());
    CHECK(found.growth() == 0);
    CHECK(found.packages.empty());
    CHECK(found.libraries.empty());
    CHECK(found.now_missing.empty());
    CHECK(report::difference_text(found, {}).find("are the same") != std::string::npos);
    CHECK(report::difference_markdown(found, {}).find("are the same") != std::string::npos);
}

TEST_CASE("libraries from other files are told with their programs") {
    const Difference found = difference();
    REQUIRE(found.libraries.size() == 1);
    CHECK(found.libraries[0].name == "libz.so.1");
    CHECK(found.libraries[0].after == "/opt/zlib/libz.so.1.3");
    CHECK(found.libraries[0].programs == std::vector<std::string>{"/app/serve"});
    CHECK(found.programs_added == std::vector<std::string>{"/usr/bin/helper"});
    CHECK(found.programs_removed == std::vector<std::string>{"/usr/bin/gone"});
    CHECK(found.now_missing.size() == 1);
    CHECK(found.no_longer_missing.size() == 1);
}

TEST_CASE("the difference as text fits 80 columns") {
    std::istringstream lines(report::difference_text(difference(), {}));
    for (std::string line; std::getline(lines, line);) {
        CHECK_MESSAGE(report::width_of(line) <= report::page_width, line);
    }
}

TEST_CASE("nothing of an image is markup, a mention or the end of a cell") {
    CHECK(report::markdown_code("a|b") == "`a\\x7cb`");
    CHECK(report::markdown_code("`` a `") == "``` `` a ` ```");
    CHECK(report::markdown_code("\x1b[1m") == "`\\x1b[1m`");
    CHECK(report::markdown_text("<b>*x*_y_</b>") == "\\<b\\>\\*x\\*\\_y\\_\\</b\\>");
    CHECK(report::markdown_text("@all #1") == "@<!-- -->all #<!-- -->1");
    CHECK(report::markdown_text("https://x") == "https\\://x");
    CHECK(report::markdown_text("a: b") == "a: b");
}
