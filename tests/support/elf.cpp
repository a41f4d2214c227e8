#include "support/elf.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <elf.h>

namespace test {
namespace {

/// Bytes in the order of one file.
class Writer {
  public:
    Writer(bool wide, bool big) : wide_(wide), big_(big) {}

    Writer& byte(std::uint64_t value) { return put(value, 1); }
    Writer& half(std::uint64_t value) { return put(value, 2); }
    Writer& word(std::uint64_t value) { return put(value, 4); }
    Writer& native(std::uint64_t value) { return put(value, wide_ ? 8 : 4); }
    Writer& text(std::string_view value) {
        bytes += value;
        return *this;
    }
    Writer& align(std::size_t alignment) {
        bytes.resize((bytes.size() + alignment - 1) / alignment * alignment);
        return *this;
    }
    Writer& put(std::uint64_t value, unsigned size) {
        for (unsigned i = 0; i < size; ++i) {
            bytes.push_back(static_cast<char>(value >> (8 * (big_ ? size - 1 - i : i))));
        }
        return *this;
    }

    std::string bytes;

  private:
    bool wide_;
    bool big_;
};

class Strings {
  public:
    std::uint32_t add(std::string_view text) {
        const auto at = static_cast<std::uint32_t>(bytes_.size());
        bytes_ += text;
        bytes_ += '\0';
        return at;
    }
    [[nodiscard]] const std::string& bytes() const { return bytes_; }

  private:
    std::string bytes_{'\0'};
};

struct SegmentRow {
    std::uint32_t type = 0;
    std::uint32_t flags = PF_R;
    std::size_t offset = 0;
    std::size_t size = 0;
    std::uint64_t alignment = 8;
};

struct SectionRow {
    std::string name;
    std::uint32_t type = 0;
    std::uint64_t flags = 0;
    std::size_t offset = 0;
    std::size_t size = 0;
    std::uint64_t entry_size = 0;
};

class Builder {
  public:
    explicit Builder(const ElfSpec& spec) : spec_(spec) { file_.spec = spec; }

    ElfFile build() {
        count_segments();
        place_segments_table();
        if (spec_.interpreter) {
            add_segment(PT_INTERP, "interp", *spec_.interpreter + '\0');
        }
        if (!spec_.notes.empty()) {
            add_segment(PT_NOTE, "notes", notes(), spec_.note_alignment);
        }
        number_versions();
        if (spec_.dynamic) {
            add_named_entries();
            place_symbols();
            place_versions();
            place("strings", strings_.bytes());
            add_entry(DT_STRTAB, elf_base + file_.at["strings"]);
            add_entry(DT_STRSZ, strings_.bytes().size());
            add_segment(PT_DYNAMIC, "dynamic", dynamic());
        }
        mapped_end_ = file_.bytes.size();
        for (const ElfSpec::Section& section : spec_.sections) {
            const std::size_t at = place({}, section.content);
            rows_.push_back(
                {section.name, section.type, section.flags, at, section.content.size(), 0});
            if ((section.flags & SHF_ALLOC) != 0) {
                mapped_end_ = file_.bytes.size();
            }
        }
        place_sections_table();
        write_header();
        write_segments();
        return std::move(file_);
    }

  private:
    [[nodiscard]] Writer writer() const { return {spec_.wide, spec_.big}; }
    [[nodiscard]] std::size_t header_size() const {
        return spec_.wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
    }
    [[nodiscard]] std::size_t segment_size() const {
        return spec_.wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
    }

    std::size_t place(std::string_view name, std::string_view bytes) {
        file_.bytes.resize((file_.bytes.size() + 7) / 8 * 8);
        const std::size_t at = file_.bytes.size();
        file_.bytes += bytes;
        if (!name.empty()) {
            file_.at[std::string(name)] = at;
        }
        return at;
    }

    void add_segment(std::uint32_t type, std::string_view name, const std::string& bytes,
                     std::uint64_t alignment = 8) {
        const std::size_t at = place(name, bytes);
        segments_.push_back({type, PF_R, at, bytes.size(), alignment});
    }

    void add_entry(std::uint64_t tag, std::uint64_t value) { entries_.emplace_back(tag, value); }

    void count_segments() {
        segment_count_ = 1 + (spec_.interpreter ? 1U : 0U) + (spec_.notes.empty() ? 0U : 1U) +
                         (spec_.dynamic ? 1U : 0U) + spec_.segments.size();
    }

    void place_segments_table() {
        file_.bytes.assign(header_size(), '\0');
        place("segments", std::string(segment_count_ * segment_size(), '\0'));
    }

    [[nodiscard]] std::string notes() const {
        Writer out = writer();
        for (const ElfSpec::Note& note : spec_.notes) {
            out.word(note.owner.size() + 1).word(note.description.size()).word(note.type);
            out.text(note.owner).byte(0).align(spec_.note_alignment);
            out.text(note.description).align(spec_.note_alignment);
        }
        return out.bytes;
    }

