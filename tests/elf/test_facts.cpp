#include <array>

#include <doctest/doctest.h>

#include "slimimg/base/limits.hpp"
#include "slimimg/elf/elf.hpp"

#include "elf/compact.hpp"
#include "elf/lief_reader.hpp"
#include "support/elf.hpp"

using namespace slimimg;
using namespace std::string_literals;
using elf::ElfFacts;
using test::ElfSpec;

namespace {

constexpr std::uint64_t dt_verneednum = 0x6fffffff;
constexpr std::uint64_t df_1_pie = 0x08000000;

std::optional<ElfFacts> facts_in(const std::string& file) {
    return elf::read_facts(as_bytes(file), {});
}
std::optional<ElfFacts> facts_of(const ElfSpec& spec) {
    return facts_in(test::elf(spec));
}
bool has(const ElfFacts& facts, std::string_view code) {
    for (const Diagnostic& diagnostic : facts.diagnostics) {
        if (diagnostic.code == code) {
            return true;
        }
    }
    return false;
}

/// The same file for each class and byte order, on a machine that has that.
std::array<ElfSpec, 4> all_kinds(const ElfSpec& spec) {
    std::array<ElfSpec, 4> kinds{spec, spec, spec, spec};
    kinds[1].wide = false;
    kinds[1].machine = 3;
    kinds[2].big = true;
    kinds[2].machine = 22;
    kinds[3].wide = false;
    kinds[3].big = true;
    kinds[3].machine = 20;
    return kinds;
}

ElfSpec rich_program() {
    return {.interpreter = "/lib64/ld-linux-x86-64.so.2",
            .needed = {"libssl.so.3", "libc.so.6"},
            .soname = "odd",
            .rpath = "/opt/rpath",
            .runpath = "$ORIGIN/../lib",
            .filter = "libfilter.so",
            .flags = 8,
            .flags_1 = df_1_pie | 1,
            .version_needs = {{"libssl.so.3", {{"OPENSSL_3.0.0"}}},
                              {"libc.so.6", {{"GLIBC_2.34"}, {"GLIBC_2.2.5", true}}}},
            .version_definitions = {"odd", "ODD_1", "ODD_2"}};
}

}  // namespace

TEST_CASE("facts of every class and byte order") {
    for (const ElfSpec& spec : all_kinds(rich_program())) {
        CAPTURE(spec.machine);
        const auto facts = facts_of(spec);
        REQUIRE(facts);
        CHECK(facts->abi.machine == spec.machine);
        CHECK(facts->abi.bits == (spec.wide ? 64 : 32));
        CHECK(facts->abi.order == (spec.big ? std::endian::big : std::endian::little));
        CHECK(facts->type == ElfFacts::Type::shared);
        CHECK(facts->dynamic);
        CHECK(facts->pie);
        CHECK(facts->interpreter == "/lib64/ld-linux-x86-64.so.2");
        CHECK(facts->needed == std::vector<std::string>{"libssl.so.3", "libc.so.6"});
        CHECK(facts->soname == "odd");
        CHECK(facts->rpath == "/opt/rpath");
        CHECK(facts->runpath == "$ORIGIN/../lib");
        CHECK(facts->filters == std::vector<std::string>{"libfilter.so"});
        CHECK(facts->flags == 8);
        CHECK(facts->flags_1 == (df_1_pie | 1));
        const std::vector<elf::VersionNeed> needs = {
            {"libssl.so.3", {{"OPENSSL_3.0.0", false}}},
            {"libc.so.6", {{"GLIBC_2.34", false}, {"GLIBC_2.2.5", true}}}};
        CHECK(facts->version_needs == needs);
        CHECK(facts->version_definitions == std::vector<std::string>{"odd", "ODD_1", "ODD_2"});
        CHECK(facts->diagnostics.empty());
    }
}

