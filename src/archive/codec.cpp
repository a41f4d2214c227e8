#include "slimimg/archive/codec.hpp"

#include <memory>
#include <string>
#include <vector>

#include <isa-l/igzip_lib.h>
#include <lzma.h>
#include <zstd.h>

#include "slimimg/base/error.hpp"
#include "slimimg/base/file.hpp"

namespace slimimg::archive {
namespace {

constexpr std::size_t chunk_bytes = 512UL << 10;

[[noreturn]] void throw_damaged(std::string_view what, std::string_view problem) {
    throw Error(Exit::bad_input, "compressed-data-damaged",
                std::string(what) + ": " + std::string(problem), "save or pull the image again");
}

/// Counts what comes out, against the limits on it.
class Meter {
  public:
    Meter(Bytes packed, const RunOptions& options, std::string_view what, const ByteSink& sink)
        : packed_(packed.size()), options_(options), what_(what), sink_(sink) {}

    void pass(Bytes bytes) {
        total_ += bytes.size();
        const Limits& limits = options_.limits;
        const bool bomb =
            total_ > limits.expansion_floor && total_ / limits.expansion_ratio > packed_;
        if (total_ > limits.layer_bytes || bomb) {
            throw Error(Exit::bad_input, "expands-too-far",
                        std::string(what_) + " inflates to more than " +
                            std::to_string(total_ - 1) + " bytes from " + std::to_string(packed_),
                        "it looks like a decompression bomb");
        }
        if (options_.progress != nullptr) {
            options_.progress->advance(bytes.size());
        }
        sink_(bytes);
    }

