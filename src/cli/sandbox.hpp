#pragma once

#include <filesystem>
#include <string>
#include <vector>

/// The process gives up what it does not need before it looks at an image, which is somebody else's
/// bytes: it has no network, starts no program, and opens no file but those of its command line.
namespace slimimg::cli {

/// What a command opens on this machine once it runs. What does not exist may be named.
struct Access {
    std::vector<std::filesystem::path> read;      ///< files, and folders with all that is in them
    std::vector<std::filesystem::path> outputs;   ///< made beside their names, and renamed
    std::vector<std::filesystem::path> appended;  ///< files that are written to in their place
    std::vector<std::filesystem::path> spool;     ///< folders for files of the process itself
    bool unpacks = false;                         ///< an output may hold devices
};

/// Enters for good, with this thread and those that it starts from then on, so before any is.
/// `choice` is "auto": as far as the kernel lets us; "require": throws Error (internal) where
/// Landlock or seccomp is not there; or "none".
void enter_sandbox(const std::string& choice, const Access& access);

}  // namespace slimimg::cli
