#include "slimimg/archive/zip.hpp"

#include <memory>

#include <isa-l/igzip_lib.h>

namespace slimimg::archive {
namespace {

constexpr std::uint32_t end_mark = 0x06054b50;
constexpr std::uint32_t directory_mark = 0x02014b50;
constexpr std::uint32_t member_mark = 0x04034b50;
constexpr std::size_t end_size = 22;
constexpr std::size_t directory_entry_size = 46;
constexpr std::size_t member_header_size = 30;
constexpr std::size_t longest_comment = 0xFFFF;
constexpr std::uint16_t stored = 0;
constexpr std::uint16_t deflated = 8;

/// Where the end-of-central-directory record starts (4.3.16): behind it is at most a comment.
std::optional<std::size_t> find_end(Bytes archive) {
    if (archive.size() < end_size) {
        return std::nullopt;
    }
    const std::size_t last = archive.size() - end_size;
    for (std::size_t back = 0; back <= longest_comment && back <= last; ++back) {
        if (read_uint<std::uint32_t>(archive, last - back) == end_mark) {
            return last - back;
        }
    }
    return std::nullopt;
}

/// What the directory tells of a member, its bytes behind the header before them (4.3.7).
std::optional<ZipMember> read_member(Bytes archive, std::size_t entry, std::size_t base) {
    const auto flags = read_uint<std::uint16_t>(archive, entry + 8);
    const auto method = read_uint<std::uint16_t>(archive, entry + 10);
    const auto packed = read_uint<std::uint32_t>(archive, entry + 20);
    const auto size = read_uint<std::uint32_t>(archive, entry + 24);
    const auto name_length = read_uint<std::uint16_t>(archive, entry + 28);
    const auto offset = read_uint<std::uint32_t>(archive, entry + 42);
    if (!flags || !method || !packed || !size || !name_length || !offset || (*flags & 1U) != 0) {
        return std::nullopt;
    }
    const auto name = checked_subspan(archive, entry + directory_entry_size, *name_length);
    const std::size_t header = base + *offset;
    const auto own_name = read_uint<std::uint16_t>(archive, header + 26);
    const auto extra = read_uint<std::uint16_t>(archive, header + 28);
    if (!name || !own_name || !extra || read_uint<std::uint32_t>(archive, header) != member_mark) {
        return std::nullopt;
    }
    const auto bytes =
        checked_subspan(archive, header + member_header_size + *own_name + *extra, *packed);
    if (!bytes) {
        return std::nullopt;
    }
    return ZipMember{std::string(as_text(*name)), *method, *bytes, *size};
}

std::optional<Slice> inflate(const ZipMember& member) {
    const auto room = std::make_shared<std::vector<std::byte>>(member.size);
    const auto state = std::make_unique<inflate_state>();
    isal_inflate_init(state.get());
    // isal_inflate_stateless only reads, but its interface has no const.
    state->next_in = const_cast<std::uint8_t*>(  // NOLINT(cppcoreguidelines-pro-type-const-cast)
        reinterpret_cast<const std::uint8_t*>(member.packed.data()));
    state->avail_in = static_cast<std::uint32_t>(member.packed.size());
    state->next_out = reinterpret_cast<std::uint8_t*>(room->data());
    state->avail_out = static_cast<std::uint32_t>(room->size());
    if (isal_inflate_stateless(state.get()) != ISAL_DECOMP_OK || state->avail_out != 0) {
        return std::nullopt;
    }
    return Slice{Bytes(*room), room};
}

}  // namespace

std::vector<ZipMember> zip_members(Bytes archive) {
    std::vector<ZipMember> members;
    const auto end = find_end(archive);
    if (!end) {
        return members;
    }
    const auto count = read_uint<std::uint16_t>(archive, *end + 10);
    const auto size = read_uint<std::uint32_t>(archive, *end + 12);
    const auto offset = read_uint<std::uint32_t>(archive, *end + 16);
    if (!count || !size || !offset || *size > *end || *offset > *end - *size) {
        return members;
    }
    // A program before the archive is not counted in offsets.
    std::size_t entry = *end - *size;
    const std::size_t base = entry - *offset;
    for (std::size_t i = 0; i < *count; ++i) {
        if (read_uint<std::uint32_t>(archive, entry) != directory_mark) {
            break;
        }
        if (auto member = read_member(archive, entry, base)) {
            members.push_back(std::move(*member));
        }
        std::size_t next = entry + directory_entry_size;
        for (const std::size_t field : {28UL, 30UL, 32UL}) {
            next += read_uint<std::uint16_t>(archive, entry + field).value_or(0);
        }
        entry = next;
    }
    return members;
}

std::optional<Slice> zip_content(const ZipMember& member, std::size_t most) {
    if (member.size > most || member.packed.size() > most) {
        return std::nullopt;
    }
    if (member.method == stored) {
        return Slice{member.packed, nullptr};
    }
    // Deflate packs no better than 1032 to 1 (zlib's technical details).
    constexpr std::uint64_t best = 1032;
    if (member.method != deflated || member.size / best > member.packed.size()) {
        return std::nullopt;
    }
    return inflate(member);
}

}  // namespace slimimg::archive