  private:
    std::uint64_t packed_;
    std::uint64_t total_ = 0;
    const RunOptions& options_;
    std::string_view what_;
    const ByteSink& sink_;
};

void inflate_gzip(Bytes packed, std::string_view what, Meter& meter) {
    const auto state = std::make_unique<inflate_state>();
    std::vector<std::uint8_t> out(chunk_bytes);
    isal_inflate_init(state.get());
    state->crc_flag = ISAL_GZIP;
    const auto* next = reinterpret_cast<const std::uint8_t*>(packed.data());
    std::uint64_t left = packed.size();
    state->avail_in = 0;
    while (true) {
        if (state->avail_in == 0) {
            // avail_in has 32 bits: larger blobs are fed in parts.
            const auto part = static_cast<std::uint32_t>(std::min<std::uint64_t>(left, 1U << 30));
            state->next_in = const_cast<std::uint8_t*>(next);  // the API's type; it only reads
            state->avail_in = part;
            next += part;
            left -= part;
        }
        state->next_out = out.data();
        state->avail_out = static_cast<std::uint32_t>(out.size());
        const int status = isal_inflate(state.get());
        if (status != ISAL_DECOMP_OK) {
            throw_damaged(what, status == ISAL_INCORRECT_CHECKSUM ? "its gzip checksum is wrong"
                                                                  : "its gzip data is damaged");
        }
        const std::size_t made = out.size() - state->avail_out;
        meter.pass({reinterpret_cast<const std::byte*>(out.data()), made});
        if (state->block_state == ISAL_BLOCK_FINISH) {
            // Another member may follow, or zeros that pad the blob.
            while (state->avail_in > 0 && *state->next_in == 0) {
                ++state->next_in;
                --state->avail_in;
            }
            if (state->avail_in == 0 && left == 0) {
                return;
            }
            std::uint8_t* const at = state->next_in;
            const std::uint32_t remaining = state->avail_in;
            isal_inflate_reset(state.get());
            state->crc_flag = ISAL_GZIP;
            state->next_in = at;
            state->avail_in = remaining;
        } else if (state->avail_in == 0 && left == 0 && made == 0) {
            throw_damaged(what, "its gzip data ends too soon");
        }
    }
}

struct ZstdCloser {
    void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
};

void inflate_zstd(Bytes packed, std::string_view what, Meter& meter) {
    const std::unique_ptr<ZSTD_DStream, ZstdCloser> stream(ZSTD_createDStream());
    std::vector<std::byte> out(chunk_bytes);
    ZSTD_inBuffer input{packed.data(), packed.size(), 0};
    std::size_t hint = 1;
    while (true) {
        ZSTD_outBuffer output{out.data(), out.size(), 0};
        hint = ZSTD_decompressStream(stream.get(), &output, &input);
        if (ZSTD_isError(hint) != 0) {
            throw_damaged(what,
                          std::string("its zstd data is damaged: ") + ZSTD_getErrorName(hint));
        }
        meter.pass(Bytes(out).first(output.pos));
        if (input.pos == input.size && output.pos < output.size) {
            break;
        }
    }
    if (hint != 0) {
        throw_damaged(what, "its zstd data ends too soon");
    }
}

void inflate_xz(Bytes packed, std::string_view what, Meter& meter) {
    constexpr std::uint64_t memory_limit = 1ULL << 30;
    lzma_stream stream = LZMA_STREAM_INIT;
    const std::unique_ptr<lzma_stream, void (*)(lzma_stream*)> closer(&stream, lzma_end);
    if (lzma_stream_decoder(&stream, memory_limit, LZMA_CONCATENATED) != LZMA_OK) {
        throw Error(Exit::internal, "no-memory", "liblzma can't be set up");
    }
    std::vector<std::byte> out(chunk_bytes);
    stream.next_in = reinterpret_cast<const std::uint8_t*>(packed.data());
    stream.avail_in = packed.size();
    lzma_ret status = LZMA_OK;
    while (status == LZMA_OK) {
        stream.next_out = reinterpret_cast<std::uint8_t*>(out.data());
        stream.avail_out = out.size();
        status = lzma_code(&stream, LZMA_FINISH);
        meter.pass(Bytes(out).first(out.size() - stream.avail_out));
    }
    if (status != LZMA_STREAM_END) {
        throw_damaged(what, status == LZMA_BUF_ERROR ? "its xz data ends too soon"
                                                     : "its xz data is damaged");
    }
}

}  // namespace

std::string_view codec_name(Codec codec) {
    switch (codec) {
        case Codec::none:
            return "none";
        case Codec::gzip:
            return "gzip";
        case Codec::zstd:
            return "zstd";
        case Codec::xz:
            return "xz";
    }
    return "none";
}

Codec detect_codec(Bytes head) {
    const std::string_view text = as_text(head);
    if (text.starts_with("\x1f\x8b")) {
        return Codec::gzip;
    }
    if (text.starts_with(std::string_view("\xfd"
                                          "7zXZ\0",
                                          6))) {
        return Codec::xz;
    }
    const std::uint32_t magic = read_uint<std::uint32_t>(head, 0).value_or(0);
    if (magic == 0xFD2FB528U || (magic & 0xFFFFFFF0U) == 0x184D2A50U) {
        return Codec::zstd;
    }
    return Codec::none;
}

void inflate(Bytes packed, Codec codec, const RunOptions& options, std::string_view what,
             const ByteSink& sink) {
    if (options.progress != nullptr) {
        options.progress->begin("inflate", what, packed.size());
    }
    Meter meter(packed, options, what, sink);
    switch (codec) {
        case Codec::none:
            meter.pass(packed);
            break;
        case Codec::gzip:
            inflate_gzip(packed, what, meter);
            break;
        case Codec::zstd:
            inflate_zstd(packed, what, meter);
            break;
        case Codec::xz:
            inflate_xz(packed, what, meter);
            break;
    }
    if (options.progress != nullptr) {
        options.progress->end("inflate", what);
    }
}

Slice inflate_to_slice(const Slice& packed, const RunOptions& options, std::string_view what) {
    const Codec codec = detect_codec(packed.bytes);
    if (codec == Codec::none) {
        return packed;
    }
    SpoolFile spool(options.spool_dir);
    inflate(packed.bytes, codec, options, what, [&](Bytes bytes) { spool.write(bytes); });
    return spool.map();
}

}  // namespace slimimg::archive
