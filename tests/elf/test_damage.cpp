#include <chrono>
#include <random>

#include <doctest/doctest.h>

#include "slimimg/base/limits.hpp"
#include "slimimg/elf/elf.hpp"

#include "support/elf.hpp"

using namespace slimimg;
using test::ElfSpec;

// What these tests look for is a crash, a read outside (under a sanitizer) or a hang.

namespace {

/// Everything that reads a file; the sum keeps it from being optimized away.
std::size_t read_all(Bytes file) {
    std::size_t sum = 0;
    if (const auto facts = elf::read_facts(file, {})) {
        sum += facts->needed.size() + facts->diagnostics.size();
    }
    std::vector<Diagnostic> diagnostics;
    sum += elf::read_dynamic_symbols(file, {}, diagnostics).size();
    for (const Bytes part : elf::constant_data(file)) {
        sum += part.size();
    }
    return sum;
}

/// In memory of its own that ends where the file does, so that sanitizers see a read past it.
std::size_t read_exact(const std::string& file) {
    const std::vector<std::byte> copy(as_bytes(file).begin(), as_bytes(file).end());
    return read_all(copy);
}

std::vector<std::string> originals() {
    std::vector<std::string> files;
    for (const bool wide : {true, false}) {
        for (const bool big : {false, true}) {
            ElfSpec spec = test::elf_with_everything();
            spec.wide = wide;
            spec.big = big;
            spec.hash = wide == big ? ElfSpec::Hash::gnu : ElfSpec::Hash::sysv;
            files.push_back(test::elf(spec));
        }
    }
    return files;
}

}  // namespace

TEST_CASE("every shorter part of a file can be read") {
    for (const std::string& file : originals()) {
        std::size_t none = 0;
        for (std::size_t size = 0; size <= file.size(); ++size) {
            const std::string part = file.substr(0, size);
            read_exact(part);
            none += elf::read_facts(as_bytes(part), {}) ? 0U : 1U;
        }
        CHECK(none > 52);
        CHECK(none < file.size());
    }
}

TEST_CASE("every byte of a file can be anything") {
    constexpr int rounds = 5;
    std::mt19937 random(20260101);  // NOLINT: a fixed seed, so that failures come again
    const auto start = std::chrono::steady_clock::now();
    for (const std::string& file : originals()) {
        for (int round = 0; round < rounds; ++round) {
            for (std::size_t at = 0; at < file.size(); ++at) {
                std::string changed = file;
                changed[at] = static_cast<char>(round == 0 ? 0xff : random());
                CHECK_NOTHROW(read_exact(changed));
            }
        }
    }
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(120));
}

TEST_CASE("several bytes of a file can be anything") {
    constexpr int variants = 5000;
    std::mt19937 random(7);  // NOLINT
    for (const std::string& file : originals()) {
        for (int i = 0; i < variants; ++i) {
            std::string changed = file;
            for (unsigned count = 1 + random() % 8; count > 0; --count) {
                changed[random() % file.size()] = static_cast<char>(random());
            }
            CHECK_NOTHROW(read_exact(changed));
        }
    }
}

TEST_CASE("segments beyond counting are read in bounded time") {
    // 65535 segments that each hold all notes, versions that name each other, addresses anywhere.
    auto file = test::make_elf(test::elf_with_everything());
    const std::size_t table = file.bytes.size();
    const std::string row = file.bytes.substr(file.at.at("segments") + 56, 56);
    const std::string load = file.bytes.substr(file.at.at("segments") + 3UL * 56, 56);
    const std::string dynamic = file.bytes.substr(file.at.at("segments") + 2UL * 56, 56);
    for (int i = 0; i < 65533; ++i) {
        file.bytes += row;
    }
    file.bytes += load + dynamic;
    file.put(32, table, 8);
    file.put(56, 65535, 2);
    const auto start = std::chrono::steady_clock::now();
    const auto facts = elf::read_facts(as_bytes(file.bytes), {});
    REQUIRE(facts);
    CHECK(facts->needed.size() == 2);
    CHECK(facts->dlopen_notes.size() < 4096);
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
}

TEST_CASE("sections beyond counting are read in bounded time") {
    ElfSpec spec;
    spec.sections.push_back({".debug_" + std::string(100'000, 'x'), "", 1, 0});
    spec.sections.insert(spec.sections.end(), 60'000, {".debug_info", "x", 1, 0});
    auto file = test::make_elf(spec);
    const std::size_t rows = file.at.at("sections");
    for (std::size_t i = 1; i <= 60'000; ++i) {
        file.put(rows + 64 * i, 10, 4);                      // the name of the first, cut or not
        file.put(rows + 64 * i + 24, 0, 8);                  // sh_offset
        file.put(rows + 64 * i + 32, file.bytes.size(), 8);  // sh_size
    }
    const auto start = std::chrono::steady_clock::now();
    const auto facts = elf::read_facts(as_bytes(file.bytes), {});
    REQUIRE(facts);
    CHECK(facts->debug_bytes <= file.bytes.size());
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
}
