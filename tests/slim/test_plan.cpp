#include <doctest/doctest.h>

#include "slimimg/closure/ld_cache.hpp"

#include "fixture.hpp"
#include "slim/plan.hpp"
#include "support/elf.hpp"

using namespace slimimg;
using archive::EntryType;
using slim::PlanItem;
using test::Planned;

namespace {

std::vector<std::string> paths(const slim::Plan& plan) {
    std::vector<std::string> all;
    for (const PlanItem& item : plan.items) {
        all.push_back(item.path);
    }
    return all;
}

std::string glibc_program() {
    return test::elf(
        {.interpreter = "/lib64/ld-linux-x86-64.so.2", .needed = {"liba.so.1", "libb.so.1"}});
}

std::string library(const std::string& soname) {
    return test::elf({.soname = soname});
}

closure::LdCacheEntry cached(const std::string& name, const std::string& path) {
    return {.flags = 0x0303, .name = name, .path = path};
}

/// A small system with a program, its libraries in a folder that only the cache knows, and a
/// library that nothing needs.
rootfs::Rootfs system_with_cache(const std::vector<closure::LdCacheEntry>& entries) {
    closure::LdCache cache;
    cache.entries = entries;
    return test::tree({test::file("bin/app", glibc_program(), 0755),
                       test::file("lib64/ld-linux-x86-64.so.2", library("ld-linux-x86-64.so.2")),
                       test::file("usr/lib/odd/liba.so.1", library("liba.so.1")),
                       test::file("usr/lib/odd/libb.so.1", library("libb.so.1")),
                       test::file("usr/lib/odd/libunused.so.1", library("libunused.so.1")),
                       test::file("etc/ld.so.cache", cache.serialize(std::endian::little))});
}

}  // namespace

TEST_CASE("items stand in the order of the tree, a folder right before what it holds") {
    CHECK(slim::stands_before("/", "/a"));
    CHECK(slim::stands_before("/a", "/a/b"));
    CHECK(slim::stands_before("/a/b", "/a-b"));
    CHECK(slim::stands_before("/a/b", "/a b"));
    CHECK(slim::stands_before("/a", "/\xc3\xa4"));
    CHECK_FALSE(slim::stands_before("/a", "/a"));
    CHECK_FALSE(slim::stands_before("/a-b", "/a/b"));
}

TEST_CASE("an image of one file gets the folders that engines and programs expect") {
    const Planned scratch(test::tree({test::file("app", "x", 0755)}), {"/app"});
    CHECK(paths(scratch.plan) ==
          std::vector<std::string>{"/", "/app", "/dev", "/etc", "/proc", "/run", "/sys", "/tmp"});
    CHECK(scratch.item("/tmp")->header.mode == 01777);
    CHECK(scratch.item("/proc")->header.mode == 0555);
    CHECK(scratch.item("/etc")->header.mode == 0755);
    CHECK_FALSE(scratch.item("/tmp")->source);
    CHECK_FALSE(scratch.item("/tmp")->why.empty());
    CHECK(scratch.item("/app")->why.empty());
    CHECK(scratch.plan.bytes == 1);
}

TEST_CASE("places that programs and scripts write to stay where the image has them") {
    const Planned plan(test::tree({test::file("app", "x", 0755), test::folder("var", 0755),
                                   test::folder("var/spool", 0750),
                                   test::file("var/spool/job", "x"), test::folder("mnt")}),
                       {"/app"});
    REQUIRE(plan.item("/var/spool") != nullptr);
    CHECK(plan.item("/var/spool")->header.mode == 0750);
    CHECK(plan.item("/mnt") != nullptr);
    CHECK(plan.item("/var/spool/job") == nullptr);
    CHECK(plan.item("/var/log") == nullptr);
}

TEST_CASE("a folder that the image has keeps its header, and its content stays out") {
    test::Member tmp = test::folder("tmp", 0700);
    tmp.uid = 7;
    const Planned plan(
        test::tree({test::file("app", "x"), tmp, test::file("tmp/leftover", "junk")}), {"/app"});
    REQUIRE(plan.item("/tmp") != nullptr);
    CHECK(plan.item("/tmp")->source);
    CHECK(plan.item("/tmp")->header.mode == 0700);
    CHECK(plan.item("/tmp")->header.uid == 7);
    CHECK(plan.item("/tmp/leftover") == nullptr);
}

TEST_CASE("WORKDIR and VOLUME are taken from the image or made, through symlinks") {
    image::Config config;
    config.workdir = "/srv/app/";
    config.volumes = {"/data/new", "/var/run/state"};
    const Planned plan(test::tree({test::file("app", "x"), test::folder("real", 0750),
                                   test::symlink("srv", "real"), test::folder("var"),
                                   test::symlink("var/run", "/run")}),
                       {"/app"}, config);
    REQUIRE(plan.item("/srv") != nullptr);
    CHECK(plan.item("/srv")->header.type == EntryType::symlink);
    CHECK(plan.item("/real")->header.mode == 0750);
    REQUIRE(plan.item("/real/app") != nullptr);
    CHECK(plan.item("/real/app")->header.type == EntryType::directory);
    CHECK(plan.item("/real/app")->why == "WORKDIR");
    CHECK(plan.item("/data/new")->why == "VOLUME");
    CHECK(plan.item("/data")->header.mode == 0755);
    CHECK(plan.item("/run/state") != nullptr);
    CHECK(plan.item("/var/run")->header.link == "/run");
}