    void add_named_entries() {
        const auto add_name = [&](std::uint64_t tag, const std::optional<std::string>& name) {
            if (name) {
                add_entry(tag, strings_.add(*name));
            }
        };
        for (const std::string& name : spec_.needed) {
            add_name(DT_NEEDED, name);
        }
        add_name(DT_SONAME, spec_.soname);
        add_name(DT_RPATH, spec_.rpath);
        add_name(DT_RUNPATH, spec_.runpath);
        add_name(DT_FILTER, spec_.filter);
        if (spec_.flags != 0) {
            add_entry(DT_FLAGS, spec_.flags);
        }
        if (spec_.flags_1 != 0) {
            add_entry(DT_FLAGS_1, spec_.flags_1);
        }
    }

    void number_versions() {
        for (const std::string& name : spec_.version_definitions) {
            version_index_.emplace(name, ++last_version_);
        }
        last_version_ = std::max(last_version_, 1U);
        for (const ElfSpec::Need& need : spec_.version_needs) {
            for (const ElfSpec::VersionName& version : need.versions) {
                version_index_.emplace(version.name, ++last_version_);
            }
        }
    }

    void place_versions() {
        Writer needs = writer();
        for (const ElfSpec::Need& need : spec_.version_needs) {
            const bool last = &need == &spec_.version_needs.back();
            needs.half(1).half(need.versions.size()).word(strings_.add(need.library)).word(16);
            needs.word(last ? 0 : 16 + 16 * need.versions.size());
            for (const ElfSpec::VersionName& version : need.versions) {
                needs.word(0).half(version.weak ? VER_FLG_WEAK : 0);
                needs.half(version_index_.at(version.name)).word(strings_.add(version.name));
                needs.word(&version == &need.versions.back() ? 0 : 16);
            }
        }
        if (!needs.bytes.empty()) {
            add_entry(DT_VERNEED, elf_base + place("verneed", needs.bytes));
            add_entry(DT_VERNEEDNUM, spec_.version_needs.size());
        }
        Writer definitions = writer();
        for (const std::string& name : spec_.version_definitions) {
            const bool base = &name == &spec_.version_definitions.front();
            definitions.half(1).half(base ? VER_FLG_BASE : 0).half(version_index_.at(name));
            definitions.half(1).word(0).word(20);
            definitions.word(&name == &spec_.version_definitions.back() ? 0 : 28);
            definitions.word(strings_.add(name)).word(0);
        }
        if (!definitions.bytes.empty()) {
            add_entry(DT_VERDEF, elf_base + place("verdef", definitions.bytes));
            add_entry(DT_VERDEFNUM, spec_.version_definitions.size());
        }
    }

    void place_symbols() {
        if (spec_.symbols.empty()) {
            return;
        }
        Writer table = writer();
        Writer versions = writer();
        write_symbol(table, {}, 0);
        versions.half(0);
        for (const ElfSpec::Symbol& symbol : spec_.symbols) {
            write_symbol(table, symbol, strings_.add(symbol.name));
            const unsigned plain = symbol.local ? 0 : 1;
            const unsigned index =
                symbol.version.empty() ? plain : version_index_.at(symbol.version);
            versions.half(index | (symbol.hidden ? 0x8000U : 0U));
        }
        const std::size_t at = place("symbols", table.bytes);
        const std::uint64_t entry = spec_.wide ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
        rows_.push_back({".dynsym", SHT_DYNSYM, SHF_ALLOC, at, table.bytes.size(), entry});
        add_entry(DT_SYMTAB, elf_base + at);
        add_entry(DT_SYMENT, entry);
        if (last_version_ > 1) {
            add_entry(DT_VERSYM, elf_base + place("versym", versions.bytes));
        }
        if (spec_.hash == ElfSpec::Hash::sysv) {
            add_entry(DT_HASH, elf_base + place("hash", sysv_hash()));
        } else if (spec_.hash == ElfSpec::Hash::gnu) {
            add_entry(DT_GNU_HASH, elf_base + place("hash", gnu_hash()));
        }
    }

    void write_symbol(Writer& out, const ElfSpec::Symbol& symbol, std::uint32_t name) const {
        const unsigned plain = symbol.local || name == 0 ? STB_LOCAL : STB_GLOBAL;
        const unsigned info = (symbol.weak ? STB_WEAK : plain) << 4U | STT_FUNC;
        const unsigned section = symbol.defined && name != 0 ? 1 : 0;
        out.word(name);
        if (spec_.wide) {
            out.byte(info).byte(0).half(section).native(elf_base).native(0);
        } else {
            out.native(elf_base).native(0).byte(info).byte(0).half(section);
        }
    }

    /// Right in its counts; the buckets are of no use for looking up.
    [[nodiscard]] std::string sysv_hash() const {
        Writer out = writer();
        const unsigned size = spec_.wide && spec_.machine == EM_S390 ? 8 : 4;
        out.put(1, size).put(spec_.symbols.size() + 1, size).put(0, size);
        for (std::size_t i = 0; i <= spec_.symbols.size(); ++i) {
            out.put(0, size);
        }
        return out.bytes;
    }

