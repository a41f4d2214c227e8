#include <functional>

#include <doctest/doctest.h>

#include "slimimg/base/error.hpp"
#include "slimimg/slim/base_style.hpp"

#include "fixture.hpp"
#include "support/elf.hpp"

using namespace slimimg;
using test::file;
using test::folder;

namespace {

constexpr const char* app_config =
    R"({"architecture":"amd64","os":"linux","created":"2024-02-29T12:00:00Z","config":{"Entrypoint":["/bin/app"]}})";

std::string loader() {
    return test::elf({.soname = "ld-linux-x86-64.so.2"});
}

std::string program(const std::vector<std::string>& needed) {
    return test::elf({.interpreter = "/lib64/ld-linux-x86-64.so.2", .needed = needed});
}

std::string image_of(const std::vector<test::Member>& members,
                     const std::string& config = app_config) {
    return test::docker_archive(config, {test::tar(members)});
}

/// A rebuilt image, read again.
struct Rebuilt {
    test::Folder folder;
    slim::Rebuild rebuild;
    image::Image image;
    rootfs::Rootfs tree;

    Rebuilt(const std::string& archive, slim::RebuildOptions options)
        : rebuild(make(archive, std::move(options))),
          image(image::read_image(folder / "slim.tar", {}, {})),
          tree(rootfs::Rootfs::merge(image::scan_layers(image, {}), {})) {}

    [[nodiscard]] bool has(std::string_view path) const { return tree.find(path).has_value(); }
    [[nodiscard]] const archive::Header& header(std::string_view path) const {
        REQUIRE_MESSAGE(has(path), path);
        return tree[*tree.find(path)].header;
    }
    [[nodiscard]] std::string text(std::string_view path) const {
        REQUIRE_MESSAGE(has(path), path);
        return std::string(tree.content(*tree.find(path)).text());
    }
    /// "code path" of the notes on the base.
    [[nodiscard]] std::vector<std::string> notes() const {
        std::vector<std::string> all;
        for (const auto* list : {&rebuild.analysis.plan.diagnostics, &rebuild.base_diagnostics}) {
            for (const Diagnostic& diagnostic : *list) {
                all.push_back(diagnostic.code + " " + diagnostic.path);
            }
        }
        return all;
    }

  private:
    slim::Rebuild make(const std::string& archive, slim::RebuildOptions options) const {
        options.output = folder / "slim.tar";
        if (!options.base_image.empty()) {
            options.base_image = folder.file("base.tar", options.base_image);
        }
        return slim::rebuild(folder.file("app.tar", archive), {}, options, {});
    }
};

std::string dynamic_image() {
    return image_of(
        {file("bin/app", program({"libstdc++.so.6"}), 0755),
         file("lib64/ld-linux-x86-64.so.2", loader(), 0755),
         file("usr/lib/x86_64-linux-gnu/libstdc++.so.6", test::elf({.soname = "libstdc++.so.6"})),
         file("usr/lib/x86_64-linux-gnu/libgomp.so.1.0", test::elf({.soname = "libgomp.so.1"})),
         test::symlink("usr/lib/x86_64-linux-gnu/libgomp.so.1", "libgomp.so.1.0"),
         file("usr/lib/i386-linux-gnu/libgomp.so.1", "of another machine"),
         file("etc/passwd", "root:x:0:0::/root:/bin/sh\nme:x:7:7::/:/bin/sh"),
         file("etc/services", "its own\n"), file("usr/share/zoneinfo/Europe/Vienna", "TZif2"),
         file("usr/share/zoneinfo/right/Europe/Vienna", "TZif2 with leap seconds")});
}

slim::RebuildOptions on_style(const std::string& style) {
    slim::RebuildOptions options;
    options.plan.base = style;
    return options;
}

}  // namespace

TEST_CASE("every base style is found by its name, each after those that it has the parts of") {
    std::vector<std::string_view> seen;
    for (const slim::BaseStyle* style : slim::all_base_styles()) {
        CHECK(slim::find_base_style(style->id) == style);
        CHECK_FALSE(style->summary.empty());
        if (style->below != nullptr) {
            CHECK(std::find(seen.begin(), seen.end(), style->below->id) != seen.end());
        }
        seen.push_back(style->id);
    }
    CHECK(slim::find_base_style("alpine") == nullptr);
}

TEST_CASE("what a style makes never takes the place of a folder, and never stands in a file") {
    const auto with = [](const std::vector<test::Member>& more) {
        std::vector<test::Member> members{file("bin/app", program({}), 0755),
                                          file("lib64/ld-linux-x86-64.so.2", loader(), 0755)};
        members.insert(members.end(), more.begin(), more.end());
        return image_of(members);
    };
    const Rebuilt folder_there(with({file("etc/passwd/data", "kept")}), [] {
        slim::RebuildOptions options = on_style("cc");
        options.plan.nonroot = true;
        return options;
    }());
    CHECK_FALSE((folder_there.has("/etc/passwd") &&
                 !folder_there.tree[*folder_there.tree.find("/etc/passwd")].is_directory()));
    const Rebuilt etc_is_a_file(with({file("etc", "x")}), on_style("cc"));
    CHECK_FALSE(etc_is_a_file.has("/etc/passwd"));
    const Rebuilt etc_is_a_link(with({test::symlink("etc", "config"), folder("config")}),
                                on_style("cc"));
    CHECK(etc_is_a_link.has("/config/passwd"));
}

