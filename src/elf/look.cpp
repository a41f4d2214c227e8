#include "elf/look.hpp"

#include <algorithm>

#include <elf.h>

namespace slimimg::elf {
namespace {

/// Object files compiled with a section for each function have the most, far fewer.
constexpr std::uint64_t max_sections = 1U << 20U;
constexpr std::uint64_t max_section_name = 128;

bool is_loadable(std::uint16_t type) {
    return type == ET_EXEC || type == ET_DYN;
}

std::string_view section_name(Bytes names, std::uint32_t at) {
    if (at >= names.size()) {
        return {};
    }
    const std::string_view rest =
        as_text(names.subspan(at, std::min<std::size_t>(max_section_name, names.size() - at)));
    const std::size_t end = rest.find('\0');
    return end == std::string_view::npos ? std::string_view{} : rest.substr(0, end);
}

}  // namespace

bool is_elf(Bytes file) {
    return as_text(file).starts_with(std::string_view(ELFMAG, SELFMAG));
}

std::optional<Look> Look::open(Bytes file) {
    Look look;
    look.file_ = file;
    if (!is_elf(file) || !look.read_header() || !look.read_segments()) {
        return std::nullopt;
    }
    return look;
}

bool Look::read_header() {
    const auto ident = checked_subspan(file_, 0, EI_NIDENT);
    if (!ident) {
        return false;
    }
    const auto mark = [&](std::size_t i) { return std::to_integer<std::uint8_t>((*ident)[i]); };
    if ((mark(EI_CLASS) != ELFCLASS32 && mark(EI_CLASS) != ELFCLASS64) ||
        (mark(EI_DATA) != ELFDATA2LSB && mark(EI_DATA) != ELFDATA2MSB) ||
        mark(EI_VERSION) != EV_CURRENT) {
        return false;
    }
    abi_.bits = mark(EI_CLASS) == ELFCLASS64 ? 64 : 32;
    abi_.order = mark(EI_DATA) == ELFDATA2MSB ? std::endian::big : std::endian::little;
    abi_.os_abi = mark(EI_OSABI);
    const auto bytes = checked_subspan(
        file_, EI_NIDENT,
        encoding().pick(sizeof(Elf32_Ehdr), sizeof(Elf64_Ehdr)) - std::uint64_t{EI_NIDENT});
    if (!bytes) {
        return false;
    }
    Record record(*bytes, encoding());
    header_.type = record.half();
    abi_.machine = record.half();
    if (record.word() != EV_CURRENT) {
        return false;
    }
    record.native();  // e_entry
    header_.segment_table = record.native();
    header_.section_table = record.native();
    abi_.flags = record.word();
    record.half();  // e_ehsize
    header_.segment_entry_size = record.half();
    header_.segment_count = record.half();
    header_.section_entry_size = record.half();
    header_.section_count = record.half();
    header_.section_names = record.half();
    return true;
}

bool Look::read_segments() {
    const std::uint64_t size = encoding().pick(sizeof(Elf32_Phdr), sizeof(Elf64_Phdr));
    const auto table = checked_subspan(file_, header_.segment_table, size * header_.segment_count);
    if (!table || header_.segment_count == 0 || header_.segment_entry_size != size) {
        return !is_loadable(header_.type);
    }
    segments_.reserve(header_.segment_count);
    for (std::size_t i = 0; i < header_.segment_count; ++i) {
        Record record(table->subspan(i * size, size), encoding());
        Segment segment;
        segment.type = record.word();
        if (abi_.bits == 64) {
            segment.flags = record.word();
        }
        segment.offset = record.native();
        segment.address = record.native();
        record.native();  // p_paddr
        segment.file_size = record.native();
        record.native();  // p_memsz
        if (abi_.bits == 32) {
            segment.flags = record.word();
        }
        segment.alignment = record.native();
        segments_.push_back(segment);
    }
    return !is_loadable(header_.type) ||
           std::any_of(segments_.begin(), segments_.end(),
                       [](const Segment& segment) { return segment.type == PT_LOAD; });
}

std::optional<Bytes> Look::content(const Segment& segment) const {
    return checked_subspan(file_, segment.offset, segment.file_size);
}

std::optional<Bytes> Look::content(const Section& section) const {
    if (section.type == SHT_NOBITS) {
        return std::nullopt;
    }
    return checked_subspan(file_, section.offset, section.size);
}

Bytes Look::at_address(std::uint64_t address) const {
    // A later segment is mapped over an earlier one.
    for (auto segment = segments_.rbegin(); segment != segments_.rend(); ++segment) {
        if (segment->type != PT_LOAD || address < segment->address ||
            address - segment->address >= segment->file_size) {
            continue;
        }
        const std::uint64_t inside = address - segment->address;
        if (segment->offset > file_.size() || inside >= file_.size() - segment->offset) {
            return {};
        }
        const std::uint64_t start = segment->offset + inside;
        return file_.subspan(start, std::min(segment->file_size - inside, file_.size() - start));
    }
    return {};
}

Sections read_sections(const Look& look) {
    Sections sections;
    const Header& header = look.header();
    if (header.section_table == 0) {
        return sections;
    }
    const Encoding encoding = look.encoding();
    const std::uint64_t size = encoding.pick(sizeof(Elf32_Shdr), sizeof(Elf64_Shdr));
    struct Raw {
        Section section;
        std::uint32_t name = 0;
        std::uint32_t link = 0;
    };
    const auto read = [&](Bytes bytes) {
        Record record(bytes, encoding);
        Raw raw;
        raw.name = record.word();
        raw.section.type = record.word();
        raw.section.flags = record.native();
        raw.section.address = record.native();
        raw.section.offset = record.native();
        raw.section.size = record.native();
        raw.link = record.word();
        record.word();    // sh_info
        record.native();  // sh_addralign
        raw.section.entry_size = record.native();
        return raw;
    };
    const auto first = checked_subspan(look.file(), header.section_table, size);
    if (!first || header.section_entry_size != size) {
        sections.damaged = true;
        return sections;
    }
    // Numbers too great for the header are in the first section (gABI, "Sections").
    const Raw zero = read(*first);
    const std::uint64_t count =
        header.section_count == 0 ? zero.section.size : header.section_count;
    const std::uint64_t names_index =
        header.section_names == SHN_XINDEX ? zero.link : header.section_names;
    const auto table = count > max_sections
                           ? std::nullopt
                           : checked_subspan(look.file(), header.section_table, count * size);
    if (!table) {
        sections.damaged = true;
        return sections;
    }
    const auto header_of = [&](std::uint64_t i) { return read(table->subspan(i * size, size)); };
    Bytes names;
    if (names_index != 0 && names_index < count) {
        names = look.content(header_of(names_index).section).value_or(Bytes{});
        sections.damaged = names.empty();
    }
    sections.list.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i) {
        Raw raw = header_of(i);
        raw.section.name = section_name(names, raw.name);
        sections.list.push_back(raw.section);
    }
    return sections;
}

bool is_debug_companion(const Sections& sections) {
    return std::any_of(sections.list.begin(), sections.list.end(), [](const Section& section) {
        return section.type == SHT_NOBITS && (section.flags & SHF_EXECINSTR) != 0;
    });
}

}  // namespace slimimg::elf