    [[nodiscard]] std::string gnu_hash() const {
        const auto first =
            std::find_if(spec_.symbols.begin(), spec_.symbols.end(),
                         [](const auto& symbol) { return symbol.defined && !symbol.local; });
        const auto undefined = static_cast<std::size_t>(first - spec_.symbols.begin()) + 1;
        const std::size_t hashed = spec_.symbols.size() + 1 - undefined;
        Writer out = writer();
        out.word(1).word(undefined).word(1).word(0).native(0);
        out.word(hashed == 0 ? 0 : undefined);
        for (std::size_t i = 0; i < hashed; ++i) {
            out.word(i + 1 == hashed ? 1 : 2);
        }
        return out.bytes;
    }

    [[nodiscard]] std::string dynamic() const {
        Writer out = writer();
        for (const auto& [tag, value] : entries_) {
            out.native(tag).native(value);
        }
        out.native(0).native(0);
        return out.bytes;
    }

    void place_sections_table() {
        if (!spec_.section_headers) {
            return;
        }
        Strings names;
        const std::uint32_t own_name = names.add(".shstrtab");
        Writer rows = writer();
        write_section(rows, {}, 0);
        for (const SectionRow& row : rows_) {
            write_section(rows, row, names.add(row.name));
        }
        const std::size_t at = place({}, names.bytes());
        write_section(rows, {{}, SHT_STRTAB, 0, at, names.bytes().size(), 0}, own_name);
        section_count_ = rows_.size() + 2;
        place("sections", rows.bytes);
    }

    static void write_section(Writer& out, const SectionRow& row, std::uint32_t name) {
        out.word(name).word(row.type).native(row.flags);
        out.native((row.flags & SHF_ALLOC) != 0 ? elf_base + row.offset : 0);
        out.native(row.offset).native(row.size).word(0).word(0).native(1).native(row.entry_size);
    }

    void write_header() {
        Writer out = writer();
        out.text(std::string_view(ELFMAG, SELFMAG));
        out.byte(spec_.wide ? ELFCLASS64 : ELFCLASS32);
        out.byte(spec_.big ? ELFDATA2MSB : ELFDATA2LSB).byte(EV_CURRENT).align(EI_NIDENT);
        out.half(spec_.type).half(spec_.machine).word(EV_CURRENT).native(0);
        const bool sections = section_count_ != 0;
        out.native(file_.at["segments"]).native(sections ? file_.at["sections"] : 0);
        out.word(spec_.machine_flags).half(header_size()).half(segment_size());
        out.half(segment_count_);
        out.half(spec_.wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr)).half(section_count_);
        out.half(sections ? section_count_ - 1 : 0);
        file_.bytes.replace(0, out.bytes.size(), out.bytes);
    }

    void write_segments() {
        for (const ElfSpec::Segment& segment : spec_.segments) {
            segments_.push_back({segment.type, segment.flags});
        }
        segments_.push_back(
            {PT_LOAD, PF_R, 0, spec_.map_all ? file_.bytes.size() : mapped_end_, 0x1000});
        Writer out = writer();
        for (const SegmentRow& row : segments_) {
            out.word(row.type);
            if (spec_.wide) {
                out.word(row.flags);
            }
            out.native(row.offset).native(elf_base + row.offset).native(0);
            out.native(row.size).native(row.size);
            if (!spec_.wide) {
                out.word(row.flags);
            }
            out.native(row.alignment);
        }
        file_.bytes.replace(file_.at["segments"], out.bytes.size(), out.bytes);
    }

    const ElfSpec& spec_;
    ElfFile file_;
    Strings strings_;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> entries_;
    std::vector<SegmentRow> segments_;
    std::vector<SectionRow> rows_;
    std::size_t segment_count_ = 0;
    std::size_t section_count_ = 0;
    std::size_t mapped_end_ = 0;
    std::map<std::string, unsigned, std::less<>> version_index_;
    unsigned last_version_ = 0;
};

}  // namespace

void ElfFile::put(std::size_t offset, std::uint64_t value, unsigned size) {
    Writer out(spec.wide, spec.big);
    out.put(value, size);
    bytes.replace(offset, size, out.bytes);
}

std::size_t ElfFile::dynamic_value(std::uint64_t tag) const {
    const unsigned size = spec.wide ? 8 : 4;
    Writer wanted(spec.wide, spec.big);
    wanted.native(tag);
    std::size_t entry = at.at("dynamic");
    for (; entry + 2UL * size <= bytes.size(); entry += 2UL * size) {
        if (bytes.compare(entry, size, wanted.bytes) == 0) {
            return entry + size;
        }
    }
    throw std::logic_error("the test's ELF file has no such dynamic entry");
}

ElfFile make_elf(const ElfSpec& spec) {
    return Builder(spec).build();
}

}  // namespace test
