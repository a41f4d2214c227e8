#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "slimimg/base/bytes.hpp"

namespace slimimg::archive {

/// Work on pieces of bytes, in their order, on a thread of its own: what makes the pieces goes on
/// meanwhile.
class Background {
  public:
    explicit Background(std::function<void(Bytes)> work);
    ~Background();
    Background(const Background&) = delete;
    Background& operator=(const Background&) = delete;

    /// Takes a copy in pieces; waits while too many of them wait. `beside`, if it is not null, is
    /// called here with the same copy of each piece. Throws what the work has thrown.
    void write(Bytes bytes, const std::function<void(Bytes)>& beside = nullptr);
    /// Waits for all pieces; throws what the work has thrown, after which it gets no more of them.
    void finish();

  private:
    const std::vector<std::byte>& put(Bytes piece);
    void run();
    void close();

    std::function<void(Bytes)> work_;
    // Enough for either side to be late now and then.
    std::array<std::vector<std::byte>, 4> ring_;
    std::size_t written_ = 0;  // pieces put into the ring …
    std::size_t done_ = 0;     // … and taken out of it
    bool closed_ = false;
    std::exception_ptr error_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::thread thread_;  // last: it uses all of the above
};

}  // namespace slimimg::archive
