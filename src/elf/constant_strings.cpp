#include <algorithm>
#include <array>
#include <bit>

#include "slimimg/elf/elf.hpp"

namespace slimimg::elf {
namespace {

constexpr std::size_t shortest = 4;
constexpr std::size_t block = 64;

/// A bit for each of eight bytes, the first byte's lowest: printable, or of another charset's text.
std::uint64_t text_bits(const char* bytes) {
    constexpr std::uint64_t ones = 0x0101010101010101;
    const std::uint64_t word = little_endian_word(bytes);
    // In the top bit of each byte; sums of seven bits don't reach the next byte.
    const std::uint64_t low = word & (0x7F * ones);
    const std::uint64_t from_blank = low + (0x80 - 0x20) * ones;
    const std::uint64_t is_delete = low + ones;
    const std::uint64_t text = (word | (from_blank & ~is_delete)) & (0x80 * ones);
    return ((text >> 7) * 0x0102040810204080) >> 56;
}

/// The same of up to 64 bytes; what is beyond the end is no text.
std::uint64_t block_bits(std::string_view bytes) {
    std::array<char, block> padded{};
    const char* data = bytes.data();
    if (bytes.size() < block) {
        std::copy(bytes.begin(), bytes.end(), padded.begin());
        data = padded.data();
    }
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < block / 8; ++i) {
        bits |= text_bits(data + 8 * i) << (8 * i);
    }
    return bits;
}

/// Calls `take` for each text of `data`. What stands before the last byte that is no text belongs
/// to other data.
void find_texts(std::string_view data, const std::function<void(std::string_view)>& take) {
    constexpr std::size_t none = std::string_view::npos;
    std::size_t open = none;  // where a text starts that may go on
    const auto close = [&](std::size_t start, std::size_t end) {
        if (end - start >= shortest && (end == data.size() || data[end] == '\0')) {
            take(data.substr(start, end - start));
        }
    };
    for (std::size_t at = 0; at < data.size(); at += block) {
        const std::uint64_t bits = block_bits(data.substr(at, block));
        std::uint64_t done = 0;  // the bits of texts that are closed
        if (open != none) {
            const auto length = static_cast<std::size_t>(std::countr_one(bits));
            if (length == block) {
                continue;
            }
            close(open, at + length);
            open = none;
            done = (1ULL << length) - 1;
        }
        // Most runs are too short to be a text: a bit stays where four begin.
        std::uint64_t left = bits & ~done;
        std::uint64_t starts = left & (left >> 1) & (left >> 2) & (left >> 3);
        while (starts != 0) {
            const auto start = static_cast<std::size_t>(std::countr_zero(starts));
            const std::size_t end =
                start + static_cast<std::size_t>(std::countr_one(left >> start));
            if (end == block) {
                break;
            }
            close(at + start, at + end);
            starts &= ~0ULL << end;
        }
        if (const auto tail = static_cast<std::size_t>(std::countl_one(left)); tail != 0) {
            open = at + block - tail;
        }
    }
    if (open != none) {
        close(open, data.size());
    }
}

}  // namespace

void for_each_constant_string(Bytes file, const std::function<void(std::string_view)>& take) {
    for (const Bytes part : constant_data(file)) {
        find_texts(as_text(part), take);
    }
}

}  // namespace slimimg::elf
