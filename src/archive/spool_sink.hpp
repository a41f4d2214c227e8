#pragma once

#include <optional>
#include <vector>

#include "slimimg/base/bytes.hpp"
#include "slimimg/base/file.hpp"
#include "slimimg/base/run_options.hpp"

namespace slimimg::archive {

/// Collects bytes: in memory while they are few, else in a spool file.
class SpoolSink {
  public:
    explicit SpoolSink(const RunOptions& options) : options_(options) {}

    void write(Bytes bytes);
    /// All that was written; the sink can't be used after it.
    Slice finish();

  private:
    const RunOptions& options_;
    std::vector<std::byte> memory_;
    std::optional<SpoolFile> file_;
};

}  // namespace slimimg::archive
