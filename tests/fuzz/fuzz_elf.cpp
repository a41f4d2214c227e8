#include "slimimg/elf/elf.hpp"

#include "fuzz/inputs.hpp"
#include "fuzz/targets.hpp"
#include "support/elf.hpp"
#include "support/loadable.hpp"

namespace fuzz {

void elf(slimimg::Bytes input) {
    const std::vector<std::byte> file = exact(input);
    const auto facts = slimimg::elf::read_facts(file, {});
    std::vector<slimimg::Diagnostic> diagnostics;
    const auto symbols = slimimg::elf::read_dynamic_symbols(file, {}, diagnostics);
    demand(facts || symbols.empty(), "a file without facts has symbols");
    std::size_t constant = 0;
    for (const slimimg::Bytes part : slimimg::elf::constant_data(file)) {
        constant += part.size();
    }
    demand(constant <= file.size(), "there is more constant data than file");
    if (facts) {
        demand(facts->debug_bytes <= file.size(), "there is more debug data than file");
    }
}

std::vector<std::string> elf_seeds() {
    std::vector<std::string> seeds;
    for (const bool wide : {true, false}) {
        for (const bool big : {false, true}) {
            test::ElfSpec spec{
                .interpreter = "/lib/ld.so",
                .needed = {"liba.so", "libc.so.6"},
                .soname = "libx.so",
                .rpath = "/r",
                .runpath = "$ORIGIN",
                .filter = "libf.so",
                .flags = 8,
                .flags_1 = 1,
                .version_needs = {{"libc.so.6", {{"GLIBC_2.34"}, {"GLIBC_2.35", true}}},
                                  {"liba.so", {{"A_1"}}}},
                .version_definitions = {"libx.so", "X_1"},
                .symbols = {{.name = "puts", .version = "GLIBC_2.34", .defined = false},
                            {.name = "work", .version = "X_1"},
                            {.name = "more"}},
                .notes = {{"GNU", 3, "0123"}, {"FDO", 0x407c0c0a, R"([{"soname":["libz.so.1"]}])"}},
                .sections = {{".rodata", "text", 1, 2}, {".debug_info", "debug", 1, 0}}};
            spec.wide = wide;
            spec.big = big;
            spec.hash = wide == big ? test::ElfSpec::Hash::gnu : test::ElfSpec::Hash::sysv;
            seeds.push_back(test::elf(spec));
        }
    }
    seeds.push_back(test::loadable_program({.needed = {"libc.so.6"}}));
    return seeds;
}

}  // namespace fuzz
