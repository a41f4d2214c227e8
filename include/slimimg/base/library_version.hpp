#pragma once

#include <string>
#include <vector>

namespace slimimg {

/// A library that slimimg is built on. Each module tells those that it alone uses.
struct LibraryVersion {
    std::string name;     ///< as its authors write it
    std::string built;    ///< the version of the headers
    std::string running;  ///< of the code at work; as `built` where the library cannot tell
};

/// OpenSSL's.
std::vector<LibraryVersion> crypto_library_versions();

}  // namespace slimimg
