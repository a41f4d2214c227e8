#pragma once

#include <string_view>

#include "slimimg/base/bytes.hpp"

namespace slimimg::archive {

/// What a file that is no tar seems to be, for an error's text: "an ELF file", "a zip archive".
std::string_view file_kind(Bytes head);

}  // namespace slimimg::archive
