#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "slimimg/base/run_options.hpp"

#include "live_progress.hpp"
#include "options.hpp"
#include "timings.hpp"

namespace slimimg::cli {

/// Tells each step in a line on standard error.
class PlainProgress : public Progress {
  public:
    void begin(std::string_view step, std::string_view what, std::uint64_t total) override;

  private:
    std::mutex mutex_;
};

/// What is told of a run as it goes on and at its end, as the options want it.
class Observers {
  public:
    /// Sets `run.progress`, for as long as this lives.
    Observers(const MachineOptions& options, bool quiet, RunOptions& run);
    /// Writes the timings to standard error, also where the run fails.
    ~Observers();
    Observers(const Observers&) = delete;
    Observers& operator=(const Observers&) = delete;

    /// The layers of this image are about to be read.
    void expect(const image::Image& image);

  private:
    std::optional<PlainProgress> plain_;
    std::optional<LiveProgress> live_;
    std::optional<Timings> timings_;
    std::string format_;
};

}  // namespace slimimg::cli
