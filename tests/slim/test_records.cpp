#include <doctest/doctest.h>

#include "slimimg/base/digest.hpp"

#include "fixture.hpp"
#include "support/elf.hpp"

using namespace slimimg;
using slim::PlanItem;
using test::file;
using test::Planned;

namespace {

constexpr const char* status =
    "Package: libz1\nStatus: install ok installed\nPriority: optional\nArchitecture: amd64\n"
    "Multi-Arch: same\nVersion: 1.3-1\nConfig-Version: 1.3-1\nDepends: libc6\n"
    "Conffiles:\n /etc/z.conf 0123456789abcdef0123456789abcdef\n"
    " /etc/gone.conf 0123456789abcdef0123456789abcdef\n"
    "Description: compression\n and more of it\n"
    "\n"
    "Package: unused\nStatus: install ok installed\nArchitecture: all\nVersion: 2\n"
    "Conffiles:\n /etc/unused.conf 0123456789abcdef0123456789abcdef\n"
    "\n"
    "Package: base-files\nStatus: install ok installed\nArchitecture: amd64\nVersion: 12\n";

rootfs::Rootfs tree_with(const std::vector<test::Member>& members) {
    std::string layer;
    for (const test::Member& member : members) {
        layer += test::tar_member(member);
    }
    return test::tree_of({layer + std::string(1024, '\0')});
}

rootfs::Rootfs debian() {
    return tree_with({test::symlink("lib", "usr/lib"), file("app", "x", 0755),
                      file("usr/lib/libz.so.1", "library"),
                      file("usr/share/doc/libz1/copyright", "text"), file("etc/z.conf", "z"),
                      file("etc/gone.conf", "z"), file("etc/unused.conf", "z"),
                      test::symlink("etc/os-release", "../usr/lib/os-release"),
                      file("usr/lib/os-release", "ID=debian\nVERSION_ID=\"12\"\n"),
                      file("var/lib/dpkg/status", status),
                      file("var/lib/dpkg/info/libz1:amd64.list",
                           "/.\n/lib\n/lib/libz.so.1\n/usr/share/doc/libz1/copyright\n"),
                      file("var/lib/dpkg/info/libz1:amd64.md5sums",
                           "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa  lib/libz.so.1\n"
                           "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb  usr/share/doc/libz1/copyright\n"),
                      file("var/lib/dpkg/info/unused.list", "/etc/unused.conf\n"),
                      file("var/lib/dpkg/info/base-files.list", "/usr/lib/os-release\n"),
                      file("var/lib/dpkg/info/base-files.md5sums",
                           "cccccccccccccccccccccccccccccccc  usr/lib/os-release\n")});
}

std::string text_of(const Planned& planned, std::string_view path) {
    const PlanItem* const item = planned.item(path);
    REQUIRE_MESSAGE(item != nullptr, path);
    const Slice content = item->content ? *item->content : planned.rootfs.content(*item->source);
    CHECK(item->header.size == content.size());
    return std::string(content.text());
}

std::vector<std::string> below(const Planned& planned, std::string_view folder) {
    std::vector<std::string> names;
    for (const PlanItem& item : planned.plan.items) {
        if (path::parent(item.path) == folder) {
            names.emplace_back(path::basename(item.path));
        }
    }
    return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("dpkg's records stay for packages that own a kept file, as distroless has them") {
    const Planned planned(debian(), {"/lib/libz.so.1", "/etc/z.conf"});
    CHECK(below(planned, "/var/lib/dpkg/status.d") ==
          Names{"base-files", "base-files.md5sums", "libz1", "libz1.md5sums"});
    CHECK(planned.item("/var/lib/dpkg/status") == nullptr);
    CHECK(text_of(planned, "/var/lib/dpkg/status.d/libz1") ==
          "Package: libz1\nPriority: optional\nArchitecture: amd64\nMulti-Arch: same\n"
          "Version: 1.3-1\nDepends: libc6\n"
          "Conffiles:\n /etc/z.conf 0123456789abcdef0123456789abcdef\n"
          "Description: compression\n and more of it\n");
    CHECK(text_of(planned, "/var/lib/dpkg/status.d/libz1.md5sums") ==
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa  lib/libz.so.1\n");
    CHECK(planned.item("/var/lib/dpkg/status.d/libz1")->header.mode == 0644);
    CHECK_FALSE(planned.item("/var/lib/dpkg/status.d/libz1")->why.empty());
}

TEST_CASE("the records are part of the size") {
    std::uint64_t bytes = 0;
    const Planned planned(debian(), {"/lib/libz.so.1"});
    for (const PlanItem& item : planned.plan.items) {
        bytes += item.header.type == archive::EntryType::file ? item.header.size : 0;
    }
    CHECK(planned.plan.bytes == bytes);
    CHECK(planned.item("/var/lib/dpkg/status.d/libz1")->header.size > 0);
}

TEST_CASE("Conffiles goes where none of them is kept") {
    const Planned planned(debian(), {"/lib/libz.so.1"});
    const std::string control = text_of(planned, "/var/lib/dpkg/status.d/libz1");
    CHECK(control.find("Conffiles") == std::string::npos);
    CHECK(control.find("Depends: libc6\nDescription: compression\n") != std::string::npos);
}

TEST_CASE("a listed path whose folder's link is not kept is written as the file's own") {
    const Planned planned(
        test::tree({test::symlink("usr/share/link", "real"), file("usr/share/real/a", "x"),
                    file("var/lib/dpkg/status", "Package: p\nStatus: install ok installed\n"),
                    file("var/lib/dpkg/info/p.list", "/usr/share/link/a\n"),
                    file("var/lib/dpkg/info/p.md5sums", "0123  usr/share/link/a\n")}),
        {"/usr/share/real/a"});
    CHECK(planned.item("/usr/share/link") == nullptr);
    CHECK(text_of(planned, "/var/lib/dpkg/status.d/p.md5sums") == "0123  usr/share/real/a\n");
}

TEST_CASE("os-release stays with the link that leads to it, without records it goes") {
    const Planned planned(debian(), {"/app"});
    CHECK(planned.item("/etc/os-release")->header.link == "../usr/lib/os-release");
    CHECK(planned.item("/usr/lib/os-release") != nullptr);
    const slim::Plan none = slim::make_plan(planned.rootfs, planned.config, planned.packages,
                                            planned.closure, {.records = false});
    for (const PlanItem& item : none.items) {
        CHECK_FALSE(path::is_within(item.path, "/var/lib/dpkg"));
        CHECK_FALSE(item.path.ends_with("os-release"));
    }
}

TEST_CASE("records read again name the packages that own what is kept, and their files") {
    const Planned planned(debian(), {"/lib/libz.so.1", "/etc/z.conf"});
    std::vector<test::Member> members;
    for (const PlanItem& item : planned.plan.items) {
        if (item.header.type == archive::EntryType::symlink) {
            members.push_back(test::symlink(std::string(item.path.substr(1)), item.header.link));
        } else if (item.header.type == archive::EntryType::file) {
            members.push_back(file(std::string(item.path.substr(1)), text_of(planned, item.path)));
        }
    }
    const auto tree = tree_with(members);
    const auto packages = closure::PackageDb::read(tree);
    CHECK(packages.diagnostics().empty());
    REQUIRE(packages.packages().size() == 2);
    const auto owner = [&](std::string_view path) {
        return packages[*packages.owner(*tree.find(path))].name;
    };
    CHECK(owner("/usr/lib/libz.so.1") == "libz1");
    CHECK(owner("/etc/z.conf") == "libz1");
    CHECK(owner("/usr/lib/os-release") == "base-files");
    CHECK(packages[*packages.find("libz1")].version == "1.3-1");
}

TEST_CASE("who asks for dpkg's status gets it whole and no other records") {
    const Planned planned(debian(), {"/lib/libz.so.1", "/var/lib/dpkg/status"});
    CHECK_FALSE(planned.item("/var/lib/dpkg/status")->content);
    CHECK(planned.item("/var/lib/dpkg/status.d") == nullptr);
}

TEST_CASE("the records of a distroless image stay as they are, unless they must be cut") {
    const std::string whole = "Package: whole\nVersion: 1\nArchitecture: all\n";
    const Planned planned(
        test::tree(
            {file("a", "x"), file("b", "x"), file("c", "x"),
             file("var/lib/dpkg/status.d/whole", whole),
             file("var/lib/dpkg/status.d/whole.md5sums", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa  a\n"),
             file("var/lib/dpkg/status.d/part", "Package: part\nVersion: 1\n"),
             file("var/lib/dpkg/status.d/part.md5sums",
                  "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb  b\n"
                  "cccccccccccccccccccccccccccccccc  c\n"),
             file("var/lib/dpkg/status.d/gone", "Package: gone\nVersion: 1\n")}),
        {"/a", "/b"});
    CHECK(below(planned, "/var/lib/dpkg/status.d") ==
          Names{"part", "part.md5sums", "whole", "whole.md5sums"});
    CHECK_FALSE(planned.item("/var/lib/dpkg/status.d/whole")->content);
    CHECK_FALSE(planned.item("/var/lib/dpkg/status.d/whole.md5sums")->content);
    CHECK_FALSE(planned.item("/var/lib/dpkg/status.d/part")->content);
    CHECK(text_of(planned, "/var/lib/dpkg/status.d/part.md5sums") ==
          "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb  b\n");
}

TEST_CASE(
    "a package of two architectures has two records, one with a name that leaves the folder none") {
    const Planned planned(
        test::tree({file("var/lib/dpkg/status",
                         "Package: z\nStatus: install ok installed\nArchitecture: amd64\n\n"
                         "Package: z\nStatus: install ok installed\nArchitecture: i386\n\n"
                         "Package: ../../../etc/evil\nStatus: install ok installed\n"),
                    file("var/lib/dpkg/info/z:amd64.list", "/a\n"),
                    file("var/lib/dpkg/info/z:i386.list", "/i\n"),
                    file("var/lib/etc/evil.list", "/e\n"), file("a", "x"), file("i", "x"),
                    file("e", "x")}),
        {"/a", "/i", "/e"});
    CHECK(below(planned, "/var/lib/dpkg/status.d") == Names{"z", "z:i386"});
    CHECK(planned.item("/etc/evil") == nullptr);
}

TEST_CASE("apk's database stays, cut to packages and files that are kept") {
    const std::string installed =
        "C:Q1abc=\nP:musl\nV:1.2.5-r0\nA:x86_64\nD:x\nF:lib\nM:0:0:755\nR:ld-musl-x86_64.so.1\n"
        "a:0:0:755\nZ:Q1xyz=\nR:other\nZ:Q1uvw=\nF:usr\nF:usr/share\nR:doc\nZ:Q1doc=\n\n"
        "P:busybox\nV:1\nF:bin\nR:busybox\nZ:Q1b=\n\n"
        "P:alpine-release\nV:3\nF:etc\nR:alpine-release\nZ:Q1r=\n\n";
    const Planned planned(
        test::tree({file("lib/apk/db/installed", installed), file("lib/ld-musl-x86_64.so.1", "x"),
                    file("lib/other", "x"), file("usr/share/doc", "x"), file("bin/busybox", "x"),
                    file("etc/alpine-release", "3.20.1\n")}),
        {"/lib/ld-musl-x86_64.so.1"});
    CHECK(text_of(planned, "/lib/apk/db/installed") ==
          "P:alpine-release\nV:3\nF:etc\nR:alpine-release\nZ:Q1r=\n\n"
          "C:Q1abc=\nP:musl\nV:1.2.5-r0\nA:x86_64\nD:x\nF:lib\nM:0:0:755\n"
          "R:ld-musl-x86_64.so.1\na:0:0:755\nZ:Q1xyz=\n\n");
    CHECK(planned.item("/lib/apk/db/installed")->source);
    CHECK(planned.item("/lib/apk/db") != nullptr);
}

TEST_CASE("apk's database below /usr keeps the link by which scanners look for it") {
    const Planned planned(
        test::tree({file("usr/lib/apk/db/installed", "P:app\nV:1\nF:\nR:app\n"),
                    test::symlink("lib/apk", "../usr/lib/apk"), file("app", "x")}),
        {"/app"});
    CHECK(planned.item("/lib/apk")->header.link == "../usr/lib/apk");
    CHECK(text_of(planned, "/usr/lib/apk/db/installed") == "P:app\nV:1\nF:\nR:app\n\n");
}

TEST_CASE("an image whose packages are all gone has no records") {
    const Planned planned(test::tree({file("var/lib/dpkg/status", status), file("app", "x")}),
                          {"/app"});
    CHECK(planned.item("/var/lib/dpkg") == nullptr);
}

TEST_CASE("of rpm's database is told that it is left out, unless it is kept") {
    const auto tree = [] {
        return test::tree({file("var/lib/rpm/rpmdb.sqlite", "x"), file("app", "x")});
    };
    const Planned left_out(tree(), {"/app"});
    REQUIRE(left_out.plan.diagnostics.size() == 1);
    CHECK(left_out.plan.diagnostics[0].code == "rpm-records-left-out");
    CHECK(left_out.plan.diagnostics[0].path == "/var/lib/rpm/rpmdb.sqlite");
    const Planned kept(tree(), {"/app", "/var/lib/rpm/rpmdb.sqlite"});
    CHECK(kept.plan.diagnostics.empty());
}

TEST_CASE("a file that a record's other name would be keeps its content") {
    const Planned planned(
        test::tree({file("a", "x"), file("var/lib/dpkg/status.d/p", "Package: p\nStatus: old\n"),
                    test::hardlink("z", "var/lib/dpkg/status.d/p"),
                    file("var/lib/dpkg/status.d/p.md5sums", "0123  a\n")}),
        {"/a", "/z"});
    CHECK(text_of(planned, "/var/lib/dpkg/status.d/p") == "Package: p\n");
    CHECK(planned.item("/z")->header.type == archive::EntryType::file);
    CHECK(text_of(planned, "/z") == "Package: p\nStatus: old\n");
}
