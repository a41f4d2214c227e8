#include "slimimg/elf/strip.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <vector>

#include <elf.h>

#include "slimimg/elf/elf.hpp"

#include "elf/look.hpp"

namespace slimimg::elf {
namespace {

/// What bfd counts as debug data by name (bfd/elf.c, _bfd_elf_make_section_from_shdr), and the
/// compressed symbol table that Fedora's files carry.
constexpr std::array<std::string_view, 8> debug_names{
    ".debug",         ".zdebug",           ".stab",      ".line",
    ".gnu.debuglto_", ".gnu.linkonce.wi.", ".gdb_index", ".gnu_debugdata"};

/// A section header with all its fields.
struct Row {
    std::uint32_t name = 0;
    std::uint32_t type = 0;
    std::uint64_t flags = 0;
    std::uint64_t address = 0;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::uint32_t link = 0;
    std::uint32_t info = 0;
    std::uint64_t alignment = 0;
    std::uint64_t entry_size = 0;

    [[nodiscard]] bool is_mapped() const { return (flags & SHF_ALLOC) != 0; }
    [[nodiscard]] std::uint64_t stored() const { return type == SHT_NOBITS ? 0 : size; }
};

Row read_row(Bytes bytes, Encoding encoding) {
    Record record(bytes, encoding);
    Row row;
    row.name = record.word();
    row.type = record.word();
    row.flags = record.native();
    row.address = record.native();
    row.offset = record.native();
    row.size = record.native();
    row.link = record.word();
    row.info = record.word();
    row.alignment = record.native();
    row.entry_size = record.native();
    return row;
}

void put(std::string& text, std::size_t at, std::uint64_t value, unsigned size, std::endian order) {
    for (unsigned i = 0; i < size; ++i) {
        const unsigned shift = 8 * (order == std::endian::big ? size - 1 - i : i);
        text[at + i] = static_cast<char>((value >> shift) & 0xff);
    }
}

/// Operating systems whose loaders follow the program headers. Others use the format as a
/// container of their own: Guile's compiled code keeps what it reads in sections.
bool is_of_known_system(const Abi& abi) {
    return abi.machine != EM_NONE &&
           (abi.os_abi == ELFOSABI_SYSV || abi.os_abi == ELFOSABI_GNU ||
            abi.os_abi == ELFOSABI_ARM || abi.os_abi == ELFOSABI_ARM_AEABI);
}

class Stripper {
  public:
    explicit Stripper(const Look& look) : look_(look), encoding_(look.encoding()) {}

    StripResult run() {
        if (!read()) {
            return {};
        }
        choose();
        if (std::none_of(fate_.begin(), fate_.end(),
                         [](Fate fate) { return fate != Fate::stays; })) {
            return {.file = {}, .problem = Unstrippable::nothing_to_cut};
        }
        if (has_appended_data()) {
            return {.file = {}, .problem = Unstrippable::appended_data};
        }
        Stripped result = write();
        if (result.size() >= look_.file().size()) {
            return {.file = {}, .problem = Unstrippable::nothing_to_cut};
        }
        return {.file = std::move(result)};
    }

  private:
    enum class Fate { stays, blank, goes };

    [[nodiscard]] std::uint64_t header_size() const {
        return encoding_.pick(sizeof(Elf32_Ehdr), sizeof(Elf64_Ehdr));
    }
    [[nodiscard]] std::uint64_t row_size() const {
        return encoding_.pick(sizeof(Elf32_Shdr), sizeof(Elf64_Shdr));
    }
    [[nodiscard]] std::uint64_t file_size() const { return look_.file().size(); }

    /// False where something stands outside of the file, or there is no section table.
    bool read() {
        const Header& header = look_.header();
        const auto table =
            checked_subspan(look_.file(), header.section_table, row_size() * header.section_count);
        // Tables so long that their length stands elsewhere are object files'.
        if (header.section_table == 0 || header.section_count == 0 || !table ||
            header.section_entry_size != row_size() ||
            header.section_names >= header.section_count || header.section_names == 0) {
            return false;
        }
        mapped_end_ =
            std::max(header_size(), header.segment_table + std::uint64_t{1} * header.segment_count *
                                                               header.segment_entry_size);
        for (const Segment& segment : look_.segments()) {
            if (segment.type == PT_NULL || segment.file_size == 0) {
                continue;
            }
            if (!look_.content(segment)) {
                return false;
            }
            mapped_end_ = std::max(mapped_end_, segment.offset + segment.file_size);
        }
        own_end_ = header.section_table + row_size() * header.section_count;
        std::uint64_t unmapped = 0;  // where sections lie over each other, more than the file has
        for (std::size_t i = 0; i < header.section_count; ++i) {
            const Row row = read_row(table->subspan(i * row_size(), row_size()), encoding_);
            if (row.type != SHT_NULL && row.stored() != 0) {
                if (!checked_subspan(look_.file(), row.offset, row.size)) {
                    return false;
                }
                own_end_ = std::max(own_end_, row.offset + row.size);
                unmapped += row.is_mapped() ? 0 : row.size;
                mapped_end_ =
                    row.is_mapped() ? std::max(mapped_end_, row.offset + row.size) : mapped_end_;
            }
            rows_.push_back(row);
        }
        own_end_ = std::max(own_end_, mapped_end_);
        const Row& names = rows_[header.section_names];
        if (names.type != SHT_STRTAB || names.is_mapped()) {
            return false;
        }
        names_ = look_.file().subspan(names.offset, names.size);
        return mapped_end_ <= file_size() && unmapped <= file_size() &&
               std::all_of(rows_.begin(), rows_.end(),
                           [&](const Row& row) { return name_at(row.name).has_value(); });
    }

