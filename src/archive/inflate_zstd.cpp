#include <memory>

#include <zstd.h>

#include "archive/inflate_output.hpp"

namespace slimimg::archive {
namespace {

// What a decoder should accept by RFC 8878 is 8 MiB; 128 MiB is what `zstd --ultra` writes.
constexpr int window_log_limit = 27;

struct FreeContext {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

}  // namespace

void inflate_zstd(Bytes packed, InflateOutput& output) {
    const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
    if (!context) {
        throw Error(Exit::internal, "memory", "there is no memory for a zstd decoder");
    }
    ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, window_log_limit);
    ZSTD_inBuffer input{packed.data(), packed.size(), 0};
    for (;;) {
        const std::span<std::byte> room = output.room();
        ZSTD_outBuffer made{room.data(), room.size(), 0};
        const std::size_t before = input.pos;
        const std::size_t result = ZSTD_decompressStream(context.get(), &made, &input);
        if (ZSTD_isError(result) != 0) {
            output.throw_damaged("zstd", ZSTD_getErrorName(result));
        }
        output.pass_on(made.pos, input.pos);
        if (result == 0 && input.pos == input.size) {
            return;
        }
        if (made.pos == 0 && input.pos == before) {
            output.throw_truncated("zstd");
        }
    }
}

}  // namespace slimimg::archive
