#include <algorithm>
#include <filesystem>
#include <functional>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include "slimimg/base/error.hpp"

#include "fixture.hpp"
#include "slim/new_image.hpp"
#include "support/elf.hpp"

using namespace slimimg;
using archive::Codec;
using image::Format;

namespace {

constexpr const char* config_json = R"({
    "architecture": "amd64", "os": "linux", "created": "2024-02-29T12:00:00Z",
    "config": {"Entrypoint": ["/bin/app"], "Labels": {"a": "b"}, "WorkingDir": "/work",
               "OnBuild": ["RUN x"]},
    "history": [{"created": "2024-02-28T00:00:00Z", "created_by": "ADD base"},
                {"created": "2024-02-29T12:00:00Z", "created_by": "ENTRYPOINT", "empty_layer": true},
                {"created": "2024-02-29T12:00:00Z", "created_by": "COPY app"}],
    "x-unknown": 7})";

std::string app(const std::vector<std::string>& needed = {"liba.so"}) {
    return test::elf({.interpreter = "/lib64/ld-linux-x86-64.so.2",
                      .needed = needed,
                      .symbols = {{.name = "a", .defined = false}}});
}

/// A program, its loader and library, and much that it does not need, in two layers.
std::string application(const std::vector<std::string>& needed = {"liba.so"}) {
    const std::string base = test::tar(
        {test::file("lib64/ld-linux-x86-64.so.2", test::elf({.soname = "ld-linux-x86-64.so.2"}),
                    0755),
         test::file("lib/liba.so", test::elf({.soname = "liba.so", .symbols = {{.name = "a"}}})),
         test::file("usr/share/doc/large", std::string(100000, 'x')),
         test::symlink("lib/liba-link.so", "liba.so")});
    const std::string top = test::tar(
        {test::file("bin/app", app(needed), 0755), test::hardlink("bin/other-name", "bin/app")});
    return test::docker_archive(config_json, {base, top});
}

slim::Rebuild rebuild(const std::string& input, const slim::RebuildOptions& options,
                      const slim::AnalyzeOptions& what = {}, unsigned threads = 2) {
    RunOptions run;
    run.threads = threads;
    return slim::rebuild(input, what, options, run);
}

/// The tree of an image on disk.
rootfs::Rootfs tree_of_image(const image::Image& image) {
    return rootfs::Rootfs::merge(image::scan_layers(image, {}), {});
}

std::string error_of(const std::function<void()>& work, Exit status) {
    try {
        work();
    } catch (const Error& error) {
        CHECK(error.status() == status);
        return error.message();
    }
    return "no error";
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

}  // namespace

TEST_CASE("a rebuilt image holds the program, what it links and the folders of any root") {
    const test::Folder folder;
    const std::string input = folder.file("app.tar", application());
    const slim::Rebuild result = rebuild(input, {.output = folder / "slim.tar"});
    const image::Image written = image::read_image(folder / "slim.tar", {}, {});
    const rootfs::Rootfs tree = tree_of_image(written);
    CHECK(tree.find("/bin/app"));
    CHECK(tree.find("/lib/liba.so"));
    CHECK(tree.find("/lib64/ld-linux-x86-64.so.2"));
    CHECK(tree.find("/work"));
    CHECK(tree.find("/tmp"));
    CHECK_FALSE(tree.find("/usr/share/doc/large"));
    CHECK(written.layers.size() == 1);
    CHECK(result.proof.programs == 1);
    CHECK(result.proof.libraries == 2);
    CHECK(result.proof.symbols == 1);
    CHECK(result.proof.failures.empty());
    CHECK(result.analysis.before_bytes > 100000);
    CHECK(result.after_bytes == result.analysis.plan.bytes);
    CHECK(result.archive_after_bytes == test::read_file(folder / "slim.tar").size());
    CHECK(folder.names() == std::vector<std::string>{"app.tar", "slim.tar"});
}

