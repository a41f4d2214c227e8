#include "slimimg/archive/blob_writer.hpp"

#include <string>
#include <vector>

#include <libdeflate.h>
#include <zstd.h>

#include "slimimg/base/error.hpp"
#include "slimimg/base/parallel.hpp"

namespace slimimg::archive {
namespace {

constexpr std::size_t member_bytes = 1UL << 20;
constexpr int gzip_level = 6;
constexpr int zstd_level = 3;

/// One gzip member of its own (RFC 1952), the same for any thread and CPU.
std::string gzip_member(Bytes plain, int level) {
    const std::unique_ptr<libdeflate_compressor, void (*)(libdeflate_compressor*)> compressor(
        libdeflate_alloc_compressor(level), libdeflate_free_compressor);
    if (!compressor) {
        throw Error(Exit::usage, "compression-level", "gzip has no level " + std::to_string(level),
                    "take one from 1 to 12");
    }
    std::string packed(libdeflate_gzip_compress_bound(compressor.get(), plain.size()), '\0');
    packed.resize(libdeflate_gzip_compress(compressor.get(), plain.data(), plain.size(),
                                           packed.data(), packed.size()));
    return packed;
}

}  // namespace

struct BlobWriter::State {
    Compression compression;
    RunOptions options;
    SpoolFile spool;
    Hasher plain_hasher;
    Hasher stored_hasher;
    std::uint64_t plain_bytes = 0;
    std::vector<std::byte> waiting;  // of gzip: up to a member for each thread
    std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> zstd{nullptr, ZSTD_freeCCtx};

    State(const Compression& how, const RunOptions& run)
        : compression(how), options(run), spool(run.spool_dir) {}

    void store(Bytes bytes) {
        stored_hasher.update(bytes);
        spool.write(bytes);
    }

    void open_zstd() {
        zstd.reset(ZSTD_createCCtx());
        const int level = compression.level.value_or(zstd_level);
        if (level < 1 || level > 19) {
            throw Error(Exit::usage, "compression-level",
                        "zstd has no level " + std::to_string(level), "take one from 1 to 19");
        }
        ZSTD_CCtx_setParameter(zstd.get(), ZSTD_c_compressionLevel, level);
        ZSTD_CCtx_setParameter(zstd.get(), ZSTD_c_checksumFlag, 1);
        // Always the multi-threaded way: its bytes differ from the single-threaded one's, but not
        // with the number of workers.
        ZSTD_CCtx_setParameter(zstd.get(), ZSTD_c_nbWorkers,
                               static_cast<int>(std::max(options.threads, 1U)));
    }

    void feed_zstd(Bytes plain, ZSTD_EndDirective end) {
        std::vector<std::byte> out(ZSTD_CStreamOutSize());
        ZSTD_inBuffer input{plain.data(), plain.size(), 0};
        while (true) {
            ZSTD_outBuffer output{out.data(), out.size(), 0};
            const std::size_t left = ZSTD_compressStream2(zstd.get(), &output, &input, end);
            if (ZSTD_isError(left) != 0) {
                throw Error(Exit::internal, "zstd",
                            std::string("zstd can't compress: ") + ZSTD_getErrorName(left));
            }
            store(Bytes(out).first(output.pos));
            const bool done = end == ZSTD_e_end ? left == 0 : input.pos == input.size;
            if (done) {
                return;
            }
        }
    }

    void flush_gzip() {
        const std::size_t members = (waiting.size() + member_bytes - 1) / member_bytes;
        std::vector<std::string> packed(members);
        parallel_for(options.threads, members, [&](std::size_t i) {
            const std::size_t start = i * member_bytes;
            packed[i] = gzip_member(
                Bytes(waiting).subspan(start, std::min(member_bytes, waiting.size() - start)),
                compression.level.value_or(gzip_level));
        });
        for (const std::string& member : packed) {
            store(as_bytes(member));
        }
        waiting.clear();
    }

    /// Members begin at fixed places of the plain bytes, so that threads don't change the result.
    void feed_gzip(Bytes plain) {
        const std::size_t batch = member_bytes * std::max(options.threads, 1U);
        while (!plain.empty()) {
            const std::size_t part = std::min(plain.size(), batch - waiting.size());
            waiting.insert(waiting.end(), plain.begin(),
                           plain.begin() + static_cast<std::ptrdiff_t>(part));
            plain = plain.subspan(part);
            if (waiting.size() == batch) {
                flush_gzip();
            }
        }
    }
};

BlobWriter::BlobWriter(const Compression& compression, const RunOptions& options)
    : state_(std::make_unique<State>(compression, options)) {
    if (compression.codec == Codec::xz) {
        throw Error(Exit::usage, "compression", "layers are not written with xz",
                    "take none, gzip or zstd");
    }
    if (compression.codec == Codec::zstd) {
        state_->open_zstd();
    }
}

BlobWriter::~BlobWriter() = default;

void BlobWriter::write(Bytes plain) {
    state_->plain_hasher.update(plain);
    state_->plain_bytes += plain.size();
    if (state_->options.progress != nullptr) {
        state_->options.progress->advance(plain.size());
    }
    switch (state_->compression.codec) {
        case Codec::gzip:
            state_->feed_gzip(plain);
            break;
        case Codec::zstd:
            state_->feed_zstd(plain, ZSTD_e_continue);
            break;
        default:
            state_->spool.write(plain);
    }
}

WrittenBlob BlobWriter::finish() {
    if (state_->compression.codec == Codec::gzip) {
        if (!state_->waiting.empty() || state_->plain_bytes == 0) {
            state_->waiting.empty() ? state_->store(as_bytes(gzip_member({}, gzip_level)))
                                    : state_->flush_gzip();
        }
    } else if (state_->compression.codec == Codec::zstd) {
        state_->feed_zstd({}, ZSTD_e_end);
    }
    WrittenBlob blob;
    blob.diff_id = state_->plain_hasher.finish();
    blob.digest =
        state_->compression.codec == Codec::none ? blob.diff_id : state_->stored_hasher.finish();
    blob.plain_bytes = state_->plain_bytes;
    blob.stored = state_->spool.map();
    return blob;
}

}  // namespace slimimg::archive
