#pragma once

#include <string_view>

namespace slimimg::closure {

/// The order of names in ld.so.cache (glibc's _dl_cache_libcmp): runs of digits compare as
/// numbers, so that libx.so.10 follows libx.so.9. Below, at or above zero.
int compare_cache_names(std::string_view left, std::string_view right);

}  // namespace slimimg::closure