    /// Nothing for a name so long that no compiler made it.
    [[nodiscard]] std::optional<std::string_view> name_at(std::uint32_t at) const {
        static constexpr std::size_t longest = 256;
        const Bytes rest = names_.subspan(std::min<std::size_t>(at, names_.size()));
        return read_c_string(rest.first(std::min(rest.size(), longest)), 0);
    }

    [[nodiscard]] std::string_view name_of(const Row& row) const {
        return name_at(row.name).value_or("");
    }

    [[nodiscard]] static bool is_debug_name(std::string_view name) {
        return std::any_of(debug_names.begin(), debug_names.end(),
                           [&](std::string_view start) { return name.starts_with(start); });
    }

    void choose() {
        const std::size_t names = look_.header().section_names;
        std::vector<bool> goes(rows_.size());
        for (std::size_t i = 1; i < rows_.size(); ++i) {
            const Row& row = rows_[i];
            const bool of_linker = row.type == SHT_SYMTAB || row.type == SHT_SYMTAB_SHNDX ||
                                   row.type == SHT_REL || row.type == SHT_RELA ||
                                   row.type == SHT_GROUP;
            goes[i] = !row.is_mapped() && i != names &&
                      (of_linker || (row.type != SHT_NULL && is_debug_name(name_of(row))));
        }
        // A string table goes with the tables that use it.
        for (std::size_t i = 1; i < rows_.size(); ++i) {
            const bool of_gone = !rows_[i].is_mapped() && i != names &&
                                 rows_[i].type == SHT_STRTAB && is_used_by_gone_only(i, goes);
            goes[i] = goes[i] || of_gone;
        }
        // Dynamic symbols tell their section by number, so the numbers of mapped ones stay.
        std::size_t numbered = 0;
        if (std::any_of(rows_.begin(), rows_.end(),
                        [](const Row& row) { return row.type == SHT_DYNSYM; })) {
            for (std::size_t i = 0; i < rows_.size(); ++i) {
                numbered = rows_[i].is_mapped() ? i : numbered;
            }
        }
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            fate_.push_back(!goes[i] ? Fate::stays : (i < numbered ? Fate::blank : Fate::goes));
        }
    }

    [[nodiscard]] bool is_used_by_gone_only(std::size_t strings,
                                            const std::vector<bool>& goes) const {
        bool used = false;
        for (std::size_t i = 1; i < rows_.size(); ++i) {
            if (rows_[i].link == strings) {
                if (!goes[i]) {
                    return false;
                }
                used = true;
            }
        }
        return used;
    }

    /// Installers, single-file applications and signatures stand behind the file's own bytes.
    [[nodiscard]] bool has_appended_data() const {
        const Bytes rest = look_.file().subspan(std::min(own_end_, file_size()));
        return std::any_of(rest.begin(), rest.end(),
                           [](std::byte value) { return value != std::byte{0}; });
    }

