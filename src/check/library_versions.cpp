#include "slimimg/check/library_versions.hpp"

#include <toml++/impl/version.h>

namespace slimimg::check {

std::vector<LibraryVersion> library_versions() {
    const std::string number = std::to_string(TOML_LIB_MAJOR) + '.' +
                               std::to_string(TOML_LIB_MINOR) + '.' +
                               std::to_string(TOML_LIB_PATCH);
    return {{"toml++", number, number}};
}

}  // namespace slimimg::check
