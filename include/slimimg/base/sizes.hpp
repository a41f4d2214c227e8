#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace slimimg {

/// As Docker shows sizes: powers of 1000, one decimal. "999 B", "1.2 kB", "134.7 MB"
std::string human_bytes(std::uint64_t bytes);

/// Of "1000", "20MB", "1.5 GiB": k, M, G, T are powers of 1000, Ki, Mi, Gi, Ti of 1024, in any
/// case, the B may be left out. Nothing for other text.
std::optional<std::uint64_t> parse_bytes(std::string_view text);

}  // namespace slimimg
