#include <algorithm>

#include <doctest/doctest.h>

#include "fixture.hpp"
#include "support/elf.hpp"

using namespace slimimg;
using test::file;
using test::folder;

namespace {

/// An application on a distribution with a package; `day` is when it was built.
std::string release(const std::string& text, const std::string& day) {
    const auto at = [&](test::Member member, std::int64_t time) {
        member.mtime = time;
        return member;
    };
    const std::int64_t time = day == "01" ? 1000 : 2000;
    const std::string base = test::tar(
        {folder("usr"), folder("usr/lib"),
         file("usr/lib/liba.so.1", test::elf({.soname = "liba.so.1"})),
         test::hardlink("usr/lib/liba.so", "usr/lib/liba.so.1"), folder("lib64"),
         file("lib64/ld-linux-x86-64.so.2", test::elf({.soname = "ld-linux-x86-64.so.2"}), 0755),
         file("var/lib/dpkg/status", "Package: a\nStatus: install ok installed\nVersion: 1\n\n"),
         file("var/lib/dpkg/info/a.list",
              "/usr/lib/liba.so.1\n/usr/lib/liba.so\n/lib64/ld-linux-x86-64.so.2\n")});
    const std::string top = test::tar(
        {at(folder("usr"), time), at(folder("usr/lib"), time), at(folder("app"), time),
         at(file(
                "app/run",
                test::elf({.interpreter = "/lib64/ld-linux-x86-64.so.2", .needed = {"liba.so.1"}}) +
                    text,
                0755),
            time)});
    return test::docker_archive(R"({"architecture":"amd64","os":"linux","created":"2024-02-)" +
                                    day + R"(T12:00:00Z","config":{"Entrypoint":["/app/run"]}})",
                                {base, top});
}

image::Image rebuilt(const test::Folder& dir, const std::string& name, const std::string& archive) {
    slim::RebuildOptions options{.output = dir / name};
    options.layers = slim::Layers::split;
    slim::rebuild(dir.file("in-" + name, archive), {}, options, {});
    return image::read_image(dir / name, {}, {});
}

}  // namespace

TEST_CASE("two releases of an application share the lower layer") {
    const test::Folder dir;
    const image::Image first = rebuilt(dir, "1.tar", release("one", "01"));
    const image::Image second = rebuilt(dir, "2.tar", release("two", "02"));
    REQUIRE(first.layers.size() == 2);
    REQUIRE(second.layers.size() == 2);
    CHECK(first.layers[0].diff_id == second.layers[0].diff_id);
    CHECK(first.layers[1].diff_id != second.layers[1].diff_id);
    const auto scans = image::scan_layers(first, {});
    const auto holds = [&](std::size_t layer, std::string_view path) {
        return std::any_of(scans[layer].entries.begin(), scans[layer].entries.end(),
                           [&](const auto& entry) { return entry.path == path; });
    };
    CHECK(holds(0, "/usr/lib/liba.so.1"));
    CHECK_FALSE(holds(1, "/usr/lib/liba.so.1"));
    CHECK(holds(1, "/app/run"));
    CHECK_FALSE(holds(0, "/app/run"));
    // The folder that the release touched is below as the base has it, and above as it is now.
    const rootfs::Rootfs tree = rootfs::Rootfs::merge(scans, {});
    CHECK(tree[*tree.find("/usr/lib")].header.mtime.seconds == 1000);
}
