#pragma once

#include <cstdint>
#include <string>

namespace slimimg {

/// As Docker shows sizes: powers of 1000, one decimal. "999 B", "1.2 kB", "134.7 MB"
std::string human_bytes(std::uint64_t bytes);

}  // namespace slimimg
