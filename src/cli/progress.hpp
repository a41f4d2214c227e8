#pragma once

#include <mutex>

#include "slimimg/base/run_options.hpp"

namespace slimimg::cli {

/// Tells each step in a line on standard error.
class PlainProgress : public Progress {
  public:
    void begin(std::string_view step, std::string_view what, std::uint64_t total) override;

  private:
    std::mutex mutex_;
};

}  // namespace slimimg::cli