TEST_CASE("the config stays, with keys that slimimg does not know, and tells its history") {
    const test::Folder folder;
    const std::string input = folder.file("app.tar", application());
    rebuild(input, {.output = folder / "slim.tar"});
    const image::Image written = image::read_image(folder / "slim.tar", {}, {});
    const image::Config& config = written.config;
    CHECK(config.created == "2024-02-29T12:00:00Z");
    CHECK(config.entrypoint == std::vector<std::string>{"/bin/app"});
    CHECK(config.labels.at("a") == "b");
    CHECK(contains(config.raw, "x-unknown"));
    CHECK(contains(config.raw, "OnBuild"));
    REQUIRE(config.history.size() == 4);
    CHECK(config.history[0].created_by == "ADD base");
    CHECK(config.history[0].empty_layer);
    CHECK(config.history[2].empty_layer);
    CHECK_FALSE(config.history[3].empty_layer);
    CHECK(contains(config.history[3].created_by, "slimimg "));
    CHECK(contains(config.history[3].created_by, ": kept 4 of 5 files of 2 layers"));
    CHECK(config.history[3].created == "2024-02-29T12:00:00Z");
    CHECK(written.names == std::vector<std::string>{"app:1.0-slim"});
}

TEST_CASE("SOURCE_DATE_EPOCH is the time of the image and of what was made") {
    const test::Folder folder;
    const std::string input = folder.file("app.tar", application());
    const test::Variable epoch("SOURCE_DATE_EPOCH", "1000000000");
    rebuild(input, {.output = folder / "slim.tar"});
    const image::Image written = image::read_image(folder / "slim.tar", {}, {});
    CHECK(written.config.created == "2001-09-09T01:46:40Z");
    const rootfs::Rootfs tree = tree_of_image(written);
    CHECK(tree[*tree.find("/work")].header.mtime.seconds == 1000000000);
    CHECK(tree[*tree.find("/bin/app")].header.mtime.seconds == 1700000000);
}

TEST_CASE("every format and compression holds the same tree, with the same bytes each time") {
    const test::Folder folder;
    const std::string input = folder.file("app.tar", application());
    std::optional<Digest> diff_id;
    for (const Format format : {Format::docker, Format::oci, Format::oci_dir}) {
        for (const Codec codec : {Codec::none, Codec::gzip, Codec::zstd}) {
            CAPTURE(image::format_name(format));
            CAPTURE(archive::codec_name(codec));
            slim::RebuildOptions options{.output = folder / "one",
                                         .format = format,
                                         .compression = archive::Compression{codec, {}},
                                         .names = {"new:tag"}};
            rebuild(input, options, {}, 1);
            const image::Image one = image::read_image(folder / "one", {}, {});
            options.output = folder / "four";
            rebuild(input, options, {}, 4);
            const image::Image four = image::read_image(folder / "four", {}, {});
            CHECK(one.format == format);
            CHECK(one.config_digest == four.config_digest);
            CHECK(one.manifest_digest == four.manifest_digest);
            CHECK(one.layers.at(0).blob.text() == four.layers.at(0).blob.text());
            CHECK(archive::detect_codec(one.layers.at(0).blob.bytes) == codec);
            CHECK(diff_id.value_or(one.layers.at(0).diff_id) == one.layers.at(0).diff_id);
            diff_id = one.layers.at(0).diff_id;
            CHECK(one.names == std::vector<std::string>{"new:tag"});
            if (format != Format::oci_dir) {
                CHECK(test::read_file(folder / "one") == test::read_file(folder / "four"));
            }
            std::filesystem::remove_all(folder / "one");
            std::filesystem::remove_all(folder / "four");
        }
    }
}

