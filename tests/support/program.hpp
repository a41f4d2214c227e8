#pragma once

#include <string>
#include <vector>

#include "support/elf.hpp"

namespace test {

/// An ELF file that imports symbols and has strings in its data.
inline std::string object_with(ElfSpec spec, const std::vector<std::string>& imports,
                               std::string data = "") {
    for (const std::string& name : imports) {
        spec.symbols.push_back({.name = name, .defined = false});
    }
    spec.sections.push_back({.name = ".rodata", .content = std::move(data)});
    return elf(spec);
}

/// A dynamic program of this kind.
inline std::string program_with(const std::vector<std::string>& imports, std::string data) {
    ElfSpec spec;
    spec.interpreter = "/lib64/ld-linux-x86-64.so.2";
    spec.flags_1 = 0x08000000;  // DF_1_PIE
    return object_with(std::move(spec), imports, std::move(data));
}

}  // namespace test
