#include <algorithm>
#include <limits>
#include <memory>

#include <isa-l/igzip_lib.h>

#include "archive/inflate_output.hpp"

namespace slimimg::archive {
namespace {

std::string_view describe(int result) {
    switch (result) {
        case ISAL_INVALID_BLOCK:
            return "an invalid block";
        case ISAL_INVALID_SYMBOL:
            return "an invalid symbol";
        case ISAL_INVALID_LOOKBACK:
            return "a reference to before the start";
        case ISAL_INVALID_WRAPPER:
            return "an invalid member header";
        case ISAL_UNSUPPORTED_METHOD:
            return "a method that is not deflate";
        case ISAL_INCORRECT_CHECKSUM:
            return "the checksum or the size of a member is wrong";
        default:
            return "it can't be decoded";
    }
}

bool is_zero(Bytes bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

/// One member at the start of `rest`, RFC 1952; returns what follows it.
Bytes inflate_member(inflate_state& state, Bytes packed, Bytes rest, InflateOutput& output) {
    isal_inflate_reset(&state);
    state.crc_flag = ISAL_GZIP;  // header, CRC32 and size are read and checked
    const std::span<std::byte> room = output.room();
    while (state.block_state != ISAL_BLOCK_FINISH) {
        // isal_inflate only reads, but its interface has no const.
        state.next_in = const_cast<std::uint8_t*>(  // NOLINT(cppcoreguidelines-pro-type-const-cast)
            reinterpret_cast<const std::uint8_t*>(rest.data()));
        // Its count has 32 bits; the input is one piece, so each call is offered all that fits.
        const auto offered = static_cast<std::uint32_t>(
            std::min<std::size_t>(rest.size(), std::numeric_limits<std::uint32_t>::max()));
        state.avail_in = offered;
        state.next_out = reinterpret_cast<std::uint8_t*>(room.data());
        state.avail_out = static_cast<std::uint32_t>(room.size());
        const int result = isal_inflate(&state);
        const std::size_t made = room.size() - state.avail_out;
        // It may give back bytes that it had only looked at.
        rest =
            Bytes(reinterpret_cast<const std::byte*>(state.next_in), packed.data() + packed.size());
        output.pass_on(made, packed.size() - rest.size());
        if (result < 0 || result == ISAL_NEED_DICT) {
            output.throw_damaged("gzip", describe(result));
        }
        if (rest.empty() && made == 0 && state.block_state != ISAL_BLOCK_FINISH) {
            output.throw_truncated("gzip");
        }
    }
    return rest;
}

}  // namespace

void inflate_gzip(Bytes packed, InflateOutput& output) {
    const auto state = std::make_unique<inflate_state>();
    isal_inflate_init(state.get());
    Bytes rest = packed;
    while (!rest.empty()) {
        if (detect_codec(rest) != Codec::gzip) {
            // Tapes and some uploaders pad with zeros.
            if (rest.size() == packed.size() || !is_zero(rest)) {
                output.throw_damaged("gzip", "other data follows the last member");
            }
            return;
        }
        rest = inflate_member(*state, packed, rest, output);
    }
}

}  // namespace slimimg::archive