TEST_CASE(
    "a style has the image's own files, small texts in place of those that it lacks, and users") {
    const Rebuilt result(dynamic_image(), on_style("static"));
    CHECK(result.has("/usr/share/zoneinfo/Europe/Vienna"));
    CHECK_FALSE(result.has("/usr/share/zoneinfo/right"));
    CHECK(result.text("/etc/services") == "its own\n");
    CHECK(result.text("/etc/nsswitch.conf").find("hosts: files dns\n") != std::string::npos);
    CHECK(result.text("/etc/passwd") ==
          "root:x:0:0::/root:/bin/sh\nme:x:7:7::/:/bin/sh\n"
          "nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n"
          "nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n");
    CHECK(result.text("/etc/group").find("nonroot:x:65532:\n") != std::string::npos);
    CHECK(result.header("/home/nonroot").mode == 0700);
    CHECK(result.header("/home/nonroot").uid == 65532);
    CHECK(result.header("/home").uid == 0);
    CHECK(result.header("/root").mode == 0700);
    CHECK(result.image.config.env_value("PATH"));
    CHECK_FALSE(result.image.config.env_value("SSL_CERT_FILE"));  // there is no trust store
    CHECK(result.notes() ==
          std::vector<std::string>{"base-part-missing /etc/os-release",
                                   "base-part-missing /etc/ssl/certs/ca-certificates.crt",
                                   "base-part-missing /etc/mime.types"});
    CHECK_FALSE(result.has("/usr/lib/x86_64-linux-gnu/libgomp.so.1"));
}

TEST_CASE("style cc has the compilers' libraries of the image's own machine, links and all") {
    const Rebuilt result(dynamic_image(), on_style("cc"));
    CHECK(result.has("/usr/lib/x86_64-linux-gnu/libgomp.so.1"));
    CHECK(result.has("/usr/lib/x86_64-linux-gnu/libgomp.so.1.0"));
    CHECK_FALSE(result.has("/usr/lib/i386-linux-gnu"));
    CHECK(result.has("/usr/share/zoneinfo/Europe/Vienna"));
}

TEST_CASE("scratch adds nothing") {
    const Rebuilt result(dynamic_image(), on_style("scratch"));
    CHECK_FALSE(result.has("/etc/services"));
    CHECK_FALSE(result.has("/home"));
    CHECK(result.image.config.env.empty());
}

TEST_CASE("auto goes by what is linked") {
    const auto chosen = [](const std::string& app, const std::string& library) {
        return Rebuilt(image_of({file("bin/app", app, 0755),
                                 file("lib64/ld-linux-x86-64.so.2", loader(), 0755),
                                 file("lib/" + library, test::elf({.soname = library}))}),
                       on_style("auto"))
            .rebuild.analysis.options.base;
    };
    CHECK(chosen(test::elf({.type = 2}), "libx.so") == "static");
    CHECK(chosen(program({"libx.so"}), "libx.so") == "base");
    CHECK(chosen(program({"libgcc_s.so.1"}), "libgcc_s.so.1") == "cc");
}

TEST_CASE("an unknown style is refused") {
    CHECK_THROWS_AS(Rebuilt(dynamic_image(), on_style("ubuntu")), Error);
}

TEST_CASE("nonroot gets what the former user owned and what is there to be written to") {
    const auto owned = [](test::Member member) {
        member.uid = 7;
        member.gid = 7;
        return member;
    };
    const std::string archive = image_of(
        {file("bin/app", test::elf({.type = 2}), 0755), file("etc/passwd", "me:x:7:7::/:/bin/sh\n"),
         owned(file("srv/mine", "x")), file("srv/other", "x"), folder("data"),
         file("data/seed", "x"), folder("var"), folder("var/lib"), folder("var/lib/app"),
         folder("var/lib/full"), file("var/lib/full/file", "x")},
        R"({"architecture":"amd64","os":"linux","config":{"Entrypoint":["/bin/app"],"User":"me",
            "WorkingDir":"/srv","Volumes":{"/data":{}}}})");
    test::Folder folder_of_test;
    slim::RebuildOptions options{.output = folder_of_test / "slim.tar"};
    options.plan.nonroot = true;
    slim::AnalyzeOptions what;
    what.request.include = {"/srv", "/data", "/var"};
    slim::rebuild(folder_of_test.file("app.tar", archive), what, options, {});
    const image::Image image = image::read_image(folder_of_test / "slim.tar", {}, {});
    const rootfs::Rootfs tree = rootfs::Rootfs::merge(image::scan_layers(image, {}), {});
    CHECK(image.config.user == "65532");
    CHECK(image.config.workdir == "/srv");
    const auto owner = [&](std::string_view path) { return tree[*tree.find(path)].header.uid; };
    for (const char* path : {"/srv", "/srv/mine", "/data", "/data/seed", "/var/lib/app"}) {
        CHECK_MESSAGE(owner(path) == 65532, path);
    }
    for (const char* path : {"/srv/other", "/var/lib/full", "/var/lib/full/file", "/bin/app"}) {
        CHECK_MESSAGE(owner(path) == 0, path);
    }
}