TEST_CASE("LIEF reads the same from the compact image") {
    for (const ElfSpec& spec : all_kinds(rich_program())) {
        CAPTURE(spec.machine);
        const std::string file = test::elf(spec);
        const auto look = elf::Look::open(as_bytes(file));
        REQUIRE(look);
        const auto dynamic = elf::read_dynamic(*look);
        REQUIRE(dynamic);
        elf::StringTable strings = elf::dynamic_strings(*look, *dynamic, 1000);
        for (const elf::DynamicEntry& entry : dynamic->entries) {
            strings.at(entry.value);
        }
        const elf::Versions versions = elf::read_versions(*look, *dynamic, strings);
        const auto image = elf::compact_image(*look, *dynamic, strings, versions);
        REQUIRE(image);
        const auto theirs = elf::read_with_lief(*image);
        const auto ours = facts_in(file);
        REQUIRE(theirs);
        CHECK(theirs->interpreter == ours->interpreter);
        CHECK(theirs->needed == ours->needed);
        CHECK(theirs->soname == ours->soname);
        CHECK(theirs->rpath == ours->rpath);
        CHECK(theirs->runpath == ours->runpath);
        CHECK(theirs->flags == ours->flags);
        CHECK(theirs->flags_1 == ours->flags_1);
        CHECK(theirs->version_needs == ours->version_needs);
        CHECK(theirs->version_definitions == ours->version_definitions);
    }
}

TEST_CASE("where LIEF reads something else, a note says so and the loader's reading stands") {
    // To LIEF an interpreter without a name is none; the kernel looks for it and fails.
    const auto facts = facts_of({.interpreter = "\0x"s});
    REQUIRE(facts);
    CHECK(facts->interpreter == "");
    CHECK(has(*facts, "elf-readers-differ"));
    CHECK_FALSE(has(*facts_of({.interpreter = "/lib/ld.so"}), "elf-readers-differ"));
}

TEST_CASE("an empty RUNPATH is there") {
    const auto facts = facts_of({.runpath = ""});
    REQUIRE(facts);
    CHECK(facts->runpath == "");
    CHECK_FALSE(facts->rpath);
}

TEST_CASE("a program is told from a library that can be started") {
    const std::string loader = "/lib/ld.so";
    const auto is_program = [](const ElfSpec& spec) { return facts_of(spec)->is_program(); };
    CHECK(is_program({.interpreter = loader, .flags_1 = df_1_pie}));
    CHECK(is_program({.flags_1 = df_1_pie}));               // static PIE
    CHECK(is_program({.type = 2, .dynamic = false}));       // static
    CHECK(is_program({.type = 2, .interpreter = loader}));  // not PIE
    CHECK(is_program({.interpreter = loader}));             // PIE of old binutils
    CHECK_FALSE(is_program({.interpreter = loader, .soname = "libc.so.6"}));
    CHECK_FALSE(is_program({.soname = "liba.so"}));
    CHECK_FALSE(is_program({}));                             // a plugin
    CHECK_FALSE(is_program({.type = 1, .dynamic = false}));  // an object file
}

TEST_CASE("what no loader takes has no facts") {
    CHECK_FALSE(facts_in(std::string{}));
    CHECK_FALSE(facts_in(std::string("#!/bin/sh\n")));
    CHECK_FALSE(
        facts_in(std::string("\x7f"
                             "ELF")));
    const auto changed = [](std::size_t at, std::uint64_t value, unsigned size) {
        auto file = test::make_elf({.needed = {"liba.so"}});
        file.put(at, value, size);
        return facts_in(file.bytes);
    };
    CHECK(changed(4, 2, 1));             // class, unchanged
    CHECK_FALSE(changed(4, 3, 1));       // class
    CHECK_FALSE(changed(5, 0, 1));       // byte order
    CHECK_FALSE(changed(6, 2, 1));       // version in e_ident
    CHECK_FALSE(changed(20, 2, 4));      // e_version
    CHECK_FALSE(changed(32, ~0ULL, 8));  // e_phoff
    CHECK_FALSE(changed(54, 64, 2));     // e_phentsize
    CHECK_FALSE(changed(56, 0, 2));      // e_phnum
    CHECK_FALSE(changed(56, 60000, 2));
    CHECK_FALSE(changed(64 + 56, 0, 4));  // the type of its one PT_LOAD
}

