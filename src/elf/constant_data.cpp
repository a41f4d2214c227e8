#include <algorithm>
#include <array>

#include <elf.h>

#include "slimimg/elf/elf.hpp"

#include "elf/look.hpp"

namespace slimimg::elf {
namespace {

/// Tables of the linker, the unwinder and language runtimes, and code for other processors: what
/// looks like a string there is a symbol, a source path or chance.
constexpr std::array<std::string_view, 27> no_data = {".ARM.exidx",
                                                      ".ARM.extab",
                                                      ".debug",
                                                      ".dynstr",
                                                      ".dynsym",
                                                      ".eh_frame",
                                                      ".gcc_except_table",
                                                      ".gnu.hash",
                                                      ".gnu.version",
                                                      ".gnu_debug",
                                                      ".gopclntab",
                                                      ".gosymtab",
                                                      ".got",
                                                      ".hash",
                                                      ".hip_fatbin",
                                                      ".interp",
                                                      ".itablink",
                                                      ".MIPS.",
                                                      ".note",
                                                      ".nv_fatbin",
                                                      ".nvFatBin",
                                                      ".opd",
                                                      ".plt",
                                                      ".rel.",
                                                      ".rela.",
                                                      ".typelink",
                                                      ".zdebug"};

bool holds_data(const Section& section) {
    if (section.type != SHT_PROGBITS || (section.flags & SHF_ALLOC) == 0 ||
        (section.flags & SHF_EXECINSTR) != 0) {
        return false;
    }
    // Go's tables have this before their names in position-independent programs.
    constexpr std::string_view relocated = ".data.rel.ro";
    const std::string_view name =
        section.name.starts_with(relocated) ? section.name.substr(relocated.size()) : section.name;
    return std::none_of(no_data.begin(), no_data.end(),
                        [&](std::string_view prefix) { return name.starts_with(prefix); });
}

struct Part {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
};

std::vector<Part> data_sections(const Sections& sections) {
    std::vector<Part> parts;
    for (const Section& section : sections.list) {
        if (holds_data(section)) {
            parts.push_back({section.offset, section.offset + section.size});
        }
    }
    return parts;
}

/// Old linkers put constants and code into one segment, so code is taken too; what is writable
/// and executable is a packer's.
std::vector<Part> data_segments(const Look& look) {
    std::vector<Part> parts;
    for (const Segment& segment : look.segments()) {
        const bool packed = (segment.flags & PF_W) != 0 && (segment.flags & PF_X) != 0;
        if (segment.type == PT_LOAD && !packed) {
            parts.push_back({segment.offset, segment.offset + segment.file_size});
        }
    }
    return parts;
}

}  // namespace

std::vector<Bytes> constant_data(Bytes file) {
    const auto look = Look::open(file);
    if (!look) {
        return {};
    }
    const Sections sections = read_sections(*look);
    std::vector<Part> parts =
        sections.list.empty() ? data_segments(*look) : data_sections(sections);
    std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) {
        return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
    });
    // Parts of a hostile file may lie over each other; each byte is given out once.
    std::vector<Bytes> data;
    std::uint64_t done = 0;
    for (const Part& part : parts) {
        const std::uint64_t begin = std::max(part.begin, done);
        const std::uint64_t end = std::min<std::uint64_t>(part.end, file.size());
        if (begin < end) {
            data.push_back(file.subspan(begin, end - begin));
            done = end;
        }
    }
    return data;
}

}  // namespace slimimg::elf
