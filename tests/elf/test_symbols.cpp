#include <doctest/doctest.h>

#include "slimimg/base/limits.hpp"
#include "slimimg/elf/elf.hpp"

#include "support/elf.hpp"

using namespace slimimg;
using elf::DynamicSymbol;
using test::ElfSpec;

namespace {

struct Read {
    std::string file;
    std::vector<DynamicSymbol> symbols;
    std::vector<Diagnostic> diagnostics;
};

Read read(std::string file) {
    Read result{.file = std::move(file), .symbols = {}, .diagnostics = {}};
    result.symbols = elf::read_dynamic_symbols(as_bytes(result.file), {}, result.diagnostics);
    return result;
}

/// One line as readelf writes names, with what else is known before it.
std::string line(const DynamicSymbol& symbol) {
    std::string text = symbol.defined ? "defined " : "undefined ";
    text += symbol.weak ? "weak " : "";
    text += symbol.name;
    if (!symbol.version.empty()) {
        text +=
            (symbol.defined && !symbol.hidden_version ? "@@" : "@") + std::string(symbol.version);
    }
    return text;
}

ElfSpec library() {
    return {.version_needs = {{"libc.so.6", {{"GLIBC_2.34"}}}},
            .version_definitions = {"libx.so.1", "X_1", "X_2"},
            .symbols = {{.name = "own", .local = true},
                        {.name = "puts", .version = "GLIBC_2.34", .defined = false},
                        {.name = "plain", .defined = false},
                        {.name = "maybe", .defined = false, .weak = true},
                        {.name = "work", .version = "X_1", .hidden = true},
                        {.name = "work", .version = "X_2"},
                        {.name = "free_of_version", .weak = true}}};
}

}  // namespace

TEST_CASE("dynamic symbols of every class, byte order and hash table") {
    for (const bool wide : {true, false}) {
        for (const bool big : {false, true}) {
            for (const auto hash : {ElfSpec::Hash::gnu, ElfSpec::Hash::sysv}) {
                CAPTURE(wide);
                CAPTURE(big);
                ElfSpec spec = library();
                spec.wide = wide;
                spec.big = big;
                spec.machine = big ? 22 : 62;  // IBM Z has hash tables of 8-byte words
                spec.hash = hash;
                const Read result = read(test::elf(spec));
                std::vector<std::string> lines;
                for (const DynamicSymbol& symbol : result.symbols) {
                    lines.push_back(line(symbol));
                }
                CHECK(lines == std::vector<std::string>{"undefined puts@GLIBC_2.34",
                                                        "undefined plain", "undefined weak maybe",
                                                        "defined work@X_1", "defined work@@X_2",
                                                        "defined weak free_of_version"});
                CHECK(result.diagnostics.empty());
            }
        }
    }
}

TEST_CASE("a GNU hash table without a defined symbol leaves the count to the section") {
    ElfSpec spec = {.symbols = {{.name = "a", .defined = false}, {.name = "b", .defined = false}}};
    CHECK(read(test::elf(spec)).symbols.size() == 2);
}

TEST_CASE("symbols need no section headers") {
    ElfSpec spec = library();
    spec.section_headers = false;
    CHECK(read(test::elf(spec)).symbols.size() == 6);
}

TEST_CASE("a file without symbols has none, and that is no damage") {
    CHECK(read(test::elf({})).symbols.empty());
    CHECK(read(test::elf({})).diagnostics.empty());
    CHECK(read(test::elf({.type = 2, .dynamic = false})).diagnostics.empty());
    CHECK(read("no ELF file").diagnostics.empty());
}

TEST_CASE("damaged symbol tables are told and nothing is made of them") {
    const auto damaged = [](ElfSpec::Hash hash, std::string_view table, std::size_t field,
                            std::uint64_t value, unsigned size) {
        ElfSpec spec = library();
        spec.hash = hash;
        auto file = test::make_elf(spec);
        file.put(file.at.find(table)->second + field, value, size);
        const Read result = read(file.bytes);
        return result.symbols.empty() && result.diagnostics.size() == 1 &&
               result.diagnostics[0].code == "elf-symbols-damaged";
    };
    const auto gnu = ElfSpec::Hash::gnu;
    const auto sysv = ElfSpec::Hash::sysv;
    CHECK(damaged(sysv, "hash", 4, 0xffffffff, 4));           // nchain
    CHECK(damaged(gnu, "hash", 0, 0xffffffff, 4));            // buckets
    CHECK(damaged(gnu, "hash", 8, 0xffffffff, 4));            // bloom words
    CHECK(damaged(gnu, "hash", 24, 0xfffffff0, 4));           // a bucket
    CHECK(damaged(gnu, "symbols", 2UL * 24, 0xfffffff0, 4));  // st_name
    CHECK(damaged(gnu, "versym", 4, 77, 2));                  // a version that is not there
    CHECK(damaged(gnu, "verdef", 0, 9, 2));
}

TEST_CASE("many symbols that share one long name are refused") {
    ElfSpec spec;
    spec.symbols.assign(5000, {.name = "s"});
    spec.symbols[0].name = std::string(200'000, 'n');
    auto file = test::make_elf(spec);
    CHECK(read(file.bytes).symbols.size() == 5000);
    for (std::size_t i = 2; i <= 5000; ++i) {
        file.put(file.at.at("symbols") + 24 * i, 1, 4);
    }
    const Read result = read(file.bytes);
    CHECK(result.symbols.empty());
    CHECK(result.diagnostics.size() == 1);
}
