#include <algorithm>

#include <doctest/doctest.h>

#include "slimimg/base/error.hpp"
#include "slimimg/closure/ld_cache.hpp"

#include "fixture.hpp"
#include "slim/records/join.hpp"
#include "slim/stand_on.hpp"
#include "support/elf.hpp"

using namespace slimimg;
using archive::EntryType;
using test::file;
using test::folder;

namespace {

std::string library(const std::string& soname, const std::vector<std::string>& versions = {},
                    std::size_t machine = 62) {
    std::vector<std::string> definitions{soname};
    definitions.insert(definitions.end(), versions.begin(), versions.end());
    return test::elf(
        {.machine = static_cast<std::uint16_t>(machine),
         .soname = soname,
         .version_definitions = versions.empty() ? std::vector<std::string>() : definitions});
}

std::string program(const std::string& version = "A_1") {
    return test::elf({.interpreter = "/lib64/ld-linux-x86-64.so.2",
                      .needed = {"liba.so.1"},
                      .version_needs = {{"liba.so.1", {{version}}}}});
}

/// The layer that a program with a library, planned whole, is written as on a base.
struct Stood {
    test::Planned planned;
    rootfs::Rootfs base;
    slim::Standing standing;

    Stood(const std::vector<test::Member>& source, const std::vector<test::Member>& ground,
          std::vector<std::string> include)
        : planned(test::tree(source), std::move(include)),
          base(test::tree(ground)),
          standing(slim::stand_on(planned.plan, planned.rootfs, base, {})) {}

    [[nodiscard]] const slim::PlanItem* item(std::string_view path) const {
        return slim::find_item(standing.plan, path);
    }
    [[nodiscard]] std::vector<std::string> conflicts() const {
        std::vector<std::string> paths;
        for (const Diagnostic& diagnostic : standing.diagnostics) {
            if (diagnostic.code == "base-conflict") {
                paths.push_back(diagnostic.path);
            }
        }
        return paths;
    }
};

}  // namespace

TEST_CASE("what the base has alike is not repeated, what differs is, and that is told") {
    const Stood stood(
        {file("etc/same", "x"), file("etc/mode", "x", 0600), file("etc/other", "new"),
         test::symlink("etc/link", "same"), test::symlink("etc/moved", "other"), file("own", "o")},
        {file("etc/same", "x"), file("etc/mode", "x"), file("etc/other", "old"),
         test::symlink("etc/link", "same"), test::symlink("etc/moved", "same")},
        {"/etc", "/own"});
    CHECK(stood.item("/etc/same") == nullptr);
    CHECK(stood.item("/etc/link") == nullptr);
    CHECK(stood.item("/etc") == nullptr);
    CHECK(stood.item("/etc/mode") != nullptr);
    CHECK(stood.item("/etc/other") != nullptr);
    CHECK(stood.item("/etc/moved") != nullptr);
    CHECK(stood.item("/own") != nullptr);
    CHECK(stood.conflicts() == std::vector<std::string>{"/etc/mode", "/etc/moved", "/etc/other"});
}

TEST_CASE(
    "a library of the base stands for the image's where it has every version that is wanted") {
    const auto stood_on = [](const std::string& theirs) {
        return Stood({file("bin/app", program(), 0755),
                      file("usr/lib/liba.so.1.5", library("liba.so.1", {"A_1"})),
                      test::symlink("usr/lib/liba.so.1", "liba.so.1.5")},
                     {file("lib/liba.so.1", theirs)}, {"/bin/app", "/usr/lib"});
    };
    const Stood newer = stood_on(library("liba.so.1", {"A_1", "A_2"}));
    CHECK(newer.item("/usr/lib/liba.so.1.5") == nullptr);
    REQUIRE(newer.item("/usr/lib/liba.so.1") != nullptr);
    CHECK(newer.item("/usr/lib/liba.so.1")->header.link == "/lib/liba.so.1");
    CHECK(stood_on(library("liba.so.1", {"A_0"})).item("/usr/lib/liba.so.1.5") != nullptr);
    CHECK(stood_on(library("libb.so.1", {"A_1"})).item("/usr/lib/liba.so.1.5") != nullptr);
    CHECK(stood_on(library("liba.so.1", {"A_1"}, 183)).item("/usr/lib/liba.so.1.5") != nullptr);
}