    Stripped write() {
        Stripped result;
        result.kept = look_.file().subspan(header_size(), mapped_end_ - header_size());
        const auto here = [&] { return mapped_end_ + result.tail.size(); };
        const auto align = [&](std::uint64_t alignment) {
            const std::uint64_t to = std::clamp<std::uint64_t>(alignment, 1, 64);
            result.tail.resize(result.tail.size() + (to - here() % to) % to);
        };
        number();
        std::string names(1, '\0');
        std::map<std::string_view, std::uint32_t> known{{"", 0}};
        const std::size_t names_index = look_.header().section_names;
        for (std::size_t i = 1; i < rows_.size(); ++i) {
            if (fate_[i] == Fate::blank) {
                rows_[i] = {};
            } else if (fate_[i] == Fate::stays) {
                const std::string_view name = name_of(rows_[i]);
                const auto [at, added] =
                    known.emplace(name, static_cast<std::uint32_t>(names.size()));
                if (added) {
                    names.append(name).push_back('\0');
                }
                rows_[i].name = at->second;
            }
        }
        for (std::size_t i = 1; i < rows_.size(); ++i) {
            Row& row = rows_[i];
            if (fate_[i] != Fate::stays || row.type == SHT_NULL || row.is_mapped()) {
                continue;
            }
            const Bytes content =
                i == names_index ? as_bytes(names) : look_.file().subspan(row.offset, row.stored());
            if (i != names_index && row.offset + content.size() <= mapped_end_) {
                continue;  // in the part that stays where it is
            }
            align(row.alignment);
            row.offset = here();
            row.size = row.type == SHT_NOBITS ? row.size : content.size();
            result.tail.append(as_text(content));
        }
        align(encoding_.pick(4, 8));
        const std::uint64_t table = here();
        std::uint64_t count = 0;
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            if (fate_[i] != Fate::goes) {
                put_row(result.tail, rows_[i]);
                ++count;
            }
        }
        result.header = new_header(table, count);
        return result;
    }

    /// New numbers, and the sections that others refer to by them.
    void number() {
        std::vector<std::uint32_t> numbers(rows_.size());
        std::uint32_t next = 0;
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            numbers[i] = fate_[i] == Fate::stays ? next : 0U;
            next += fate_[i] == Fate::goes ? 0U : 1U;
        }
        for (std::size_t i = 1; i < rows_.size(); ++i) {
            Row& row = rows_[i];
            row.link = row.link < numbers.size() ? numbers[row.link] : 0;
            const bool names_section =
                (row.flags & SHF_INFO_LINK) != 0 || row.type == SHT_REL || row.type == SHT_RELA;
            if (names_section) {
                row.info = row.info < numbers.size() ? numbers[row.info] : 0;
            }
        }
        names_number_ = numbers[look_.header().section_names];
    }

    void put_row(std::string& text, const Row& row) const {
        std::size_t at = text.size();
        text.resize(at + row_size());
        const unsigned wide = encoding_.wide ? 8 : 4;
        const auto field = [&](std::uint64_t value, unsigned size) {
            put(text, at, value, size, encoding_.order);
            at += size;
        };
        field(row.name, 4);
        field(row.type, 4);
        field(row.flags, wide);
        field(row.address, wide);
        field(row.offset, wide);
        field(row.size, wide);
        field(row.link, 4);
        field(row.info, 4);
        field(row.alignment, wide);
        field(row.entry_size, wide);
    }

    [[nodiscard]] std::string new_header(std::uint64_t table, std::uint64_t count) const {
        std::string header(as_text(look_.file().first(header_size())));
        put(header, encoding_.pick(offsetof(Elf32_Ehdr, e_shoff), offsetof(Elf64_Ehdr, e_shoff)),
            table, encoding_.wide ? 8 : 4, encoding_.order);
        put(header, encoding_.pick(offsetof(Elf32_Ehdr, e_shnum), offsetof(Elf64_Ehdr, e_shnum)),
            count, 2, encoding_.order);
        put(header,
            encoding_.pick(offsetof(Elf32_Ehdr, e_shstrndx), offsetof(Elf64_Ehdr, e_shstrndx)),
            names_number_, 2, encoding_.order);
        return header;
    }

    const Look& look_;
    Encoding encoding_;
    std::vector<Row> rows_;
    std::vector<Fate> fate_;
    Bytes names_;
    std::uint64_t mapped_end_ = 0;  ///< up to here nothing moves
    std::uint64_t own_end_ = 0;     ///< of all that the headers tell of
    std::uint32_t names_number_ = 0;
};

/// The header with what strip may change set to nothing.
std::string fixed_header(const Look& look) {
    const Encoding encoding = look.encoding();
    std::string header(
        as_text(look.file().first(encoding.pick(sizeof(Elf32_Ehdr), sizeof(Elf64_Ehdr)))));
    put(header, encoding.pick(offsetof(Elf32_Ehdr, e_shoff), offsetof(Elf64_Ehdr, e_shoff)), 0,
        encoding.wide ? 8 : 4, encoding.order);
    put(header, encoding.pick(offsetof(Elf32_Ehdr, e_shnum), offsetof(Elf64_Ehdr, e_shnum)), 0, 4,
        encoding.order);  // and e_shstrndx behind it
    return header;
}

