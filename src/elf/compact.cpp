#include "elf/compact.hpp"

#include <algorithm>

#include <elf.h>

namespace slimimg::elf {
namespace {

/// The string table of node, the largest seen, has 5 MiB.
constexpr std::size_t max_compact = 16U << 20U;
/// LIEF stops reading at 1000.
constexpr std::size_t max_entries = 900;

class ImageWriter {
  public:
    explicit ImageWriter(Encoding encoding) : encoding_(encoding) {}

    void byte(std::uint8_t value) { bytes_.push_back(value); }
    void half(std::uint16_t value) { put(value, 2); }
    void word(std::uint32_t value) { put(value, 4); }
    void native(std::uint64_t value) { put(value, encoding_.wide ? 8 : 4); }
    void append(Bytes bytes) {
        const auto* begin = reinterpret_cast<const std::uint8_t*>(bytes.data());
        bytes_.insert(bytes_.end(), begin, begin + bytes.size());
    }
    void fill(std::size_t count) { bytes_.insert(bytes_.end(), count, std::uint8_t{0}); }

    std::vector<std::uint8_t> take() { return std::move(bytes_); }

  private:
    void put(std::uint64_t value, unsigned size) {
        for (unsigned i = 0; i < size; ++i) {
            const unsigned at = encoding_.order == std::endian::big ? size - 1 - i : i;
            byte(static_cast<std::uint8_t>(value >> (8 * at)));
        }
    }

    Encoding encoding_;
    std::vector<std::uint8_t> bytes_;
};

/// Where in the image a table goes. Addresses are offsets: one segment maps the whole.
struct Place {
    std::uint64_t at = 0;
    Bytes bytes;
};

/// The entries that are kept, with addresses those of the image; no entry for what is left out.
std::vector<DynamicEntry> compact_entries(const Dynamic& dynamic) {
    std::vector<DynamicEntry> entries;
    for (const DynamicEntry& entry : dynamic.entries) {
        switch (entry.tag) {
            case DT_NEEDED:
            case DT_SONAME:
            case DT_RPATH:
            case DT_RUNPATH:
            case DT_FLAGS:
            case DT_FLAGS_1:
            case DT_STRTAB:
            case DT_STRSZ:
            case DT_VERNEED:
            case DT_VERNEEDNUM:
            case DT_VERDEF:
            case DT_VERDEFNUM:
                entries.push_back(entry);
                break;
            default:
                break;
        }
    }
    return entries;
}

Bytes interpreter_bytes(const Look& look) {
    const auto& segments = look.segments();
    const auto segment = std::find_if(segments.begin(), segments.end(),
                                      [](const Segment& one) { return one.type == PT_INTERP; });
    return segment == segments.end() ? Bytes{} : look.content(*segment).value_or(Bytes{});
}

class Compactor {
  public:
    Compactor(const Look& look, std::vector<DynamicEntry> entries, const StringTable& strings,
              const Versions& versions)
        : look_(look),
          encoding_(look.encoding()),
          entries_(std::move(entries)),
          header_size_(encoding_.pick(sizeof(Elf32_Ehdr), sizeof(Elf64_Ehdr))),
          segment_size_(encoding_.pick(sizeof(Elf32_Phdr), sizeof(Elf64_Phdr))),
          entry_size_(encoding_.pick(sizeof(Elf32_Dyn), sizeof(Elf64_Dyn))) {
        interpreter_ = place(interpreter_bytes(look));
        strings_ = place(strings.used());
        needs_ = place(versions.need_bytes);
        definitions_ = place(versions.definition_bytes);
    }

    [[nodiscard]] std::uint64_t size() const { return end_ + reserve; }