TEST_CASE("damaged section headers don't matter to loading") {
    auto file = test::make_elf({.needed = {"liba.so"}});
    file.put(40, ~0ULL - 10, 8);
    const auto facts = facts_in(file.bytes);
    REQUIRE(facts);
    CHECK(facts->needed == std::vector<std::string>{"liba.so"});
    CHECK(has(*facts, "elf-sections-damaged"));
}

TEST_CASE("the dynamic section is found by its address, as loaders find it") {
    auto file = test::make_elf({.needed = {"liba.so"}});
    file.put(file.at.at("segments") + 8, 0, 8);  // p_offset of PT_DYNAMIC
    CHECK(facts_in(file.bytes)->needed == std::vector<std::string>{"liba.so"});
}

TEST_CASE("a file that is cut off is told, with what is left of it") {
    const std::string whole = test::elf({.needed = {"liba.so"}, .section_headers = false});
    const auto facts = facts_in(whole.substr(0, whole.size() - 16));
    REQUIRE(facts);
    CHECK(facts->needed == std::vector<std::string>{"liba.so"});
    CHECK(has(*facts, "elf-damaged"));
}

TEST_CASE("an interpreter without its NUL is none") {
    auto file = test::make_elf({.interpreter = "/lib/ld.so"});
    file.put(file.at.at("interp") + 10, 'x', 1);
    const auto facts = facts_in(file.bytes);
    REQUIRE(facts);
    CHECK_FALSE(facts->interpreter);
    CHECK(has(*facts, "elf-damaged"));
}

TEST_CASE("a name outside the string table is damage and the others stand") {
    auto file = test::make_elf({.needed = {"liba.so", "libb.so"}});
    file.put(file.dynamic_value(1), 0x7fffffff, 8);
    const auto facts = facts_in(file.bytes);
    REQUIRE(facts);
    CHECK(facts->needed == std::vector<std::string>{"libb.so"});
    CHECK(has(*facts, "elf-damaged"));
}

TEST_CASE("sizes of debug data and symbols come from sections that are not loaded") {
    const auto facts = facts_of({.sections = {{".debug_info", std::string(100, 'd'), 1, 0},
                                              {".debug_gdb_scripts", std::string(7, 's'), 1, 2},
                                              {".zdebug_line", std::string(10, 'z'), 1, 0},
                                              {".symtab", std::string(48, 't'), 2, 0},
                                              {".strtab", std::string(5, 'n'), 3, 0}}});
    REQUIRE(facts);
    CHECK(facts->debug_bytes == 110);
    CHECK(facts->symbol_bytes == 53);
}

TEST_CASE("a file that holds only debug data is no library") {
    const auto facts =
        facts_of({.needed = {"liba.so"}, .sections = {{".text", std::string(16, 'x'), 8, 6}}});
    REQUIRE(facts);
    CHECK_FALSE(facts->dynamic);
    CHECK(facts->needed.empty());
    CHECK(has(*facts, "elf-debug-only"));
}

TEST_CASE("a file above the limit is told and not looked into") {
    const std::string file = test::elf({.needed = {"liba.so"}});
    Limits limits;
    limits.elf_bytes = file.size() - 1;
    const auto facts = elf::read_facts(as_bytes(file), limits);
    REQUIRE(facts);
    CHECK(facts->needed.empty());
    CHECK(has(*facts, "elf-too-large"));
    limits.elf_bytes = file.size();
    CHECK_FALSE(elf::read_facts(as_bytes(file), limits)->needed.empty());
}

