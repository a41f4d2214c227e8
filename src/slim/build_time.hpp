#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "slimimg/image/image.hpp"

namespace slimimg::slim {

/// The time that a rebuilt image carries: SOURCE_DATE_EPOCH where the environment has it
/// (reproducible-builds.org), else that of the source image. Never the clock.
struct BuildTime {
    std::string text;          ///< RFC 3339; empty where neither is known
    std::int64_t seconds = 0;  ///< since 1970, for what is made
};

/// Throws Error (usage) where SOURCE_DATE_EPOCH is no number of seconds.
BuildTime build_time(const image::Config& config);

/// Seconds since 1970 of an RFC 3339 time, its fraction dropped; nothing for other text.
std::optional<std::int64_t> parse_time(std::string_view text);

/// "2026-01-31T12:00:00Z"
std::string format_time(std::int64_t seconds);

}  // namespace slimimg::slim
