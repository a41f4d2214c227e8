#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/archive/codec.hpp"
#include "slimimg/base/error.hpp"

namespace slimimg::archive {

/// Where the decompressors put what they make: counts it, asks the limits, tells of progress and
/// hands it on.
class InflateOutput {
  public:
    InflateOutput(Bytes packed, const RunOptions& options, std::string_view what,
                  const ByteSink& sink);

    /// Room for the next piece; the same room each time.
    [[nodiscard]] std::span<std::byte> room() { return buffer_; }
    /// Hands on the first `used` bytes of the room. `read` bytes of input were read so far.
    void pass_on(std::size_t used, std::size_t read);

    [[noreturn]] void throw_damaged(std::string_view codec, std::string_view detail) const;
    [[noreturn]] void throw_truncated(std::string_view codec) const;

  private:
    std::uint64_t packed_size_;
    const RunOptions& options_;
    std::string what_;
    const ByteSink& sink_;
    std::vector<std::byte> buffer_;
    std::uint64_t made_ = 0;
    std::uint64_t read_ = 0;
};

void inflate_gzip(Bytes packed, InflateOutput& output);
void inflate_zstd(Bytes packed, InflateOutput& output);
void inflate_xz(Bytes packed, InflateOutput& output);

}  // namespace slimimg::archive
