#pragma once

#include <map>
#include <mutex>
#include <string>

#include "slimimg/base/run_options.hpp"

namespace test {

/// Counts what it is told.
class CountingProgress : public slimimg::Progress {
  public:
    void begin(std::string_view step, std::string_view what, std::uint64_t bytes) override {
        const std::lock_guard lock(mutex_);
        ++begun[std::string(step)];
        total += bytes;
        name = what;
    }
    void advance(std::uint64_t bytes) override {
        const std::lock_guard lock(mutex_);
        advanced += bytes;
    }
    void end(std::string_view step, std::string_view /*what*/) override {
        const std::lock_guard lock(mutex_);
        ++ended[std::string(step)];
    }

    std::map<std::string, int> begun;
    std::map<std::string, int> ended;
    std::string name;
    std::uint64_t total = 0;
    std::uint64_t advanced = 0;

  private:
    std::mutex mutex_;
};

}  // namespace test