TEST_CASE("an older C library of the base is refused") {
    const auto stand = [](const std::string& version) {
        const std::string app = test::elf({.interpreter = "/lib64/ld-linux-x86-64.so.2",
                                           .needed = {"libc.so.6"},
                                           .version_needs = {{"libc.so.6", {{"GLIBC_2.34"}}}}});
        Stood({file("bin/app", app, 0755),
               file("lib/libc.so.6", library("libc.so.6", {"GLIBC_2.34", "GLIBC_PRIVATE"})),
               file("lib/libm.so.6", library("libm.so.6", {"GLIBC_2.2", "GLIBC_PRIVATE"}))},
              {file("lib/libc.so.6", library("libc.so.6", {version, "GLIBC_PRIVATE"})),
               file("lib/libm.so.6", library("libm.so.6", {"GLIBC_PRIVATE"}))},
              {"/bin/app", "/lib"});
    };
    CHECK_NOTHROW(stand("GLIBC_2.34"));
    CHECK_THROWS_AS(stand("GLIBC_2.31"), Error);
}

TEST_CASE("a library of another C library does not stand for the image's") {
    const auto stood_on = [](const std::string& c_library) {
        const auto linked_with = [](const std::string& name) {
            return test::elf({.needed = {name},
                              .soname = "liba.so.1",
                              .version_definitions = {"liba.so.1", "A_1"}});
        };
        return Stood(
            {file("bin/app", program(), 0755), file("usr/lib/liba.so.1", linked_with("libc.so.6"))},
            {file("lib/liba.so.1", linked_with(c_library))}, {"/bin/app", "/usr/lib"});
    };
    CHECK(stood_on("libc.so.6").item("/usr/lib/liba.so.1") == nullptr);
    CHECK(stood_on("libc.musl-x86_64.so.1").item("/usr/lib/liba.so.1") != nullptr);
}

TEST_CASE("names go through the base's symlinks") {
    const Stood stood({folder("lib"), file("lib/own.so", "x")},
                      {folder("usr"), folder("usr/lib"), test::symlink("lib", "usr/lib")},
                      {"/lib"});
    CHECK(stood.item("/lib") == nullptr);
    CHECK(stood.item("/lib/own.so") == nullptr);
    CHECK(stood.item("/usr/lib/own.so") != nullptr);
    const Stood deep(
        {folder("lib"), folder("lib/apk"), folder("lib/apk/db"), file("lib/apk/db/installed", "x")},
        {folder("usr"), folder("usr/lib"), test::symlink("lib", "usr/lib")}, {"/lib"});
    CHECK(deep.item("/usr/lib/apk/db/installed") != nullptr);
    CHECK(deep.item("/lib/apk/db") == nullptr);
}

TEST_CASE(
    "a folder of the base stays where the image has a symlink, with links to what it led to") {
    const Stood stood(
        {folder("usr"), folder("usr/lib"), folder("usr/lib/sub"), file("usr/lib/sub/own.so", "x"),
         file("usr/lib/theirs.so", "y"), test::symlink("lib", "usr/lib")},
        {folder("lib"), file("lib/theirs.so", "y")}, {"/usr/lib", "/lib"});
    CHECK(stood.item("/lib") == nullptr);
    CHECK(stood.item("/usr/lib/sub/own.so") != nullptr);
    REQUIRE(stood.item("/lib/sub") != nullptr);
    CHECK(stood.item("/lib/sub")->header.type == EntryType::symlink);
    CHECK(stood.item("/lib/sub")->header.link == "/usr/lib/sub");
    CHECK(stood.item("/lib/sub/own.so") == nullptr);
    CHECK(stood.item("/lib/theirs.so") == nullptr);
}

