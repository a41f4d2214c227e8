#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Makes ELF files for tests: any class and byte order, right by default, every table where a
/// test can damage it.
namespace test {

struct ElfSpec {
    bool wide = true;  ///< 64 bits
    bool big = false;  ///< big-endian
    std::uint16_t machine = 62;
    std::uint16_t type = 3;  ///< ET_DYN
    std::uint32_t machine_flags = 0;

    std::optional<std::string> interpreter = {};
    std::vector<std::string> needed = {};
    std::optional<std::string> soname = {};
    std::optional<std::string> rpath = {};
    std::optional<std::string> runpath = {};
    std::optional<std::string> filter = {};
    std::uint64_t flags = 0;
    std::uint64_t flags_1 = 0;

    struct VersionName {
        std::string name;
        bool weak = false;
    };
    struct Need {
        std::string library;
        std::vector<VersionName> versions;
    };
    std::vector<Need> version_needs = {};
    std::vector<std::string> version_definitions = {};  ///< the first is the base

    struct Symbol {
        std::string name;
        std::string version = {};  ///< one of those above
        bool defined = true;
        bool weak = false;
        bool hidden = false;
        bool local = false;
    };
    /// As the GNU hash table wants it: local and undefined ones first.
    std::vector<Symbol> symbols = {};
    enum class Hash { gnu, sysv, none } hash = Hash::gnu;

    struct Note {
        std::string owner;
        std::uint32_t type = 0;
        std::string description;
    };
    std::vector<Note> notes = {};
    unsigned note_alignment = 4;

    struct Section {
        std::string name;
        std::string content;
        std::uint32_t type = 1;   ///< SHT_PROGBITS
        std::uint64_t flags = 2;  ///< SHF_ALLOC
    };
    std::vector<Section> sections = {};
    struct Segment {
        std::uint32_t type = 0;
        std::uint32_t flags = 4;  ///< PF_R
    };
    /// Without content: what tells by being there, as PT_GNU_STACK does.
    std::vector<Segment> segments = {};
    bool map_all = true;  ///< false: what stands behind the last mapped section is not loaded
    bool section_headers = true;
    bool dynamic = true;
};

struct ElfFile {
    std::string bytes;
    ElfSpec spec;
    /// Where each part begins: "segments", "dynamic", "strings", "verneed", "verdef", "versym",
    /// "symbols", "hash", "notes", "interp", "sections".
    std::map<std::string, std::size_t, std::less<>> at;

    /// Writes a number of 1, 2, 4 or 8 bytes in the file's order.
    void put(std::size_t offset, std::uint64_t value, unsigned size);
    /// Offset of the value of the first dynamic entry with this tag; fails the test without one.
    [[nodiscard]] std::size_t dynamic_value(std::uint64_t tag) const;
};

/// What the addresses of such a file are ahead of its offsets.
constexpr std::uint64_t elf_base = 0x10000;

ElfFile make_elf(const ElfSpec& spec);

inline std::string elf(const ElfSpec& spec) {
    return make_elf(spec).bytes;
}

/// A file that has all that a reader looks at.
inline ElfSpec elf_with_everything() {
    return {.interpreter = "/lib/ld.so",
            .needed = {"liba.so", "libc.so.6"},
            .soname = "libx.so",
            .rpath = "/r",
            .runpath = "$ORIGIN",
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
}

}  // namespace test
