#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

#include "slimimg/base/digest.hpp"

namespace slimimg::archive {

/// A hasher that works on a thread of its own, so that inflating goes on meanwhile.
class BackgroundHasher {
  public:
    BackgroundHasher();
    ~BackgroundHasher();
    BackgroundHasher(const BackgroundHasher&) = delete;
    BackgroundHasher& operator=(const BackgroundHasher&) = delete;

    /// Takes a copy; waits while the ring is full.
    void update(Bytes bytes);
    Digest finish();

  private:
    void run();
    void close();

    // Enough for either side to be late now and then.
    std::array<std::vector<std::byte>, 4> ring_;
    std::size_t written_ = 0;  // pieces put into the ring …
    std::size_t hashed_ = 0;   // … and taken out of it
    bool closed_ = false;
    std::mutex mutex_;
    std::condition_variable changed_;
    Hasher hasher_;
    std::thread thread_;  // last: it uses all of the above
};

}  // namespace slimimg::archive
