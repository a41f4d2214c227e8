#include "slimimg/elf/literals.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include <elf.h>

#include "slimimg/base/name_hash.hpp"
#include "slimimg/elf/elf.hpp"

#include "elf/look.hpp"

namespace slimimg::elf {
namespace {

constexpr std::size_t longest = 64;

/// Code and where it is loaded.
struct Code {
    std::uint64_t address = 0;
    Bytes bytes;
};

std::vector<Code> code_of(const Look& look, const Sections& sections) {
    std::vector<Code> code;
    const auto add = [&](const auto& part) {
        if (const auto bytes = look.content(part)) {
            code.push_back({part.address, *bytes});
        }
    };
    for (const Section& section : sections.list) {
        if (section.type == SHT_PROGBITS && (section.flags & SHF_EXECINSTR) != 0) {
            add(section);
        }
    }
    for (const Segment& segment : look.segments()) {
        if (sections.list.empty() && segment.type == PT_LOAD && (segment.flags & PF_X) != 0) {
            add(segment);
        }
    }
    return code;
}

/// Of the file's, which are little-endian on these machines; 0 past the end.
template <typename T>
T number(Bytes bytes, std::size_t at) {
    return read_uint<T>(bytes, at, std::endian::little).value_or(0);
}

/// The same of the four bytes at `bytes`, which are there: for loops over all code.
std::uint32_t four_bytes(const std::byte* bytes) {
    const auto at = [&](std::size_t i) { return std::to_integer<std::uint32_t>(bytes[i]); };
    return at(0) | at(1) << 8U | at(2) << 16U | at(3) << 24U;
}

class Search {
  public:
    Search(const Look& look, const std::set<std::string, std::less<>>& names) : look_(look) {
        for (const std::string& name : names) {
            if (name.size() > 1 && name.size() <= longest) {
                names_.insert(name);
                lengths_.set(name.size());
            }
        }
    }

    void terminated(std::string_view data) {
        for (std::size_t start = 0; start < data.size();) {
            const std::size_t end = data.find('\0', start);
            if (end == std::string_view::npos) {
                break;
            }
            note(data.substr(start, end - start));
            start = end + 1;
        }
    }

    /// An address and a length, as the two words of a Go string or a Rust &str.
    void counted(std::uint64_t address, std::uint64_t length) {
        if (length <= longest && lengths_[length]) {
            const std::string_view text = as_text(look_.at_address(address));
            if (text.size() >= length) {
                note(text.substr(0, length));
            }
        }
    }

    void pairs(Bytes data) {
        constexpr std::size_t word = 8;
        for (std::size_t at = 0; at + 2 * word <= data.size(); at += word) {
            counted(number<std::uint64_t>(data, at), number<std::uint64_t>(data, at + word));
        }
    }

    /// Position-independent programs have the address in a relocation, not in the data.
    void relocated(Bytes table, std::uint32_t relative) {
        constexpr std::size_t entry = sizeof(Elf64_Rela);
        constexpr std::uint64_t word = 8;
        for (std::size_t at = 0; at + entry <= table.size(); at += entry) {
            if (ELF64_R_TYPE(number<std::uint64_t>(table, at + offsetof(Elf64_Rela, r_info))) ==
                relative) {
                const auto place = number<std::uint64_t>(table, at);
                counted(number<std::uint64_t>(table, at + offsetof(Elf64_Rela, r_addend)),
                        number<std::uint64_t>(look_.at_address(place + word), 0));
            }
        }
    }

    void note(std::string_view text) {
        if (text.size() <= longest && lengths_[text.size()]) {
            if (const auto name = names_.find(text); name != names_.end()) {
                found_.emplace(*name);
            }
        }
    }

    [[nodiscard]] bool is_found(std::string_view name) const { return found_.contains(name); }
    [[nodiscard]] const NameViewSet& names() const { return names_; }
    [[nodiscard]] const std::set<std::string, std::less<>>& found() const { return found_; }