TEST_CASE("an empty folder that the program writes to by another name is led to") {
    const std::vector<test::Member> source{folder("run"), folder("run/app", 01777), folder("var"),
                                           test::symlink("var/run", "/run")};
    const Stood empty(source, {folder("run"), folder("var"), folder("var/run")},
                      {"/run", "/var/run"});
    REQUIRE(empty.item("/var/run") != nullptr);
    CHECK(empty.item("/var/run")->header.link == "/run");
    const Stood filled(source,
                       {folder("run"), folder("var"), folder("var/run"), file("var/run/x", "")},
                       {"/run", "/var/run"});
    CHECK(filled.item("/var/run") == nullptr);
    REQUIRE(filled.item("/var/run/app") != nullptr);
    CHECK(filled.item("/var/run/app")->header.link == "/run/app");
}

TEST_CASE("a package of both sides has one record, which lists the files of both") {
    const std::string status =
        "Package: p\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n\n";
    const std::vector<test::Member> source{
        file("var/lib/dpkg/status", status), file("var/lib/dpkg/info/p.list", "/.\n/a\n/b\n"),
        file("var/lib/dpkg/info/p.md5sums", "aa  a\nbb  b\n"), file("a", "1"), file("b", "2")};
    const auto stand = [&](const std::string& version, const std::string& a) {
        return Stood(source,
                     {file("var/lib/dpkg/status.d/p", "Package: p\nVersion: " + version + "\n"),
                      file("var/lib/dpkg/status.d/p.md5sums", "aa  a\ncc  c\n"), file("a", a)},
                     {"/a", "/b"});
    };
    const Stood same = stand("1", "1");
    CHECK(same.item("/var/lib/dpkg/status.d/p") == nullptr);
    REQUIRE(same.item("/var/lib/dpkg/status.d/p.md5sums") != nullptr);
    CHECK(same.item("/var/lib/dpkg/status.d/p.md5sums")->content->text() ==
          "aa  a\nbb  b\ncc  c\n");
    const Stood other = stand("2", "1");
    REQUIRE(other.item("/var/lib/dpkg/status.d/p") != nullptr);
    CHECK(other.item("/var/lib/dpkg/status.d/p")->content->text().find("Version: 1") !=
          std::string::npos);
    const Stood provided(
        source, {file("var/lib/dpkg/status.d/p", "Package: p\nVersion: 2\n"), file("a", "1")},
        {"/a"});
    CHECK(provided.item("/var/lib/dpkg/status.d/p") == nullptr);
    CHECK(provided.item("/a") == nullptr);
}

TEST_CASE("apk's databases are joined package by package") {
    const std::string base = "P:m\nV:1\nF:lib\nR:m.so\n\nP:z\nV:1\nF:lib\nR:z.so\n\n";
    const std::string ours = "P:app\nV:3\n\nP:m\nV:2\nF:lib\nR:m.so\n\nP:z\nV:0\nF:lib\nR:z.so\n\n";
    CHECK(slim::join_apk(ours, base, [](std::string_view path) { return path == "/lib/m.so"; }) ==
          "P:m\nV:2\nF:lib\nR:m.so\n\nP:z\nV:1\nF:lib\nR:z.so\n\nP:app\nV:3\n\n");
}

TEST_CASE("accounts of both sides are joined") {
    const Stood stood({file("etc/passwd", "root:x:0:0::/root:/bin/sh\nme:x:7:7::/:\n")},
                      {file("etc/passwd", "root:x:0:0::/:\nnonroot:x:65532:65532::/:\n")},
                      {"/etc/passwd"});
    REQUIRE(stood.item("/etc/passwd") != nullptr);
    CHECK(stood.item("/etc/passwd")->content->text() ==
          "root:x:0:0::/root:/bin/sh\nme:x:7:7::/:\nnonroot:x:65532:65532::/:\n");
    CHECK(stood.conflicts().empty());
}

