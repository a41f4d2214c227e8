#pragma once

#include <string>

namespace slimimg::cli {

/// slimimg's version, and on a line each those of the libraries that it uses: of the code at work,
/// with the headers' in brackets where it was built with others.
std::string version_text();

}  // namespace slimimg::cli
