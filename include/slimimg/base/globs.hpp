#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/base/path.hpp"

namespace slimimg {

/// Whether a user who wrote `glob` means `path`: by its name as it stands, or as a pattern.
inline bool means(std::string_view glob, std::string_view path) {
    return glob == path || path::glob_match(glob, path);
}

/// Whether one of them does.
inline bool any_means(const std::vector<std::string>& globs, std::string_view path) {
    return std::any_of(globs.begin(), globs.end(),
                       [&](const std::string& glob) { return means(glob, path); });
}

}  // namespace slimimg
