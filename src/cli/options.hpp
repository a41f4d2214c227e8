#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "slimimg/base/run_options.hpp"
#include "slimimg/check/settings.hpp"
#include "slimimg/closure/closure.hpp"
#include "slimimg/image/reader.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

/// The options that several commands share: declared, checked and translated here only.
namespace slimimg::cli {

struct Access;
class Observers;

/// Declares an option that is also read from the environment as SLIMIMG_<OPTION>, and shows it in
/// the named group of the help.
CLI::Option* add_option(CLI::App& app, const std::string& names, std::string& value,
                        const std::string& description, const std::string& group);
CLI::Option* add_flag(CLI::App& app, const std::string& names, bool& value,
                      const std::string& description, const std::string& group);
/// Takes "--name" for the fallback and "--name=value", never the next word; "true" and "false", as
/// the environment sets flags, are the fallback and nothing.
CLI::Option* add_optional_value(CLI::App& app, const std::string& name, std::string& value,
                                const std::string& fallback, const std::string& description,
                                const std::string& group);
/// May be given several times, one value each.
CLI::Option* add_repeatable(CLI::App& app, const std::string& names,
                            std::vector<std::string>& values, const std::string& description,
                            const std::string& group);

/// One of these words. Throws Error (usage) for another.
CLI::Option* add_choice(CLI::App& app, const std::string& name, std::string& value,
                        const std::vector<std::string>& choices, const std::string& description,
                        const std::string& group);

/// SLIMIMG_SPOOL_DIR of "--spool-dir" and of "-t,--output-tag".
std::string environment_name(const std::string& names);

/// A check for CLI11, which throws Error (usage) where the value of "--config" or "IMAGE" is empty.
std::function<std::string(const std::string&)> not_empty(const std::string& name);
/// ", as SLIMIMG_KEEP says" where that variable holds the value of "--keep"; else empty.
std::string as_variable_says(const std::string& name, const std::string& value);
/// Throws Error (usage): the option takes these words, and what `more` says.
[[noreturn]] void throw_bad_choice(const std::string& name, const std::string& value,
                                   const std::vector<std::string>& choices,
                                   const std::string& more = {});

/// What a value names on this machine, as CLI11's type name: shells complete it.
inline constexpr const char* file_type = "FILE";
inline constexpr const char* folder_type = "DIR";

/// Which image.
struct InputOptions {
    std::string image;
    std::string platform;
    std::string tag;

    static constexpr const char* selection_group = "Which image, where there are several";

    void declare(CLI::App& app);
    /// Without the image itself.
    void declare_selection(CLI::App& app);
    /// Throws Error (usage) for a platform that is none, and where standard input is a terminal.
    [[nodiscard]] image::Image read(const RunOptions& run, Observers& observers) const;
    void allow(Access& access) const;
};

/// What is kept.
struct ClosureOptions {
    std::vector<std::string> entrypoints;
    std::vector<std::string> include;
    std::vector<std::string> include_packages;
    std::vector<std::string> exclude;
    std::string keep;
    std::vector<std::string> allow_missing;
    std::string config;

    void declare(CLI::App& app);
    /// The project's settings; empty ones where there is no file.
    [[nodiscard]] check::SettingsFile settings() const;
    /// Of the command line and the settings: lists grow, a single value and the entrypoints are the
    /// command line's where it gives them.
    [[nodiscard]] closure::Request request(const check::ClosureSettings& settings) const;
};

/// What is printed, but not the report's content.
struct OutputOptions {
    std::string format = "text";
    bool format_given = false;
    std::vector<std::string> reports;
    bool quiet = false;
    bool verbose = false;
    std::string color = "auto";
    std::string ci = "auto";

    /// `formats` as the help shows choices: "text|json".
    void declare(CLI::App& app, const std::string& formats);
};

/// How the progress of a run is told.
enum class Telling { none, plain, live };

/// How to run.
struct MachineOptions {
    std::string progress = "auto";
    std::string threads;
    std::string spool_dir;
    std::string cache;
    std::string cache_limit;
    std::vector<std::string> limits;
    bool no_verify = false;
    std::string sandbox = "auto";
    std::string timings;  ///< "text", "json", or empty

    void declare(CLI::App& app);
    /// The progress observer and the cache are the caller's to add.
    [[nodiscard]] RunOptions run_options() const;
    /// How much the cache may hold. Throws Error (usage) for what is no size.
    [[nodiscard]] std::uint64_t cache_bytes() const;
    /// Nothing where `quiet`; by itself on a terminal, and in plain lines in CI.
    [[nodiscard]] Telling telling(bool quiet) const;
    void allow(Access& access) const;
};

}  // namespace slimimg::cli
