#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/closure/closure.hpp"

/// What a project says of its images in .slimimg.toml.
namespace slimimg::check {

/// The file's name in the folder that slimimg is called in.
constexpr std::string_view settings_file_name = ".slimimg.toml";

/// The table [closure]: the keys are those of the command line's flags.
struct ClosureSettings {
    std::vector<std::string> entrypoints;  ///< command lines
    std::vector<std::string> include;
    std::vector<std::string> include_packages;
    std::vector<std::string> exclude;
    std::optional<closure::Keep> keep;
    std::vector<std::string> allow_missing;
};

struct Settings {
    ClosureSettings closure;
};

/// The file: what holds for every image, and by [[image]] what holds for those of a name.
struct SettingsFile {
    struct Image {
        std::vector<std::string> names;  ///< globs
        Settings settings;
    };
    Settings general;
    std::vector<Image> images;
};

/// Reads TOML 1.0. Throws Error (usage) with the line, where it is no TOML, a key is unknown (with
/// the nearest that is known), or a value is of the wrong kind. `path` is for messages.
SettingsFile parse_settings(std::string_view text, const std::string& path);

/// Reads a file; throws as parse_settings does, and Error (usage) where it is not there.
SettingsFile read_settings(const std::filesystem::path& path);

/// What holds for an image with these names: the general part, then each [[image]] that matches
/// one of them, in the file's order. Lists grow, a later single value wins; entrypoints are a whole
/// and win as such.
Settings settings_for(const SettingsFile& file, const std::vector<std::string>& names);

}  // namespace slimimg::check
