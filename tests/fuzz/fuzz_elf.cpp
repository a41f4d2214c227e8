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
            test::ElfSpec spec = test::elf_with_everything();
            spec.filter = "libf.so";
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
