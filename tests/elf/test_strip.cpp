#include <random>

#include <doctest/doctest.h>

#include "slimimg/elf/elf.hpp"
#include "slimimg/elf/strip.hpp"

#include "support/elf.hpp"

using namespace slimimg;
using elf::Unstrippable;
using test::ElfSpec;

namespace {

constexpr std::uint32_t build_id_note = 3;  // NT_GNU_BUILD_ID

ElfSpec with_debug_data() {
    return {.interpreter = "/lib64/ld-linux-x86-64.so.2",
            .needed = {"liba.so"},
            .runpath = "$ORIGIN",
            .symbols = {{.name = "wanted", .defined = false}, {.name = "given"}},
            .notes = {{std::string("GNU\0", 3), build_id_note, "0123456789abcdef"}},
            .sections = {{".rodata", "constant"},
                         {".debug_info", std::string(1000, 'd'), 1, 0},
                         {".comment", "compiler 1", 1, 0},
                         {".zdebug_line", std::string(500, 'z'), 1, 0},
                         {".symtab", std::string(240, 's'), 2, 0},
                         {".stab", std::string(50, 't'), 1, 0},
                         {".gnu_debuglink", "hello.debug", 1, 0}},
            .map_all = false};
}

std::string stripped(const std::string& file) {
    const elf::StripResult result = elf::strip(as_bytes(file));
    REQUIRE(result.file);
    CHECK(result.file->size() == result.file->bytes().size());
    return result.file->bytes();
}

Unstrippable problem_of(const std::string& file) {
    const elf::StripResult result = elf::strip(as_bytes(file));
    CHECK_FALSE(result.file);
    return result.problem;
}

bool holds(const std::string& file, std::string_view text) {
    return file.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("debug data and the symbol table go, all that is mapped stays") {
    for (const bool wide : {true, false}) {
        for (const bool big : {true, false}) {
            ElfSpec spec = with_debug_data();
            spec.wide = wide;
            spec.big = big;
            const std::string before = test::elf(spec);
            const std::string after = stripped(before);
            CHECK(elf::difference_at_run_time(as_bytes(before), as_bytes(after)).empty());
            CHECK(after.size() + 1700 < before.size());
            const auto facts = elf::read_facts(as_bytes(after), {});
            REQUIRE(facts);
            CHECK(facts->debug_bytes == 0);
            CHECK(facts->symbol_bytes == 0);
            CHECK(facts->needed == std::vector<std::string>{"liba.so"});
            CHECK(facts->build_id == elf::read_facts(as_bytes(before), {})->build_id);
            CHECK_FALSE(facts->build_id.empty());
            CHECK(facts->diagnostics.empty());
            for (const char* kept : {"constant", "compiler 1", "hello.debug", ".gnu_debuglink"}) {
                CHECK_MESSAGE(holds(after, kept), kept);
            }
            for (const char* gone : {"dddd", "zzzz", "ssss", "tttt", ".debug_info", ".symtab"}) {
                CHECK_MESSAGE(!holds(after, gone), gone);
            }
        }
    }
}

TEST_CASE("what is stripped once has nothing more to lose") {
    CHECK(problem_of(stripped(test::elf(with_debug_data()))) == Unstrippable::nothing_to_cut);
    ElfSpec plain = with_debug_data();
    plain.sections = {{".rodata", "x"}, {".comment", "y", 1, 0}};
    CHECK(problem_of(test::elf(plain)) == Unstrippable::nothing_to_cut);
}

TEST_CASE("debug data that is mapped stays, as Rust's .debug_gdb_scripts") {
    ElfSpec spec = with_debug_data();
    spec.sections = {{".debug_gdb_scripts", "loaded script"},
                     {".debug_info", std::string(1000, 'd'), 1, 0}};
    CHECK(holds(stripped(test::elf(spec)), "loaded script"));
}

TEST_CASE("object files, core dumps, debug companions and other systems' files stay as they are") {
    for (const std::uint16_t type :
         std::initializer_list<std::uint16_t>{0, 1, 4}) {  // ET_NONE, ET_REL, ET_CORE
        ElfSpec spec = with_debug_data();
        spec.type = type;
        CHECK(problem_of(test::elf(spec)) == Unstrippable::no_program);
    }
    ElfSpec companion = with_debug_data();
    companion.sections.push_back({".text", "", 8, 6});  // SHT_NOBITS, SHF_ALLOC | SHF_EXECINSTR
    CHECK(problem_of(test::elf(companion)) == Unstrippable::no_program);
    ElfSpec guile = with_debug_data();
    guile.machine = 0;
    CHECK(problem_of(test::elf(guile)) == Unstrippable::no_program);
    std::string standalone = test::elf(with_debug_data());
    standalone[7] = '\xff';  // EI_OSABI
    CHECK(problem_of(standalone) == Unstrippable::no_program);
    CHECK(problem_of("#!/bin/sh\n") == Unstrippable::no_program);
    CHECK(problem_of("") == Unstrippable::no_program);
}

TEST_CASE("a file with data behind its end stays as it is") {
    const std::string file = test::elf(with_debug_data());
    CHECK(problem_of(file + "PK archive") == Unstrippable::appended_data);
    CHECK(stripped(file + std::string(100, '\0')) == stripped(file));
}

TEST_CASE("the comparison notices what a slip would change") {
    const std::string before = test::elf(with_debug_data());
    const std::string good = stripped(before);
    const auto told = [&](const std::string& after) {
        return elf::difference_at_run_time(as_bytes(before), as_bytes(after));
    };
    CHECK(told(good).empty());
    std::string header = good;
    header[24] = 'x';  // e_entry
    CHECK(told(header) == "the ELF header");
    std::string mapped = good;
    mapped[mapped.find("constant")] = 'X';
    CHECK(told(mapped) == "what is mapped");
    std::string section = good;
    section[section.find("compiler 1")] = 'X';
    CHECK(told(section) == "a section");
    CHECK(told(good.substr(0, good.size() - 64)) == "a section");
    CHECK(told("") == "the ELF header");
}

TEST_CASE("damaged files are refused or stripped to the same, never worse") {
    const std::string whole = test::elf(with_debug_data());
    std::mt19937 random(7);  // NOLINT: the same files each time
    std::size_t done = 0;
    for (int i = 0; i < 4000; ++i) {
        std::string file = whole;
        const std::size_t where =
            i % 2 == 0 ? random() % 64
                       : file.size() - 1 - random() % std::min<std::size_t>(700, file.size());
        file[where] = static_cast<char>(random());
        if (i % 5 == 0) {
            file.resize(random() % file.size());
        }
        const elf::StripResult result = elf::strip(as_bytes(file));
        if (result.file) {
            ++done;
            CHECK(result.file->size() < file.size());
        }
    }
    CHECK(done > 100);
}
