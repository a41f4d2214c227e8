#include <doctest/doctest.h>

#include "slimimg/elf/elf.hpp"

#include "support/elf.hpp"

using namespace slimimg;
using test::ElfSpec;

namespace {

constexpr std::uint64_t alloc = 2;
constexpr std::uint64_t write_alloc = 3;
constexpr std::uint64_t exec_alloc = 6;

std::vector<std::string> data_of(const std::string& file) {
    std::vector<std::string> parts;
    for (const Bytes part : elf::constant_data(as_bytes(file))) {
        parts.emplace_back(as_text(part));
    }
    return parts;
}

}  // namespace

TEST_CASE("constant data is what a program's own sections of data hold") {
    const std::string file = test::elf({.sections = {{".text", "code", 1, exec_alloc},
                                                     {".rodata", "read-only", 1, alloc},
                                                     {".rodata.str1.1", "strings", 1, alloc},
                                                     {".go.string", "go", 1, alloc},
                                                     {".gopclntab", "lines", 1, alloc},
                                                     {".data.rel.ro.gopclntab", "l", 1, alloc},
                                                     {".eh_frame", "unwind", 1, alloc},
                                                     {".dynstr", "names", 3, alloc},
                                                     {".debug_str", "debug", 1, 0},
                                                     {".comment", "GCC", 1, 0},
                                                     {".data", "data", 1, write_alloc},
                                                     {".data.rel.ro", "relocated", 1, write_alloc},
                                                     {".bss", "zero", 8, write_alloc}}});
    CHECK(data_of(file) ==
          std::vector<std::string>{"read-only", "strings", "go", "data", "relocated"});
}

TEST_CASE("without sections the loaded segments are constant data, a packer's left out") {
    auto file = test::make_elf({.type = 2, .section_headers = false, .dynamic = false});
    CHECK(data_of(file.bytes) == std::vector<std::string>{file.bytes});
    file.put(file.at.at("segments") + 4, 7, 4);
    CHECK(data_of(file.bytes).empty());
}

TEST_CASE("sections that lie over each other give each byte once") {
    ElfSpec spec;
    for (int i = 0; i < 1000; ++i) {
        spec.sections.push_back({".rodata", "0123456789abcdef", 1, alloc});
    }
    auto file = test::make_elf(spec);
    const std::size_t rows = file.at.at("sections");
    for (std::size_t i = 1; i <= 1000; ++i) {
        file.put(rows + 64 * i + 24, i % 7, 8);              // sh_offset
        file.put(rows + 64 * i + 32, file.bytes.size(), 8);  // sh_size
    }
    std::size_t total = 0;
    for (const std::string& part : data_of(file.bytes)) {
        total += part.size();
    }
    CHECK(total == file.bytes.size());
}

TEST_CASE("what is no ELF file has no constant data") {
    CHECK(data_of("#!/bin/sh").empty());
}
