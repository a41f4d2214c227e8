#include "slimimg/image/library_versions.hpp"

#include <nlohmann/json.hpp>

namespace slimimg::image {

std::vector<LibraryVersion> library_versions() {
    const std::string number = std::to_string(NLOHMANN_JSON_VERSION_MAJOR) + '.' +
                               std::to_string(NLOHMANN_JSON_VERSION_MINOR) + '.' +
                               std::to_string(NLOHMANN_JSON_VERSION_PATCH);
    return {{"nlohmann_json", number, number}};
}

}  // namespace slimimg::image
