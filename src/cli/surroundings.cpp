#include "surroundings.hpp"

#include <cstdlib>

namespace slimimg::cli {

std::string environment(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? "" : value;
}

Surroundings surroundings(const std::string& choice) {
    using Service = Surroundings::Service;
    const bool asks = choice == "auto";
    if (choice == "github" || (asks && environment("GITHUB_ACTIONS") == "true")) {
        return {.service = Service::github, .summary = environment("GITHUB_STEP_SUMMARY")};
    }
    if (choice == "gitlab" || (asks && environment("GITLAB_CI") == "true")) {
        return {.service = Service::gitlab, .project = environment("CI_PROJECT_DIR")};
    }
    return {};
}

}  // namespace slimimg::cli