TEST_CASE("a rebuilt image can be rebuilt again and loses nothing more") {
    const test::Folder folder;
    const std::string input = folder.file("app.tar", application());
    rebuild(input, {.output = folder / "slim.tar"});
    const slim::Rebuild again =
        rebuild(folder / "slim.tar", {.output = folder / "again.tar", .names = {"app:2"}});
    const image::Image first = image::read_image(folder / "slim.tar", {}, {});
    const image::Image second = image::read_image(folder / "again.tar", {}, {});
    CHECK(first.layers.at(0).diff_id == second.layers.at(0).diff_id);
    REQUIRE(again.proof.diagnostics.size() == 1);
    CHECK(again.proof.diagnostics[0].code == "not-smaller");
}

TEST_CASE("an image that expands so far that it would not be read again is told") {
    const test::Folder folder;
    const std::string input = folder.file("app.tar", application());
    slim::AnalyzeOptions what;
    what.request.include = {"/usr/share/doc/large"};
    RunOptions few;
    few.limits.expansion_floor = 100'000;
    few.limits.expansion_ratio = 10;
    const auto told = [&](Codec codec, const RunOptions& run) {
        const slim::Rebuild result = slim::rebuild(
            input, what,
            {.output = folder / "slim.tar", .compression = archive::Compression{codec, {}}}, run);
        const auto& diagnostics = result.proof.diagnostics;
        return std::any_of(diagnostics.begin(), diagnostics.end(),
                           [](const Diagnostic& each) { return each.code == "expands-far"; });
    };
    CHECK(told(Codec::zstd, few));
    CHECK_FALSE(told(Codec::none, few));
    CHECK_FALSE(told(Codec::zstd, {}));
}

TEST_CASE("where a library is missing nothing is written, unless it is allowed to be missing") {
    const test::Folder folder;
    const std::string input = folder.file("app.tar", application({"liba.so", "libgone.so.1"}));
    const std::string message =
        error_of([&] { rebuild(input, {.output = folder / "slim.tar"}); }, Exit::unresolved);
    CHECK(contains(message, "libgone.so.1 (library of /bin/app)"));
    CHECK(folder.names() == std::vector<std::string>{"app.tar"});

    slim::AnalyzeOptions what;
    what.request.allow_missing = {"libgone.so.*"};
    rebuild(input, {.output = folder / "slim.tar"}, what);
    CHECK(folder.names() == std::vector<std::string>{"app.tar", "slim.tar"});
}

TEST_CASE("where the proof fails nothing is written, and what stood there stays") {
    const test::Folder folder;
    const std::string lib = test::elf({.soname = "liba.so", .version_definitions = {"liba.so"}});
    const std::string program = test::elf({.interpreter = "/lib64/ld-linux-x86-64.so.2",
                                           .needed = {"liba.so"},
                                           .version_needs = {{"liba.so", {{"A_2"}}}}});
    const std::string layer =
        test::tar({test::file("lib64/ld-linux-x86-64.so.2",
                              test::elf({.soname = "ld-linux-x86-64.so.2"}), 0755),
                   test::file("lib/liba.so", lib), test::file("bin/app", program, 0755)});
    const std::string input = folder.file("app.tar", test::docker_archive(config_json, {layer}));
    folder.file("slim.tar", "what stood there");
    const std::string message =
        error_of([&] { rebuild(input, {.output = folder / "slim.tar"}); }, Exit::unresolved);
    CHECK(contains(message, "A_2 (version of /bin/app)"));
    CHECK(test::read_file(folder / "slim.tar") == "what stood there");
    CHECK(folder.names() == std::vector<std::string>{"app.tar", "slim.tar"});

    slim::AnalyzeOptions what;
    what.request.allow_missing = {"A_2"};
    const slim::Rebuild allowed = rebuild(input, {.output = folder / "slim.tar"}, what);
    REQUIRE(allowed.proof.failures.size() == 1);
    CHECK(allowed.proof.failures[0].allowed);
    REQUIRE_FALSE(allowed.proof.diagnostics.empty());
    CHECK(allowed.proof.diagnostics[0].code == "missing-allowed");
    CHECK(allowed.proof.diagnostics[0].path == "/bin/app");
}

