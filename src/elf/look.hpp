#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "slimimg/base/bytes.hpp"
#include "slimimg/elf/elf.hpp"

/// The first look at an ELF file: headers of any class and byte order, every read checked. What it
/// costs depends on what is asked for, never on the size of the file.
namespace slimimg::elf {

/// How a file writes its numbers.
struct Encoding {
    bool wide = true;  ///< ELFCLASS64
    std::endian order = std::endian::little;

    /// The size of a record that differs between the classes.
    [[nodiscard]] std::uint64_t pick(std::uint64_t narrow_size, std::uint64_t wide_size) const {
        return wide ? wide_size : narrow_size;
    }
};

/// Takes the fields of one record in the file's order. A field past the end is 0; callers cut the
/// record to its full size first, so that this never decides anything.
class Record {
  public:
    Record(Bytes bytes, Encoding encoding) : bytes_(bytes), encoding_(encoding) {}

    std::uint8_t byte() { return take<std::uint8_t>(); }
    std::uint16_t half() { return take<std::uint16_t>(); }
    std::uint32_t word() { return take<std::uint32_t>(); }
    /// An address, an offset or a size: 4 or 8 bytes by class.
    std::uint64_t native() {
        return encoding_.wide ? take<std::uint64_t>() : take<std::uint32_t>();
    }

  private:
    template <std::unsigned_integral T>
    T take() {
        const T value = read_uint<T>(bytes_, at_, encoding_.order).value_or(0);
        at_ += sizeof(T);
        return value;
    }

    Bytes bytes_;
    Encoding encoding_;
    std::uint64_t at_ = 0;
};

struct Header {
    std::uint16_t type = 0;
    std::uint64_t segment_table = 0;  ///< e_phoff
    std::uint64_t section_table = 0;  ///< e_shoff
    std::uint16_t segment_entry_size = 0;
    std::uint16_t segment_count = 0;
    std::uint16_t section_entry_size = 0;
    std::uint16_t section_count = 0;
    std::uint16_t section_names = 0;  ///< e_shstrndx
};

struct Segment {
    std::uint32_t type = 0;
    std::uint32_t flags = 0;
    std::uint64_t offset = 0;
    std::uint64_t address = 0;
    std::uint64_t file_size = 0;
    std::uint64_t alignment = 0;
};

struct Section {
    std::string_view name;  ///< empty where it can't be read
    std::uint32_t type = 0;
    std::uint64_t flags = 0;
    std::uint64_t address = 0;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::uint64_t entry_size = 0;
};

class Look {
  public:
    /// Nothing where no loader would take the file: what glibc's open_verify and
    /// _dl_map_object_from_fd, musl's map_library and Linux' load_elf_binary all refuse.
    static std::optional<Look> open(Bytes file);

    [[nodiscard]] Bytes file() const { return file_; }
    [[nodiscard]] const Abi& abi() const { return abi_; }
    [[nodiscard]] Encoding encoding() const { return {abi_.bits == 64, abi_.order}; }
    [[nodiscard]] const Header& header() const { return header_; }
    [[nodiscard]] const std::vector<Segment>& segments() const { return segments_; }

    /// The file's bytes of a segment or section; nothing where they aren't wholly in the file.
    [[nodiscard]] std::optional<Bytes> content(const Segment& segment) const;
    [[nodiscard]] std::optional<Bytes> content(const Section& section) const;
    /// What a loader maps at `address`, on to the end of that segment's part of the file; empty
    /// where nothing of the file is mapped there.
    [[nodiscard]] Bytes at_address(std::uint64_t address) const;

  private:
    bool read_header();
    bool read_segments();

    Bytes file_;
    Abi abi_;
    Header header_;
    std::vector<Segment> segments_;
};

/// Section headers, which loaders never read.
struct Sections {
    std::vector<Section> list;
    bool damaged = false;  ///< the header names a table that isn't wholly there
};
Sections read_sections(const Look& look);

/// True for what `objcopy --only-keep-debug` leaves of a file: its code is not in the file, and
/// what the segments point to means nothing.
bool is_debug_companion(const Sections& sections);

}  // namespace slimimg::elf