    std::vector<std::uint8_t> write() {
        write_header();
        write_segment(PT_LOAD, 0, size());
        write_segment(PT_DYNAMIC, dynamic_at(), dynamic_size());
        if (!interpreter_.bytes.empty()) {
            write_segment(PT_INTERP, interpreter_.at, interpreter_.bytes.size());
        } else {
            write_segment(PT_NULL, 0, 0);
        }
        write_entries();
        for (const Place* table : {&interpreter_, &strings_, &needs_, &definitions_}) {
            writer_.append(table->bytes);
            writer_.fill(padding(table->bytes.size()));
        }
        writer_.fill(reserve);
        return writer_.take();
    }

  private:
    static constexpr std::uint16_t segment_count = 3;
    /// Zeros behind the last table, for a reader that takes a record too many.
    static constexpr std::size_t reserve = 64;

    static std::size_t padding(std::size_t size) { return (8 - size % 8) % 8; }

    [[nodiscard]] std::uint64_t dynamic_at() const {
        return header_size_ + segment_count * segment_size_;
    }
    [[nodiscard]] std::uint64_t dynamic_size() const { return (entries_.size() + 1) * entry_size_; }

    Place place(Bytes bytes) {
        end_ = std::max(end_, dynamic_at() + dynamic_size());
        const Place where{end_, bytes};
        end_ += bytes.size() + padding(bytes.size());
        return where;
    }

    void write_header() {
        writer_.append(look_.file().first(EI_NIDENT));
        writer_.half(look_.header().type);
        writer_.half(look_.abi().machine);
        writer_.word(EV_CURRENT);
        writer_.native(0);             // e_entry
        writer_.native(header_size_);  // e_phoff
        writer_.native(0);             // e_shoff
        writer_.word(look_.abi().flags);
        writer_.half(static_cast<std::uint16_t>(header_size_));
        writer_.half(static_cast<std::uint16_t>(segment_size_));
        writer_.half(segment_count);
        writer_.half(0);  // e_shentsize
        writer_.half(0);  // e_shnum
        writer_.half(0);  // e_shstrndx
    }

    void write_segment(std::uint32_t type, std::uint64_t at, std::uint64_t size) {
        constexpr std::uint64_t alignment = 8;
        writer_.word(type);
        if (encoding_.wide) {
            writer_.word(PF_R);
        }
        writer_.native(at);    // p_offset
        writer_.native(at);    // p_vaddr
        writer_.native(at);    // p_paddr
        writer_.native(size);  // p_filesz
        writer_.native(size);  // p_memsz
        if (!encoding_.wide) {
            writer_.word(PF_R);
        }
        writer_.native(alignment);
    }

    void write_entries() {
        for (const DynamicEntry& entry : entries_) {
            writer_.native(entry.tag);
            writer_.native(compact_value(entry));
        }
        writer_.fill(entry_size_);  // DT_NULL
    }

    [[nodiscard]] std::uint64_t compact_value(const DynamicEntry& entry) const {
        switch (entry.tag) {
            case DT_STRTAB:
                return strings_.at;
            case DT_STRSZ:
                return strings_.bytes.size();
            case DT_VERNEED:
                return needs_.at;
            case DT_VERDEF:
                return definitions_.at;
            default:
                return entry.value;
        }
    }

    const Look& look_;
    Encoding encoding_;
    std::vector<DynamicEntry> entries_;
    std::uint64_t header_size_;
    std::uint64_t segment_size_;
    std::uint64_t entry_size_;
    std::uint64_t end_ = 0;
    Place interpreter_;
    Place strings_;
    Place needs_;
    Place definitions_;
    ImageWriter writer_{encoding_};
};

}  // namespace

std::optional<std::vector<std::uint8_t>> compact_image(const Look& look, const Dynamic& dynamic,
                                                       const StringTable& strings,
                                                       const Versions& versions) {
    auto entries = compact_entries(dynamic);
    if (!dynamic.whole || !versions.whole || entries.size() > max_entries) {
        return std::nullopt;
    }
    Compactor compactor(look, std::move(entries), strings, versions);
    if (compactor.size() > max_compact) {
        return std::nullopt;
    }
    return compactor.write();
}

}  // namespace slimimg::elf
