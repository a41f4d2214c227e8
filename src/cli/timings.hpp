#pragma once

#include <cstdint>
#include <ctime>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "slimimg/base/run_options.hpp"

namespace slimimg::cli {

/// Measures the steps that it is told of, and tells another observer, if there is one, of them.
/// What runs on several threads at once counts once a thread, so that steps add up to more than the
/// whole; the CPU time of a step is that of the thread it was told on.
class Timings : public Progress {
  public:
    /// `next` is not owned and may be null.
    explicit Timings(Progress* next);

    void begin(std::string_view step, std::string_view what, std::uint64_t total) override;
    void advance(std::uint64_t bytes) override;
    void end(std::string_view step, std::string_view what) override;

    /// "text" or "json": each step with its wall and CPU time in seconds and the bytes that it went
    /// over, then the whole process with its peak memory.
    [[nodiscard]] std::string render(const std::string& format) const;

  private:
    struct Step {
        std::string name;
        std::size_t times = 0;
        double wall = 0;
        double cpu = 0;
        std::uint64_t bytes = 0;
    };
    struct Started {
        double wall = 0;
        double cpu = 0;
    };

    Progress* next_;
    Started whole_;
    mutable std::mutex mutex_;
    std::vector<Step> steps_;  // in the order in which they began first
    std::map<std::string, std::vector<Started>> running_;
};

}  // namespace slimimg::cli