bool same(Bytes a, Bytes b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

/// Segments as stored, but for the ELF header where one begins with it.
bool same_segments(const Look& a, const Look& b) {
    const auto& segments = a.segments();
    const Header& header = a.header();
    const std::uint64_t table = std::uint64_t{1} * header.segment_count * header.segment_entry_size;
    const auto rows_a = checked_subspan(a.file(), header.segment_table, table);
    const auto rows_b = checked_subspan(b.file(), header.segment_table, table);
    if (segments.size() != b.segments().size() || !rows_a || !rows_b || !same(*rows_a, *rows_b)) {
        return false;
    }
    const std::uint64_t front = a.encoding().pick(sizeof(Elf32_Ehdr), sizeof(Elf64_Ehdr));
    return std::all_of(segments.begin(), segments.end(), [&](const Segment& segment) {
        if (segment.type == PT_NULL || segment.file_size == 0) {
            return true;
        }
        const auto old = a.content(segment);
        const auto now = b.content(segment);
        const std::uint64_t skip =
            segment.offset < front ? std::min(front - segment.offset, segment.file_size) : 0;
        return old && now && same(old->subspan(skip), now->subspan(skip));
    });
}

/// Each section that is still there, by its name in order, is what it was.
bool same_sections(const Look& a, const Look& b) {
    const Sections old = read_sections(a);
    const Sections now = read_sections(b);
    if (old.damaged || now.damaged) {
        return false;
    }
    auto at = old.list.begin();
    for (const Section& section : now.list) {
        if (section.type == SHT_NULL) {
            continue;
        }
        at = std::find_if(at, old.list.end(), [&](const Section& candidate) {
            return candidate.name == section.name && candidate.type == section.type;
        });
        if (at == old.list.end() || at->flags != section.flags || at->address != section.address) {
            return false;
        }
        const auto before = a.content(*at);
        const auto after = b.content(section);
        const bool names = section.name == ".shstrtab" || section.type == SHT_STRTAB;
        const bool mapped = (section.flags & SHF_ALLOC) != 0;
        if (before.has_value() != after.has_value() ||
            (before && (!names || mapped) && !same(*before, *after))) {
            return false;
        }
        ++at;
    }
    // Whatever is mapped is there still.
    const auto mapped = [](const Sections& sections) {
        return std::count_if(sections.list.begin(), sections.list.end(),
                             [](const Section& s) { return (s.flags & SHF_ALLOC) != 0; });
    };
    return mapped(old) == mapped(now);
}

bool same_symbols(const std::vector<DynamicSymbol>& a, const std::vector<DynamicSymbol>& b) {
    return std::equal(
        a.begin(), a.end(), b.begin(), b.end(), [](const DynamicSymbol& x, const DynamicSymbol& y) {
            return x.name == y.name && x.version == y.version && x.defined == y.defined &&
                   x.weak == y.weak && x.hidden_version == y.hidden_version;
        });
}

bool same_facts(const ElfFacts& a, const ElfFacts& b) {
    return a.abi == b.abi && a.type == b.type && a.interpreter == b.interpreter &&
           a.needed == b.needed && a.soname == b.soname && a.rpath == b.rpath &&
           a.runpath == b.runpath && a.flags == b.flags && a.flags_1 == b.flags_1 &&
           a.version_needs == b.version_needs && a.version_definitions == b.version_definitions;
}

}  // namespace

std::string Stripped::bytes() const {
    std::string whole = header;
    whole.append(as_text(kept));
    whole += tail;
    return whole;
}

StripResult strip(Bytes file) {
    const auto look = Look::open(file);
    if (!look || (look->header().type != ET_EXEC && look->header().type != ET_DYN) ||
        !is_of_known_system(look->abi()) || is_debug_companion(read_sections(*look))) {
        return {};
    }
    return Stripper(*look).run();
}

std::string_view difference_at_run_time(Bytes original, Bytes stripped) {
    const auto before = Look::open(original);
    const auto after = Look::open(stripped);
    if (!before || !after || fixed_header(*before) != fixed_header(*after)) {
        return "the ELF header";
    }
    if (!same_segments(*before, *after)) {
        return "what is mapped";
    }
    if (!same_sections(*before, *after)) {
        return "a section";
    }
    Limits limits;
    limits.elf_bytes = std::numeric_limits<std::uint64_t>::max();  // what was stripped is compared
    const auto old_facts = read_facts(original, limits);
    const auto new_facts = read_facts(stripped, limits);
    if (!old_facts || !new_facts || !same_facts(*old_facts, *new_facts)) {
        return "what its loader reads";
    }
    if (old_facts->build_id != new_facts->build_id) {
        return "the build ID";
    }
    std::vector<Diagnostic> ignored;
    return same_symbols(read_dynamic_symbols(original, limits, ignored),
                        read_dynamic_symbols(stripped, limits, ignored))
               ? ""
               : "the dynamic symbols";
}

}  // namespace slimimg::elf
