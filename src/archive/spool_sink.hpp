#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "slimimg/base/bytes.hpp"
#include "slimimg/base/error.hpp"
#include "slimimg/base/file.hpp"
#include "slimimg/base/run_options.hpp"

namespace slimimg::archive {

/// Collects bytes: in memory while they are few, else in a spool file. Where the disk is full they
/// are counted on, so that finish() can tell how much room they need.
class SpoolSink {
  public:
    /// `what` names the bytes in errors: "layer 3 of a.tar".
    SpoolSink(const RunOptions& options, std::string_view what) : options_(options), what_(what) {}

    void write(Bytes bytes);
    /// All that was written; nothing can be written after it. Throws Error (internal, "no-space")
    /// where the disk had no room for it.
    Slice finish();
    /// The file that it stands in, if it does.
    std::optional<SpoolFile> file() && { return std::move(file_); }

  private:
    void spool(Bytes bytes);

    const RunOptions& options_;
    std::string what_;
    std::uint64_t bytes_ = 0;
    std::vector<std::byte> memory_;
    std::optional<SpoolFile> file_;
    std::optional<Error> full_;  // why not all is in the file
    std::uint64_t fitted_ = 0;
};

}  // namespace slimimg::archive
