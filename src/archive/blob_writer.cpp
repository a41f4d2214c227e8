#include "slimimg/archive/blob_writer.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <libdeflate.h>
#include <zstd.h>

#include "slimimg/base/error.hpp"
#include "slimimg/base/parallel.hpp"

#include "archive/background.hpp"

namespace slimimg::archive {
namespace {

// Each member of a gzip blob holds this much of the plain bytes: large enough to cost only 0.2 %
// of the size, small enough to spread over all threads.
constexpr std::size_t member_bytes = 1 << 20;
constexpr std::size_t members_limit = 64;  // at work at once

constexpr int gzip_level = 6;
constexpr int zstd_level = 3;

int checked_level(const Compression& compression, int standard, int max) {
    const int level = compression.level.value_or(standard);
    if (level < 1 || level > max) {
        throw Error(
            Exit::usage, "compression-level",
            std::string(codec_name(compression.codec)) + " has no level " + std::to_string(level),
            "take one from 1 to " + std::to_string(max));
    }
    return level;
}

/// Turns plain bytes into stored ones; hashes the plain ones, as it knows what can go on meanwhile.
class Encoder {
  public:
    virtual ~Encoder() = default;
    virtual void write(Bytes plain) = 0;
    /// The digest of the plain bytes.
    virtual Digest finish() = 0;
};

/// What is hashed and what is stored is one copy of the bytes: those of a mapped file may change
/// meanwhile.
class PlainEncoder : public Encoder {
  public:
    PlainEncoder(unsigned threads, const ByteSink& sink) : sink_(sink) {
        if (threads > 1) {
            background_.emplace([this](Bytes plain) { hasher_.update(plain); });
        }
    }

    void write(Bytes plain) override {
        if (background_) {
            background_->write(plain, sink_);
            return;
        }
        while (!plain.empty()) {
            const Bytes part = plain.first(std::min(plain.size(), member_bytes));
            copy_.assign(part.begin(), part.end());
            plain = plain.subspan(part.size());
            hasher_.update(copy_);
            sink_(copy_);
        }
    }
    Digest finish() override {
        if (background_) {
            background_->finish();
        }
        return hasher_.finish();
    }

  private:
    const ByteSink& sink_;
    std::vector<std::byte> copy_;
    Hasher hasher_;
    std::optional<Background> background_;
};

/// One gzip member (RFC 1952) without a time, by libdeflate: the same bytes on every machine.
std::vector<std::byte> gzip_member(Bytes plain, int level) {
    const std::unique_ptr<libdeflate_compressor, void (*)(libdeflate_compressor*)> compressor(
        libdeflate_alloc_compressor(level), libdeflate_free_compressor);
    if (!compressor) {
        throw Error(Exit::internal, "memory", "there is no memory for a gzip compressor");
    }
    std::vector<std::byte> packed(libdeflate_gzip_compress_bound(compressor.get(), plain.size()));
    packed.resize(libdeflate_gzip_compress(compressor.get(), plain.data(), plain.size(),
                                           packed.data(), packed.size()));
    return packed;
}

/// Members start at fixed places of the plain bytes, so that the thread count doesn't show.
class GzipEncoder : public Encoder {
  public:
    GzipEncoder(const Compression& compression, unsigned threads, const ByteSink& sink)
        : level_(checked_level(compression, gzip_level, 12)),
          threads_(std::max(threads, 1U)),
          batch_bytes_(member_bytes * std::min(std::size_t{2} * threads_, members_limit)),
          sink_(sink) {}

    void write(Bytes plain) override {
        while (!plain.empty()) {
            const Bytes part = plain.first(std::min(plain.size(), batch_bytes_ - waiting_.size()));
            waiting_.insert(waiting_.end(), part.begin(), part.end());
            plain = plain.subspan(part.size());
            if (waiting_.size() == batch_bytes_) {
                compress();
            }
        }
    }

    Digest finish() override {
        // Nothing at all is still one member: no bytes are not gzip.
        if (!waiting_.empty() || !any_) {
            compress();
        }
        return hasher_.finish();
    }

  private:
    void compress() {
        any_ = true;
        const std::size_t count =
            std::max<std::size_t>((waiting_.size() + member_bytes - 1) / member_bytes, 1);
        std::vector<std::vector<std::byte>> members(count);
        parallel_for(threads_, count + 1, [&](std::size_t i) {
            if (i == 0) {
                hasher_.update(waiting_);
                return;
            }
            const Bytes rest = Bytes(waiting_).subspan((i - 1) * member_bytes);
            members[i - 1] = gzip_member(rest.first(std::min(rest.size(), member_bytes)), level_);
        });
        for (const std::vector<std::byte>& member : members) {
            sink_(member);
        }
        waiting_.clear();
    }

