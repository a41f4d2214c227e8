#include "slimimg/archive/codec.hpp"

#include "slimimg/base/error.hpp"
#include "slimimg/base/progress_step.hpp"

#include "archive/inflate_output.hpp"
#include "archive/spool_sink.hpp"

namespace slimimg::archive {

std::string_view codec_name(Codec codec) {
    switch (codec) {
        case Codec::gzip:
            return "gzip";
        case Codec::zstd:
            return "zstd";
        case Codec::xz:
            return "xz";
        case Codec::none:
            break;
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
    const auto magic = read_uint<std::uint32_t>(head, 0);
    const bool frame = magic == 0xfd2fb528U;
    const bool skippable = magic && (*magic & 0xfffffff0U) == 0x184d2a50U;
    return frame || skippable ? Codec::zstd : Codec::none;
}

void inflate(Bytes packed, Codec codec, const RunOptions& options, std::string_view what,
             const ByteSink& sink) {
    if (codec == Codec::none) {
        sink(packed);
        return;
    }
    const ProgressStep step(options, "inflate", what, packed.size());
    InflateOutput output(packed, options, what, sink);
    switch (codec) {
        case Codec::gzip:
            inflate_gzip(packed, output);
            break;
        case Codec::zstd:
            inflate_zstd(packed, output);
            break;
        case Codec::xz:
            inflate_xz(packed, output);
            break;
        case Codec::none:
            break;
    }
}

Slice inflate_to_slice(const Slice& packed, const RunOptions& options, std::string_view what) {
    const Codec codec = detect_codec(packed.bytes);
    if (codec == Codec::none) {
        return packed;
    }
    SpoolSink spool(options, what);
    inflate(packed.bytes, codec, options, what, [&](Bytes piece) { spool.write(piece); });
    return spool.finish();
}

}  // namespace slimimg::archive
