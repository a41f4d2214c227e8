#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "slimimg/archive/codec.hpp"
#include "slimimg/base/digest.hpp"
#include "slimimg/base/file.hpp"
#include "slimimg/base/run_options.hpp"

namespace slimimg::archive {

struct Compression {
    Codec codec = Codec::none;
    std::optional<int> level;  ///< gzip 1–12 (default 6), zstd 1–19 (default 3)
};

struct WrittenBlob {
    Digest diff_id;  ///< of the plain bytes
    Digest digest;   ///< of the bytes as stored
    std::uint64_t plain_bytes = 0;
    Slice stored;  ///< the blob, mapped from where it was put
};

/// Where the bytes of a blob go, in their order.
class BlobPlace {
  public:
    BlobPlace() = default;
    virtual ~BlobPlace() = default;
    BlobPlace(const BlobPlace&) = delete;
    BlobPlace& operator=(const BlobPlace&) = delete;

    virtual void write(Bytes stored) = 0;
    /// All that was written, mapped. Called once, last.
    virtual Slice finish() = 0;
};

/// A blob on its way into an image: hashed, compressed (the same bytes for any thread count),
/// hashed again, and put into its place. Plain bytes are told to the observer by advance(); the
/// step they belong to is the caller's.
class BlobWriter {
  public:
    /// Into a spool file where there is no `place`. Throws Error (usage) for xz, which engines
    /// don't read, and for a level that the codec lacks; Error (internal) where no spool file can
    /// be made.
    BlobWriter(const Compression& compression, const RunOptions& options,
               std::unique_ptr<BlobPlace> place = nullptr);
    ~BlobWriter();
    BlobWriter(const BlobWriter&) = delete;
    BlobWriter& operator=(const BlobWriter&) = delete;

    void write(Bytes plain);
    /// Must be called once, last.
    WrittenBlob finish();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace slimimg::archive