TEST_CASE("an image that names no program is not rebuilt to nothing") {
    const test::Folder folder;
    const std::string base = test::docker_archive(
        R"({"architecture": "amd64", "os": "linux"})",
        {test::tar({test::file("etc/os-release", "x"), test::file("bin/sh", "x", 0755)})});
    const std::string input = folder.file("base.tar", base);
    const std::string message =
        error_of([&] { rebuild(input, {.output = folder / "slim.tar"}); }, Exit::usage);
    CHECK(contains(message, "names no program"));
    CHECK(folder.names() == std::vector<std::string>{"base.tar"});
    slim::AnalyzeOptions what;
    what.request.include = {"/bin/sh"};
    rebuild(input, {.output = folder / "slim.tar"}, what);
    CHECK(folder.names() == std::vector<std::string>{"base.tar", "slim.tar"});
}

TEST_CASE("an image goes to standard output only once it is proved") {
    const test::Folder folder;
    const std::string input = folder.file("app.tar", application());
    rebuild(input, {.output = folder / "slim.tar"});
    const int saved = dup(STDOUT_FILENO);
    const int file = open((folder / "piped").c_str(), O_CREAT | O_WRONLY, 0600);
    REQUIRE(file >= 0);
    dup2(file, STDOUT_FILENO);
    const slim::Rebuild result = rebuild(input, {.output = "-"});
    dup2(saved, STDOUT_FILENO);
    close(file);
    close(saved);
    CHECK(test::read_file(folder / "piped") == test::read_file(folder / "slim.tar"));
    CHECK(result.archive_after_bytes == test::read_file(folder / "piped").size());
}

TEST_CASE("the new names are those asked for, else the source's with -slim at the tag") {
    const auto names = [](const std::vector<std::string>& source, Format format = Format::docker) {
        return slim::new_names(source, {}, format);
    };
    using Names = std::vector<std::string>;
    CHECK(names({"app:1.0", "registry:5000/team/app:2"}) ==
          Names{"app:1.0-slim", "registry:5000/team/app:2-slim"});
    CHECK(names({"registry:5000/app"}) == Names{"registry:5000/app-slim:latest"});
    CHECK(names({"latest"}, Format::oci) == Names{"latest-slim"});
    CHECK(names({"app:1@sha256:00"}) == Names{"app:1-slim"});
    CHECK(names({}).empty());
    CHECK(slim::new_names({"app:1.0"}, {"mine:1", "mine:2"}, Format::oci) ==
          Names{"mine:1", "mine:2"});
    CHECK(slim::new_names({"app:1.0"}, {"mine:1", "mine:2", "mine:1"}, Format::oci) ==
          Names{"mine:1", "mine:2"});
}

TEST_CASE("without a choice the layer is compressed as the source's, where an engine loads that") {
    const test::Folder folder;
    const std::string input = folder.file("app.tar", application());
    const auto codec_of = [&](const std::string& from, const std::string& name,
                              std::optional<Format> format, std::optional<Codec> codec) {
        slim::RebuildOptions options{.output = folder / name, .format = format};
        if (codec) {
            options.compression = archive::Compression{*codec, {}};
        }
        rebuild(from, options);
        const image::Image written = image::read_image(folder / name, {}, {});
        return archive::detect_codec(written.layers.at(0).blob.bytes);
    };
    CHECK(codec_of(input, "plain", std::nullopt, std::nullopt) == Codec::none);
    CHECK(codec_of(input, "gzip", Format::oci, Codec::gzip) == Codec::gzip);
    CHECK(codec_of(input, "zstd", Format::oci, Codec::zstd) == Codec::zstd);
    CHECK(codec_of(folder / "gzip", "gzip2", std::nullopt, std::nullopt) == Codec::gzip);
    CHECK(codec_of(folder / "zstd", "zstd2", std::nullopt, std::nullopt) == Codec::zstd);
    CHECK(codec_of(folder / "zstd", "docker", Format::docker, std::nullopt) == Codec::gzip);
}
