#include <doctest/doctest.h>

#include "slimimg/base/digest.hpp"
#include "slimimg/elf/strip.hpp"

#include "fixture.hpp"
#include "support/elf.hpp"

using namespace slimimg;
using slim::PlanItem;
using test::file;
using test::Planned;

namespace {

std::string with_debug_data(const std::string& soname) {
    return test::elf(
        {.soname = soname,
         .sections = {{".rodata", "constant"}, {".debug_info", std::string(1000, 'd'), 1, 0}},
         .map_all = false});
}

/// The same plan with strip.
slim::Plan stripped(const Planned& planned, const slim::PlanOptions& options = {.strip = true}) {
    return slim::make_plan(planned.rootfs, planned.config, planned.packages, planned.closure,
                           options);
}

const PlanItem& item_of(const slim::Plan& plan, std::string_view path) {
    const auto at = std::find_if(plan.items.begin(), plan.items.end(),
                                 [&](const PlanItem& item) { return item.path == path; });
    REQUIRE(at != plan.items.end());
    return *at;
}

}  // namespace

TEST_CASE("ELF files lose their debug data, and nothing else of the entry changes") {
    const std::string library = with_debug_data("liba.so");
    test::Member member = file("lib/liba.so", library, 0755);
    member.uid = 7;
    member.mtime = 1234;
    member.pax = test::pax_record("SCHILY.xattr.security.capability", "caps");
    const Planned planned(test::tree({member, file("lib/readme", "text")}), {"/lib"});
    const slim::Plan plan = stripped(planned);
    const PlanItem& item = item_of(plan, "/lib/liba.so");
    REQUIRE(item.content);
    CHECK(item.stripped);
    CHECK(item.content->text() == elf::strip(as_bytes(library)).file->bytes());
    archive::Header header = planned.item("/lib/liba.so")->header;
    CHECK(header.xattrs.size() == 1);
    header.size = item.content->size();
    CHECK(item.header == header);
    CHECK(plan.stripped_files == 1);
    CHECK(plan.stripped_bytes == library.size() - item.content->size());
    CHECK(plan.bytes == planned.plan.bytes - plan.stripped_bytes);
    CHECK_FALSE(item_of(plan, "/lib/readme").content);
    CHECK_FALSE(planned.item("/lib/liba.so")->content);
}

TEST_CASE("the names of a stripped file stay one file") {
    const Planned planned(test::tree({file("lib/a.so", with_debug_data("a")),
                                      test::hardlink("lib/b.so", "lib/a.so")}),
                          {"/lib"});
    const slim::Plan plan = stripped(planned);
    CHECK(item_of(plan, "/lib/a.so").stripped);
    CHECK(item_of(plan, "/lib/b.so").header.type == archive::EntryType::hardlink);
    CHECK(item_of(plan, "/lib/b.so").header.link == "/lib/a.so");
    CHECK(plan.stripped_files == 1);
}

TEST_CASE("files whose bytes something checks stay, and so do those with data behind them") {
    const std::string library = with_debug_data("a");
    test::Member signed_file = file("lib/signed.so", library);
    signed_file.pax = test::pax_record("SCHILY.xattr.security.ima", "signature");
    const Planned planned(
        test::tree({signed_file, file("lib/fips.so", library), file("lib/libc.so.1", library),
                    file("lib/.libc.so.1.hmac", "sum"), file("lib/libsoft3.so", library),
                    file("lib/libsoft3.chk", "sum"), file("lib/tool", library + "PK")}),
        {"/lib"});
    const slim::Plan plan = stripped(planned);
    CHECK(plan.stripped_files == 0);
    std::vector<std::string> told;
    for (const Diagnostic& diagnostic : plan.diagnostics) {
        if (diagnostic.code == "not-stripped") {
            told.push_back(diagnostic.path);
        }
    }
    CHECK(told == std::vector<std::string>{"/lib/fips.so", "/lib/libc.so.1", "/lib/libsoft3.so",
                                           "/lib/signed.so", "/lib/tool"});
}

TEST_CASE("the packages' records have the sums of what is written") {
    const std::string library = with_debug_data("a");
    const Planned debian(
        test::tree(
            {file("lib/a.so", library),
             file("var/lib/dpkg/status", "Package: a\nStatus: install ok installed\n"),
             file("var/lib/dpkg/info/a.list", "/lib/a.so\n"),
             file("var/lib/dpkg/info/a.md5sums", "00000000000000000000000000000000  lib/a.so\n")}),
        {"/lib/a.so"});
    const slim::Plan plan = stripped(debian);
    CHECK(item_of(plan, "/var/lib/dpkg/status.d/a.md5sums").content->text() ==
          md5_hex(item_of(plan, "/lib/a.so").content->bytes) + "  lib/a.so\n");
    const Planned alpine(
        test::tree({file("lib/a.so", library), file("lib/b", "x"),
                    file("lib/apk/db/installed",
                         "P:a\nV:1\nF:lib\nR:a.so\nZ:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
                         "R:b\nZ:Q1unchanged=\n\n")}),
        {"/lib/a.so", "/lib/b"});
    const slim::Plan apk = stripped(alpine);
    const std::string_view text = item_of(apk, "/lib/apk/db/installed").content->text();
    CHECK(text.find("AAAAAAAAAA") == std::string_view::npos);
    CHECK(text.find("R:b\nZ:Q1unchanged=\n") != std::string_view::npos);
    CHECK(text.find("R:a.so\nZ:Q1") != std::string_view::npos);
}