TEST_CASE("the library cache lists both sides' libraries") {
    const auto cache = [](const std::vector<std::string>& names) {
        closure::LdCache made;
        for (const std::string& name : names) {
            made.entries.push_back({.flags = 0x0303, .name = name, .path = "/odd/" + name});
        }
        return made.serialize(std::endian::little);
    };
    const std::string app = test::elf(
        {.interpreter = "/lib64/ld-linux-x86-64.so.2", .needed = {"liba.so.1", "libb.so.1"}});
    const Stood stood(
        {file("bin/app", app, 0755), file("odd/liba.so.1", library("liba.so.1")),
         file("odd/libb.so.1", library("libb.so.1")),
         file("lib64/ld-linux-x86-64.so.2", library("ld-linux-x86-64.so.2")),
         file("etc/ld.so.cache", cache({"liba.so.1", "libb.so.1"}))},
        {file("odd/libb.so.1", library("libb.so.1")), file("odd/libc.so.1", library("libc.so.1")),
         file("etc/ld.so.cache", cache({"libb.so.1", "libc.so.1"}))},
        {"/bin/app", "/etc/ld.so.cache", "/odd"});
    REQUIRE(stood.item("/etc/ld.so.cache") != nullptr);
    const auto joined = closure::LdCache::parse(stood.item("/etc/ld.so.cache")->content->bytes);
    REQUIRE(joined);
    std::vector<std::string> names;
    for (const auto& entry : joined->entries) {
        names.push_back(entry.name);
    }
    std::sort(names.begin(), names.end());
    CHECK(names == std::vector<std::string>{"liba.so.1", "libb.so.1", "libc.so.1"});
}

TEST_CASE("the base's layers stay as they are stored, and the config names it") {
    const test::Folder dir;
    const std::string base_layer = test::tar(
        {folder("lib"), folder("lib64"), file("lib/liba.so.1", library("liba.so.1", {"A_1"})),
         file("lib64/ld-linux-x86-64.so.2", library("ld-linux-x86-64.so.2"), 0755)});
    const std::string base = dir.file(
        "base.tar", test::docker_archive(
                        R"({"architecture":"amd64","os":"linux","config":{"Env":["A=base","B=base"],
            "Labels":{"l":"base"}},"history":[{"created_by":"bazel"}]})",
                        {base_layer}, "golden:1"));
    const std::string app = dir.file(
        "app.tar",
        test::docker_archive(
            R"({"architecture":"amd64","os":"linux","config":{"Entrypoint":["/bin/app"],"Env":["A=app"]}})",
            {test::tar(
                {file("bin/app", program(), 0755),
                 file("lib/liba.so.1", library("liba.so.1", {"A_1"})),
                 file("lib64/ld-linux-x86-64.so.2", library("ld-linux-x86-64.so.2"), 0755)})}));
    slim::RebuildOptions options{.output = dir / "slim.tar", .format = image::Format::oci};
    options.base_image = base;
    const slim::Rebuild result = slim::rebuild(app, {}, options, {});
    const image::Image written = image::read_image(dir / "slim.tar", {}, {});
    REQUIRE(written.layers.size() == 2);
    CHECK(written.layers[0].blob.text() == base_layer);
    CHECK(written.layers[0].created_by == "bazel");
    CHECK(written.config.env == std::vector<std::string>{"A=app", "B=base"});
    CHECK(written.config.labels.at("l") == "base");
    CHECK(result.base_name == "golden:1");
    CHECK(result.proof.programs == 1);
    const rootfs::Rootfs tree = rootfs::Rootfs::merge(image::scan_layers(written, {}), {});
    CHECK(tree[*tree.find("/lib/liba.so.1")].layer == 0);
    CHECK(tree[*tree.find("/bin/app")].layer == 1);
    CHECK(test::read_file(dir / "slim.tar").find("org.opencontainers.image.base.digest") !=
          std::string::npos);
}
