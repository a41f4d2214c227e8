#pragma once

#include <filesystem>
#include <vector>

namespace slimimg::cli {

/// What a command opens on this machine once it runs. What does not exist may be named.
struct Access {
    std::vector<std::filesystem::path> read;      ///< files, and folders with all that is in them
    std::vector<std::filesystem::path> images;    ///< read too, and no report takes their place
    std::vector<std::filesystem::path> outputs;   ///< made beside their names, and renamed
    std::vector<std::filesystem::path> reports;   ///< outputs as well
    std::vector<std::filesystem::path> appended;  ///< files that are written to in their place
    std::vector<std::filesystem::path> spool;     ///< folders for files of the process itself
    bool unpacks = false;                         ///< an output may hold devices
};

/// Throws Error (internal) where the folder of an output is not there.
void demand_folders(const Access& access);
/// Throws Error (usage) where two outputs would be one file, or a report would take an image's
/// place.
void demand_distinct(const Access& access);

}  // namespace slimimg::cli
