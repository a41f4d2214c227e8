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

/// Whether it is a terminal that takes colours and cursor movements.
bool is_capable_terminal(int fd);

/// Columns of a terminal; 80 where it is none or does not tell.
std::size_t terminal_width(int fd);

}  // namespace slimimg::cli