    int level_;
    unsigned threads_;
    std::size_t batch_bytes_;
    const ByteSink& sink_;
    std::vector<std::byte> waiting_;
    Hasher hasher_;
    bool any_ = false;
};

class ZstdEncoder : public Encoder {
  public:
    ZstdEncoder(const Compression& compression, unsigned threads, const ByteSink& sink)
        : sink_(sink), context_(ZSTD_createCCtx()), out_(ZSTD_CStreamOutSize()) {
        if (!context_) {
            throw Error(Exit::internal, "memory", "there is no memory for a zstd compressor");
        }
        set(ZSTD_c_compressionLevel, checked_level(compression, zstd_level, 19));
        set(ZSTD_c_checksumFlag, 1);
        // Always by workers, also if by one: what they write doesn't depend on their number, but
        // differs from what is written without any. A library built without them refuses.
        ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_nbWorkers,
                               static_cast<int>(std::clamp(threads, 1U, 64U)));
    }

    void write(Bytes plain) override {
        hasher_.update(plain);
        run(plain, ZSTD_e_continue);
    }
    Digest finish() override {
        run({}, ZSTD_e_end);
        return hasher_.finish();
    }

  private:
    struct Free {
        void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
    };

    void set(ZSTD_cParameter parameter, int value) {
        check(ZSTD_CCtx_setParameter(context_.get(), parameter, value));
    }

    static std::size_t check(std::size_t result) {
        if (ZSTD_isError(result) != 0) {
            throw Error(Exit::internal, "zstd",
                        std::string("zstd can't compress: ") + ZSTD_getErrorName(result));
        }
        return result;
    }

    void run(Bytes plain, ZSTD_EndDirective end) {
        ZSTD_inBuffer input{plain.data(), plain.size(), 0};
        for (bool done = false; !done;) {
            ZSTD_outBuffer output{out_.data(), out_.size(), 0};
            const std::size_t left =
                check(ZSTD_compressStream2(context_.get(), &output, &input, end));
            if (output.pos > 0) {
                sink_(Bytes(out_).first(output.pos));
            }
            done = end == ZSTD_e_end ? left == 0 : input.pos == input.size;
        }
    }

    const ByteSink& sink_;
    std::unique_ptr<ZSTD_CCtx, Free> context_;
    std::vector<std::byte> out_;
    Hasher hasher_;
};

std::unique_ptr<Encoder> make_encoder(const Compression& compression, unsigned threads,
                                      const ByteSink& sink) {
    switch (compression.codec) {
        case Codec::none:
            return std::make_unique<PlainEncoder>(threads, sink);
        case Codec::gzip:
            return std::make_unique<GzipEncoder>(compression, threads, sink);
        case Codec::zstd:
            return std::make_unique<ZstdEncoder>(compression, threads, sink);
        case Codec::xz:
            break;
    }
    throw Error(Exit::usage, "compression", "layers are not written with xz, which no engine reads",
                "take none, gzip or zstd");
}

class SpoolPlace : public BlobPlace {
  public:
    explicit SpoolPlace(const std::filesystem::path& dir) : spool_(dir) {}

    void write(Bytes stored) override { spool_.write(stored); }
    Slice finish() override { return spool_.map(); }

  private:
    SpoolFile spool_;
};

}  // namespace

struct BlobWriter::State {
    State(const Compression& compression, const RunOptions& options,
          std::unique_ptr<BlobPlace> own_place)
        : progress(options.progress),
          place(own_place ? std::move(own_place) : std::make_unique<SpoolPlace>(options.spool_dir)),
          sink([this](Bytes stored) { store(stored); }),
          compressed(compression.codec != Codec::none),
          encoder(make_encoder(compression, options.threads, sink)) {}

    void store(Bytes bytes) {
        if (compressed) {
            stored_hasher.update(bytes);
        }
        place->write(bytes);
    }

    Progress* progress;
    std::unique_ptr<BlobPlace> place;
    ByteSink sink;
    bool compressed;
    Hasher stored_hasher;
    std::uint64_t plain_bytes = 0;
    std::unique_ptr<Encoder> encoder;
};

BlobWriter::BlobWriter(const Compression& compression, const RunOptions& options,
                       std::unique_ptr<BlobPlace> place)
    : state_(std::make_unique<State>(compression, options, std::move(place))) {}

BlobWriter::~BlobWriter() = default;

void BlobWriter::write(Bytes plain) {
    state_->encoder->write(plain);
    state_->plain_bytes += plain.size();
    if (state_->progress != nullptr) {
        state_->progress->advance(plain.size());
    }
}

WrittenBlob BlobWriter::finish() {
    WrittenBlob blob;
    blob.diff_id = state_->encoder->finish();
    blob.digest = state_->compressed ? state_->stored_hasher.finish() : blob.diff_id;
    blob.plain_bytes = state_->plain_bytes;
    blob.stored = state_->place->finish();
    return blob;
}

}  // namespace slimimg::archive
