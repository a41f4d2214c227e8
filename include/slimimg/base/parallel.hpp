#pragma once

#include <cstddef>
#include <functional>

namespace slimimg {

/// Calls work(0) … work(count-1) on up to `threads` threads and waits for all. The first error by
/// index is thrown again here, so that failures don't depend on the thread count either.
void parallel_for(unsigned threads, std::size_t count,
                  const std::function<void(std::size_t)>& work);

}  // namespace slimimg
