#include "surroundings.hpp"

#include <cstdlib>

#include <sys/ioctl.h>
#include <unistd.h>

namespace slimimg::cli {

std::string environment(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? "" : value;
}

bool is_capable_terminal(int fd) {
    const std::string terminal = environment("TERM");
    return isatty(fd) == 1 && !terminal.empty() && terminal != "dumb";
}

std::size_t terminal_width(int fd) {
    constexpr std::size_t usual = 80;
    winsize size{};
    return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : usual;
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