TEST_CASE("version tables that loop, run out or miscount end at once") {
    const ElfSpec spec = {.needed = {"libc.so.6"},
                          .version_needs = {{"libc.so.6", {{"GLIBC_2.34"}, {"GLIBC_2.35"}}}},
                          .version_definitions = {"libx.so", "X_1"}};
    const auto damaged = [&](std::string_view table, std::size_t field, std::uint64_t value,
                             unsigned size) {
        auto file = test::make_elf(spec);
        file.put(file.at.find(table)->second + field, value, size);
        const auto facts = facts_in(file.bytes);
        return facts && has(*facts, "elf-damaged") && !has(*facts, "elf-readers-differ") &&
               facts->needed.size() == 1;
    };
    CHECK(damaged("verneed", 12, 0xffffffff, 4));  // vn_next, backwards in 32 bits
    CHECK(damaged("verneed", 2, 0xffff, 2));       // vn_cnt
    CHECK(damaged("verneed", 2, 0, 2));            //
    CHECK(damaged("verneed", 0, 2, 2));            // vn_version
    CHECK(damaged("verneed", 8, 0xfffffff0, 4));   // vn_aux
    CHECK(damaged("verneed", 16 + 12, 1, 4));      // vna_next: records that overlap
    CHECK(damaged("verneed", 4, 0x00ffffff, 4));   // vn_file
    CHECK(damaged("verdef", 6, 0xffff, 2));        // vd_cnt
    CHECK(damaged("verdef", 12, 0xffffffff, 4));   // vd_aux
    CHECK(damaged("verdef", 16, 0, 4));            // vd_next: fewer than counted

    auto file = test::make_elf(spec);
    file.put(file.dynamic_value(dt_verneednum), 0xffffffff, 8);
    CHECK(has(*facts_in(file.bytes), "elf-damaged"));
}

TEST_CASE("a hundred thousand records that share one long name are refused") {
    ElfSpec spec = {.needed = {std::string(1U << 20U, 'n')}};
    for (int i = 0; i < 1000; ++i) {
        spec.needed.emplace_back("x");
    }
    auto file = test::make_elf(spec);
    const std::size_t first = file.dynamic_value(1);
    for (std::size_t i = 1; i <= 1000; ++i) {
        file.put(first + 16 * i, 1, 8);
    }
    const auto facts = facts_in(file.bytes);
    REQUIRE(facts);
    CHECK(facts->needed.size() < 10);
    CHECK(has(*facts, "elf-damaged"));
}

TEST_CASE("multiarch folders by ABI") {
    const auto triplet = [](elf::Abi abi) { return elf::multiarch_triplet(abi); };
    CHECK(triplet({.machine = 62}) == "x86_64-linux-gnu");
    CHECK(triplet({.machine = 62, .bits = 32}) == "x86_64-linux-gnux32");
    CHECK(triplet({.machine = 3, .bits = 32}) == "i386-linux-gnu");
    CHECK(triplet({.machine = 183}) == "aarch64-linux-gnu");
    CHECK(triplet({.machine = 40, .bits = 32, .flags = 0x05000400}) == "arm-linux-gnueabihf");
    CHECK(triplet({.machine = 40, .bits = 32, .flags = 0x05000200}) == "arm-linux-gnueabi");
    CHECK(triplet({.machine = 22, .order = std::endian::big}) == "s390x-linux-gnu");
    CHECK(triplet({.machine = 21}) == "powerpc64le-linux-gnu");
    CHECK(triplet({.machine = 21, .order = std::endian::big}) == "powerpc64-linux-gnu");
    CHECK(triplet({.machine = 8, .flags = 0x80000007}) == "mips64el-linux-gnuabi64");
    CHECK(triplet({.machine = 8, .bits = 32, .flags = 0x70001005}) == "mipsel-linux-gnu");
    CHECK(triplet({.machine = 8, .bits = 32, .flags = 0x80000027}) == "mips64el-linux-gnuabin32");
    CHECK(triplet({.machine = 9999}).empty());
    CHECK(elf::machine_name(183) == "AArch64");
    CHECK(elf::machine_name(9999) == "machine 9999");
}
