#pragma once

#include <memory>

#include "slimimg/base/cache.hpp"
#include "slimimg/base/run_options.hpp"

#include "options.hpp"

namespace slimimg::cli {

/// The cache that the options ask for. Where it can't be used a note is printed, and the run goes
/// on without.
class OpenCache {
  public:
    /// Sets `run.cache`, for as long as this lives.
    OpenCache(const MachineOptions& options, bool quiet, RunOptions& run);
    ~OpenCache();
    OpenCache(const OpenCache&) = delete;
    OpenCache& operator=(const OpenCache&) = delete;

  private:
    std::unique_ptr<FolderCache> cache_;
    bool quiet_;
};

}  // namespace slimimg::cli
