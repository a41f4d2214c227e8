#pragma once

#include <string_view>

#include "slimimg/base/bytes.hpp"
#include "slimimg/base/limits.hpp"
#include "slimimg/image/image.hpp"

namespace slimimg::image {

/// Reads a config (OCI image-spec config.md; Docker's has the same shape and more keys).
Config parse_config(Bytes text, const Limits& limits, std::string_view what);

/// The config's JSON with what differs from its own raw text written in; unknown keys and the
/// order of keys stay.
std::string render_config(const Config& config);

}  // namespace slimimg::image