  private:
    const Look& look_;
    NameViewSet names_;
    std::bitset<longest + 1> lengths_;
    std::set<std::string, std::less<>> found_;
};

// How far from an address its length is loaded.
constexpr std::size_t window = 28;

/// The constant of a "mov reg, imm32" or "mov dword [x], imm32" that begins at `at`.
std::optional<std::uint32_t> constant_of_x86_64(Bytes code, std::size_t at) {
    const auto byte = [&](std::size_t i) { return number<std::uint8_t>(code, i); };
    if ((byte(at) & 0xF8U) == 0xB8) {
        return number<std::uint32_t>(code, at + 1);
    }
    const unsigned mode = byte(at + 1) >> 6U;
    if (byte(at) != 0xC7 || (byte(at + 1) & 0x38U) != 0 || mode == 3) {
        return {};
    }
    const std::size_t sib = (byte(at + 1) & 7U) == 4 ? 1 : 0;
    const std::size_t distance = mode == 1 ? 1 : mode == 2 ? 4 : 0;
    return number<std::uint32_t>(code, at + 2 + sib + distance);
}

/// "lea reg, [rip + x]" with the length near it.
void references_x86_64(Search& search, const Code& code) {
    constexpr std::size_t lea_size = 7;
    // REX.W, of any register; 8D; an operand that is relative to the next instruction.
    constexpr std::uint32_t fixed_bits = 0x00C7FFFB;
    constexpr std::uint32_t lea = 0x00058D48;
    for (std::size_t i = 0; i + lea_size <= code.bytes.size(); ++i) {
        if ((four_bytes(&code.bytes[i]) & fixed_bits) != lea) {
            continue;
        }
        const auto distance = static_cast<std::int32_t>(number<std::uint32_t>(code.bytes, i + 3));
        const std::uint64_t address =
            code.address + i + lea_size + static_cast<std::uint64_t>(std::int64_t{distance});
        const std::size_t end = std::min(i + lea_size + window, code.bytes.size());
        for (std::size_t j = i - std::min(i, window); j < end; ++j) {
            if (const auto length = constant_of_x86_64(code.bytes, j)) {
                search.counted(address, *length);
            }
        }
    }
}

/// The constant that an AArch64 instruction puts into a register: movz, or orr of a run of ones.
std::optional<std::uint64_t> constant_of(std::uint32_t instruction) {
    if ((instruction & 0x7FE00000U) == 0x52800000U) {
        return instruction >> 5U & 0xFFFFU;
    }
    // orr reg, zr, #(2^n - 1) rotated right, of 64 or 32 bits.
    if ((instruction & 0x7F8003E0U) == 0x320003E0U) {
        const std::uint32_t rotation = instruction >> 16U & 0x3FU;
        const std::uint32_t ones = (instruction >> 10U & 0x3FU) + 1;
        const std::uint32_t bits = (instruction & 0x80000000U) != 0 ? 64 : 32;
        if (ones < 32 && rotation < bits) {
            const std::uint64_t run = (1ULL << ones) - 1;
            return rotation == 0 ? run : run << (bits - rotation) & (~0ULL >> (64 - bits));
        }
    }
    return {};
}

/// "adrp reg, page" and "add reg, reg, offset" with the length near them.
void references_aarch64(Search& search, const Code& code) {
    constexpr std::size_t size = 4;
    constexpr std::size_t near = 6;  // instructions
    constexpr std::uint64_t page = 4096;
    struct Page {
        std::size_t at = 0;
        std::uint64_t address = 0;
    };
    std::array<std::optional<Page>, 32> pages;
    const std::size_t count = code.bytes.size() / size;
    const auto instruction = [&](std::size_t i) {
        return number<std::uint32_t>(code.bytes, i * size);
    };
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint32_t bits = instruction(i);
        const std::uint32_t target = bits & 0x1FU;
        if ((bits & 0x9F000000U) == 0x90000000U) {
            const std::uint64_t low = bits >> 29U & 3U;
            const std::uint64_t high = bits >> 5U & 0x7FFFFU;
            std::uint64_t offset = high << 2U | low;
            offset = (offset & 1ULL << 20U) != 0 ? offset | ~((1ULL << 21U) - 1) : offset;
            const std::uint64_t here = (code.address + i * size) & ~(page - 1);
            pages[target] = Page{i, here + offset * page};
            continue;
        }
        const auto& base = pages[bits >> 5U & 0x1FU];
        if ((bits & 0xFFC00000U) != 0x91000000U || !base || i - base->at > near) {
            continue;
        }
        const std::uint64_t address = base->address + (bits >> 10U & 0xFFFU);
        for (std::size_t j = i - std::min(i, near); j < std::min(i + near, count); ++j) {
            if (const auto length = constant_of(instruction(j))) {
                search.counted(address, *length);
            }
        }
    }
}

/// Finds names that x86-64's code stores in pieces of 8, 4, 2 and 1 bytes.
class Pieces {
  public:
    explicit Pieces(const NameViewSet& names) {
        for (const std::string_view name : names) {
            const std::uint32_t key = key_of(name);
            const std::size_t size = name.size() < sizeof(key) ? 2 : sizeof(key);
            (size == 2 ? short_ : long_).push_back({key, name});
            marks_.set(key & 0xFFFFU);
        }
        const auto by_key = [](const Entry& a, const Entry& b) { return a.key < b.key; };
        std::sort(short_.begin(), short_.end(), by_key);
        std::sort(long_.begin(), long_.end(), by_key);
    }

    void find(Search& search, std::string_view code) const {
        for (std::size_t i = 1; i + 4 <= code.size(); ++i) {
            const std::uint32_t key = four_bytes(&as_bytes(code)[i]);
            if (!marks_[key & 0xFFFFU]) {
                continue;
            }
            match(search, long_, key, code, i);
            if (is_stored_half(code, i)) {
                match(search, short_, key & 0xFFFFU, code, i);
            }
        }
    }

  private:
    struct Entry {
        std::uint32_t key = 0;
        std::string_view name;
    };

