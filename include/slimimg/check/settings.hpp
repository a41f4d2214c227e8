#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/check/policy.hpp"
#include "slimimg/closure/closure.hpp"

/// What a project says of its images in .slimimg.toml.
namespace slimimg::check {

struct CheckResult;

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

/// What policies measure against; absent: the policy's own default, or none.
struct Thresholds {
    std::optional<std::uint64_t> size;            ///< bytes of content
    std::optional<std::uint64_t> baseline_bytes;  ///< what `growth` is measured from
    std::optional<double> growth;                 ///< percent over the baseline
    std::optional<double> reduction;              ///< percent that rebuild may save
    std::optional<double> lowest_efficiency;      ///< 0 to 1, as in .dive-ci
    std::optional<std::uint64_t> highest_wasted_bytes;
    std::optional<double> highest_wasted_percent;  ///< 0 to 1, as in .dive-ci
    std::optional<std::uint64_t> cache_bytes;      ///< in one cache folder
    std::optional<std::uint64_t> duplicate_bytes;  ///< in copies of one file
    std::optional<std::uint64_t> debug_bytes;      ///< of one file
};

/// A finding that the project accepts.
struct Waiver {
    std::string policy;  ///< an id
    std::string path;    ///< a path or glob in the image; empty: any finding of the policy
    std::string reason;
    std::string until;     ///< "2027-01-31", the last day; empty: no end
    std::size_t line = 0;  ///< of the settings file
};

/// The table [check].
struct CheckSettings {
    std::optional<Level> fail_on;  ///< of the general part alone; off: never
    bool distroless = false;       ///< profile = "distroless": its levels, under those given here
    std::map<std::string, Level, std::less<>> levels;  ///< by policy id
    Thresholds thresholds;
    std::string baseline;  ///< a JSON report of an earlier check or analyze
    std::vector<Waiver> waivers;

    /// What a policy's findings weigh.
    [[nodiscard]] Level level_of(const PolicyInfo& policy) const;
};

struct Settings {
    ClosureSettings closure;
    CheckSettings check;
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

/// The file that dive reads its rules from, in the folder that it is called in.
constexpr std::string_view dive_file_name = ".dive-ci";

/// The rules of a .dive-ci, with dive's own defaults for those it does not name. What they find is
/// an error, as it fails dive; a rule that is "disabled" is off. What `settings` already say of a
/// level or limit stays. Throws Error (usage) with the line of a value that is none; `path` is for
/// messages.
void apply_dive_rules(std::string_view text, const std::string& path, CheckSettings& settings);

/// The bytes that an image of one of these names has in a JSON report of an earlier check, analyze
/// or rebuild (there: before), whatever its tag; those of the only image where the report has one.
/// Throws Error (usage) where the file is not there or no such report.
std::optional<std::uint64_t> baseline_bytes(const std::filesystem::path& path,
                                            const std::vector<std::string>& names);

/// What the check was asked for when it was set up.
struct InitialChoices {
    std::string until;        ///< "2027-11-25", the last day of waivers
    bool distroless = false;  ///< with the profile "distroless"
    std::string baseline;     ///< as CheckSettings::baseline
};

/// What `check --init` writes: settings under which these images pass today. Each finding that
/// fails gets a waiver, with a reason to be filled in.
std::string initial_settings(const CheckResult& result, const InitialChoices& choices);

/// Reads a file; throws as parse_settings does, and Error (usage) where it is not there.
SettingsFile read_settings(const std::filesystem::path& path);

/// What holds for an image with these names: the general part, then each [[image]] that matches
/// one of them, in the file's order. Lists grow, a later single value wins; entrypoints are a whole
/// and win as such.
Settings settings_for(const SettingsFile& file, const std::vector<std::string>& names);

}  // namespace slimimg::check