TEST_CASE("a VOLUME on a file, a dangling loop or a path out of the root makes nothing odd") {
    image::Config config;
    config.volumes = {"/app/below", "/loop/x", "../../up"};
    const Planned plan(test::tree({test::file("app", "x"), test::symlink("loop", "loop")}),
                       {"/app"}, config);
    CHECK(plan.item("/app/below") == nullptr);
    CHECK(plan.item("/app")->header.type == EntryType::file);
    CHECK(plan.item("/loop")->header.type == EntryType::symlink);
    CHECK(plan.item("/up")->header.type == EntryType::directory);
}

TEST_CASE("what is made carries the time of the source image or SOURCE_DATE_EPOCH") {
    image::Config config;
    config.created = "2024-02-29T12:00:00.5+01:00";
    config.workdir = "/made";
    const auto time_of_made = [&] {
        return Planned(test::tree({test::file("app", "x")}), {"/app"}, config)
            .item("/made")
            ->header.mtime;
    };
    CHECK(time_of_made() == archive::Timestamp{1709204400, 0});
    const test::Variable epoch("SOURCE_DATE_EPOCH", "86400");
    CHECK(time_of_made() == archive::Timestamp{86400, 0});
}

TEST_CASE("the home of the user that runs the program stays, without its content") {
    const rootfs::Rootfs tree =
        test::tree({test::file("app", "x"), test::folder("root", 0700),
                    test::folder("home/me", 0750), test::file("home/me/.profile", "x"),
                    test::file("etc/passwd",
                               "root:x:0:0:root:/root:/bin/sh\n"
                               "me:x:1000:1000:,,,:/home/me:/bin/sh\n")});
    const auto has = [&](const std::string& user, const std::string& home) {
        image::Config config;
        config.user = user;
        const slim::Plan plan = slim::make_plan(tree, config, {}, {});
        CHECK(slim::find_item(plan, "/home/me/.profile") == nullptr);
        return slim::find_item(plan, home) != nullptr;
    };
    CHECK(has("", "/root"));
    CHECK(has("me", "/home/me"));
    CHECK(has("1000:1000", "/home/me"));
    CHECK_FALSE(has("1000", "/root"));
    CHECK_FALSE(has("12345", "/home/me"));
    CHECK_FALSE(has("12345", "/root"));
}

TEST_CASE("the first kept name of a file holds its content, the others are hard links to it") {
    const auto tree = [] {
        return test::tree({test::file("bin/a", "content", 04755), test::hardlink("bin/b", "bin/a"),
                           test::hardlink("bin/c", "bin/a")});
    };
    const Planned all(tree(), {"/bin"});
    CHECK(all.item("/bin/a")->header.type == EntryType::file);
    CHECK(all.item("/bin/b")->header.type == EntryType::hardlink);
    CHECK(all.item("/bin/b")->header.link == "/bin/a");
    CHECK(all.item("/bin/b")->header.mode == 04755);
    CHECK(all.plan.bytes == 7);

    const Planned two(tree(), {"/bin/b", "/bin/c"});
    CHECK(two.item("/bin/a") == nullptr);
    CHECK(two.item("/bin/b")->header.type == EntryType::file);
    CHECK(two.item("/bin/b")->header.size == 7);
    CHECK(two.item("/bin/c")->header.link == "/bin/b");
    CHECK(two.plan.bytes == 7);
}

TEST_CASE("a name that stands before the file that it links to becomes the file") {
    const Planned plan(test::tree({test::file("usr/z", "content"), test::hardlink("a", "usr/z")}),
                       {"/a", "/usr/z"});
    CHECK(plan.item("/a")->header.type == EntryType::file);
    CHECK(plan.item("/usr/z")->header.link == "/a");
}

TEST_CASE("ld.so.cache lists only libraries that are kept") {
    const std::vector<closure::LdCacheEntry> kept = {cached("libb.so.1", "/usr/lib/odd/libb.so.1"),
                                                     cached("liba.so.1", "/usr/lib/odd/liba.so.1")};
    auto all = kept;
    all.push_back(cached("libunused.so.1", "/usr/lib/odd/libunused.so.1"));
    const Planned plan(system_with_cache(all), {}, test::runs({"/bin/app"}));
    const PlanItem* const item = plan.item("/etc/ld.so.cache");
    REQUIRE(item != nullptr);
    REQUIRE(item->content);
    const auto pruned = closure::LdCache::parse(item->content->bytes);
    REQUIRE(pruned);
    CHECK(pruned->entries.size() == 2);
    CHECK(item->header.size == item->content->size());
    CHECK(item->source);
    CHECK(item->why == "lists the 2 of 3 libraries that are kept");

    const Planned whole(system_with_cache(kept), {}, test::runs({"/bin/app"}));
    REQUIRE(whole.item("/etc/ld.so.cache") != nullptr);
    CHECK_FALSE(whole.item("/etc/ld.so.cache")->content);
}

TEST_CASE("ld.so.cache goes where no program has glibc, unless it is asked for") {
    const auto tree = [] {
        closure::LdCache cache;
        cache.entries = {cached("liba.so.1", "/usr/lib/odd/liba.so.1")};
        return test::tree({test::file("bin/app", test::elf({.type = 2, .dynamic = false}), 0755),
                           test::file("etc/ld.so.cache", cache.serialize(std::endian::little)),
                           test::file("bin/names-it", "#!/bin/app\n/etc/ld.so.cache", 0755)});
    };
    closure::Closure closure;
    const rootfs::Rootfs source = tree();
    closure.kept[*source.find("/etc/ld.so.cache")].push_back({.rule = "named-path"});
    CHECK(slim::find_item(slim::make_plan(source, {}, {}, closure), "/etc/ld.so.cache") == nullptr);
    const Planned asked(tree(), {"/etc/ld.so.cache"});
    REQUIRE(asked.item("/etc/ld.so.cache") != nullptr);
    CHECK_FALSE(asked.item("/etc/ld.so.cache")->content);
}
