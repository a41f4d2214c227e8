#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "slimimg/base/run_options.hpp"

namespace slimimg::cli {

/// The steps that are under way, in a line: what goes on, how far it is and how fast.
class ProgressState {
  public:
    using Time = std::chrono::steady_clock::time_point;

    /// So many layers more are about to be read, with so many stored bytes.
    void expect(std::size_t layers, std::uint64_t bytes);
    void begin(std::string_view step, std::string_view what, std::uint64_t total, Time now);
    /// Bytes of the step that this thread began last.
    void advance(std::uint64_t bytes);
    void end(std::string_view step, std::string_view what);

    [[nodiscard]] bool is_idle() const { return running_.empty(); }
    /// In at most `width` columns: figures go where they have no room, then what the step is of.
    [[nodiscard]] std::string line(std::size_t width, Time now) const;

  private:
    struct Step {
        std::thread::id thread;
        std::string name;
        std::string what;
        std::uint64_t total = 0;
        std::uint64_t done = 0;
        Time since;

        /// Reads a layer, one of many: their figures are told together.
        [[nodiscard]] bool is_of_layers() const;
    };

    [[nodiscard]] const Step& shown() const;

    std::vector<Step> running_;
    std::size_t layers_ = 0;         ///< expected
    std::uint64_t layer_bytes_ = 0;  ///< expected
    std::uint64_t layer_bytes_done_ = 0;
    std::set<std::string> layers_done_;
    std::set<std::string> recalled_;  ///< their bytes are not expected any more
    Time layers_since_;
    bool layers_began_ = false;
};

/// Draws that line on standard error, a terminal, again and again, and takes it away when no step
/// is under way: what is printed then starts on a clean line.
class LiveProgress : public Progress {
  public:
    LiveProgress() = default;
    ~LiveProgress() override;
    LiveProgress(const LiveProgress&) = delete;
    LiveProgress& operator=(const LiveProgress&) = delete;

    void expect(std::size_t layers, std::uint64_t bytes);
    void begin(std::string_view step, std::string_view what, std::uint64_t total) override;
    void advance(std::uint64_t bytes) override;
    void end(std::string_view step, std::string_view what) override;

  private:
    void draw(ProgressState::Time now);
    void clear();

    std::mutex mutex_;
    ProgressState state_;
    ProgressState::Time drawn_;
    bool is_drawn_ = false;
};

}  // namespace slimimg::cli
