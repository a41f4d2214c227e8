#pragma once

#include <filesystem>
#include <string>

namespace slimimg::cli {

/// The service that runs the program, as its environment tells: reports go where it shows them.
struct Surroundings {
    enum class Service { none, github, gitlab };

    Service service = Service::none;
    std::filesystem::path summary;  ///< GitHub's file for the job's summary; empty: none
    std::filesystem::path project;  ///< GitLab's folder for artifacts; empty: the current one
};

/// `choice` is "auto", which reads $GITHUB_ACTIONS and $GITLAB_CI, or a service, or "none".
Surroundings surroundings(const std::string& choice);

/// A variable of the environment; empty where it is not set.
std::string environment(const char* name);

}  // namespace slimimg::cli
