#pragma once

#include <string_view>

#include "slimimg/base/bytes.hpp"

namespace slimimg::archive {

/// What a file that is no tar seems to be, for an error's text: "an ELF file", "a zip archive".
struct FileKind {
    std::string_view name;
    std::string_view hint{};  ///< what makes an image of it; may be empty
};

FileKind file_kind(Bytes head);

}  // namespace slimimg::archive
