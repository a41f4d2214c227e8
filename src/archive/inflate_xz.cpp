#include <lzma.h>

#include "archive/inflate_output.hpp"

namespace slimimg::archive {
namespace {

// `xz -9` needs 65 MiB; bigger dictionaries are only asked for by hand.
constexpr std::uint64_t memory_limit = 512ULL << 20;

class Decoder {
  public:
    Decoder() {
        if (lzma_stream_decoder(&stream, memory_limit, LZMA_CONCATENATED) != LZMA_OK) {
            throw Error(Exit::internal, "memory", "there is no memory for an xz decoder");
        }
    }
    ~Decoder() { lzma_end(&stream); }
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;

    lzma_stream stream = LZMA_STREAM_INIT;
};

std::string_view describe(lzma_ret result) {
    switch (result) {
        case LZMA_MEM_ERROR:
        case LZMA_MEMLIMIT_ERROR:
            return "its dictionary is larger than 512 MiB";
        case LZMA_OPTIONS_ERROR:
            return "it uses options that are not supported";
        default:
            return "it can't be decoded";
    }
}

}  // namespace

void inflate_xz(Bytes packed, InflateOutput& output) {
    Decoder decoder;
    lzma_stream& stream = decoder.stream;
    stream.next_in = reinterpret_cast<const std::uint8_t*>(packed.data());
    stream.avail_in = packed.size();
    for (;;) {
        const std::span<std::byte> room = output.room();
        stream.next_out = reinterpret_cast<std::uint8_t*>(room.data());
        stream.avail_out = room.size();
        const lzma_ret result = lzma_code(&stream, LZMA_FINISH);
        output.pass_on(room.size() - stream.avail_out, packed.size() - stream.avail_in);
        if (result == LZMA_STREAM_END) {
            return;
        }
        if (result == LZMA_BUF_ERROR) {
            output.throw_truncated("xz");
        }
        if (result != LZMA_OK) {
            output.throw_damaged("xz", describe(result));
        }
    }
}

}  // namespace slimimg::archive