    /// The first four bytes, or two, as a number.
    static std::uint32_t key_of(std::string_view text) {
        std::uint32_t key = 0;
        const std::size_t size = text.size() < sizeof(key) ? 2 : sizeof(key);
        for (std::size_t i = 0; i < size; ++i) {
            key |= static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])) << (8 * i);
        }
        return key;
    }

    static bool has(std::string_view code, std::size_t at, std::size_t back, char opcode) {
        return at >= back && code[at - back] == opcode;
    }

    /// "mov word [x], imm16": 66, perhaps REX, C7 and the operand's 1, 2, 3, 5 or 6 bytes.
    static bool is_stored_half(std::string_view code, std::size_t at) {
        static constexpr std::array<std::size_t, 5> operands{1, 2, 3, 5, 6};
        return std::any_of(operands.begin(), operands.end(), [&](std::size_t size) {
            const bool rex = at >= size + 2 && (code[at - size - 2] & '\xF0') == '\x40';
            return has(code, at, size + 1, '\xC7') &&
                   (has(code, at, size + 2, '\x66') || (rex && has(code, at, size + 3, '\x66')));
        });
    }

    /// "mov dword [x], imm32" or "mov reg, imm32".
    static bool is_moved_word(std::string_view code, std::size_t at) {
        return (code[at - 1] & '\xF8') == '\xB8' ||
               code.substr(at - std::min<std::size_t>(at, 7), 7).find('\xC7') !=
                   std::string_view::npos;
    }

    static bool has_rest(std::string_view code, std::size_t at, std::string_view name) {
        constexpr std::size_t near = 40;
        if (name.size() >= 8) {
            return code.substr(at, 8) == name.substr(0, 8);
        }
        if (name.size() == 2) {
            return true;
        }
        if (name.size() == 4) {
            return is_moved_word(code, at);
        }
        const std::size_t first = name.size() == 3 ? 2 : 4;
        const std::string_view behind = code.substr(std::min(at + first, code.size()), near);
        const auto later = [&](std::string_view piece) {
            return behind.find(piece) != std::string_view::npos;
        };
        if (name.size() == 3) {
            const std::size_t store = behind.find('\xC6');
            return store != std::string_view::npos &&
                   behind.substr(store, 8).find(name[2]) != std::string_view::npos;
        }
        // The last four bytes over the first ones, or what is left in a half and a byte.
        return later(name.substr(name.size() - 4)) ||
               (is_moved_word(code, at) && later(name.substr(4, 2)));
    }

    static void match(Search& search, const std::vector<Entry>& entries, std::uint32_t key,
                      std::string_view code, std::size_t at) {
        auto entry = std::lower_bound(entries.begin(), entries.end(), key,
                                      [](const Entry& a, std::uint32_t b) { return a.key < b; });
        // Real names share their beginning with a few; more are made to cost time.
        constexpr std::size_t most = 64;
        for (std::size_t i = 0; i < most && entry != entries.end() && entry->key == key;
             ++i, ++entry) {
            if (!search.is_found(entry->name) && has_rest(code, at, entry->name)) {
                search.note(entry->name);
            }
        }
    }

    std::vector<Entry> short_;
    std::vector<Entry> long_;
    std::bitset<1U << 16U> marks_;  // of the first two bytes of all
};

/// What a relocation is called that adds the load address alone; nothing for other machines.
std::optional<std::uint32_t> relative_relocation(const Abi& abi) {
    if (abi.bits != 64 || abi.order != std::endian::little) {
        return {};
    }
    switch (abi.machine) {
        case EM_X86_64:
            return R_X86_64_RELATIVE;
        case EM_AARCH64:
            return R_AARCH64_RELATIVE;
        default:
            return {};
    }
}

}  // namespace

std::set<std::string, std::less<>> find_literals(Bytes file,
                                                 const std::set<std::string, std::less<>>& names) {
    const auto look = Look::open(file);
    if (!look || names.empty()) {
        return {};
    }
    Search search(*look, names);
    const std::vector<Bytes> data = constant_data(file);
    for (const Bytes part : data) {
        search.terminated(as_text(part));
    }
    const auto relative = relative_relocation(look->abi());
    if (!relative) {
        return search.found();
    }
    const Sections sections = read_sections(*look);
    for (const Bytes part : data) {
        // Words are aligned in memory, and the file's offsets with them.
        const auto skip = static_cast<std::size_t>(file.data() - part.data()) % 8;
        search.pairs(part.subspan(std::min(skip, part.size())));
    }
    for (const Section& section : sections.list) {
        const auto table = section.type == SHT_RELA ? look->content(section) : std::nullopt;
        if (table) {
            search.relocated(*table, *relative);
        }
    }
    const bool x86_64 = look->abi().machine == EM_X86_64;
    const Pieces pieces(search.names());
    for (const Code& code : code_of(*look, sections)) {
        if (x86_64) {
            references_x86_64(search, code);
            pieces.find(search, as_text(code.bytes));
        } else {
            references_aarch64(search, code);
        }
    }
    return search.found();
}

}  // namespace slimimg::elf
