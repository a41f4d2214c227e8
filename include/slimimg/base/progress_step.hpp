#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "slimimg/base/run_options.hpp"

namespace slimimg {

/// A step told to the observer from its begin to its end, also where the end is an error.
class ProgressStep {
  public:
    ProgressStep(const RunOptions& options, std::string_view step, std::string_view what,
                 std::uint64_t total)
        : progress_(options.progress), step_(step), what_(what) {
        if (progress_ != nullptr) {
            progress_->begin(step_, what_, total);
        }
    }
    ~ProgressStep() {
        if (progress_ != nullptr) {
            progress_->end(step_, what_);
        }
    }
    ProgressStep(const ProgressStep&) = delete;
    ProgressStep& operator=(const ProgressStep&) = delete;

    void advance(std::uint64_t bytes) {
        if (progress_ != nullptr) {
            progress_->advance(bytes);
        }
    }

  private:
    Progress* progress_;
    std::string step_;
    std::string what_;
};

}  // namespace slimimg
