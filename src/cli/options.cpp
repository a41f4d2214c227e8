#include "options.hpp"

#include <algorithm>
#include <charconv>
#include <thread>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "slimimg/base/cache.hpp"
#include "slimimg/base/error.hpp"
#include "slimimg/base/file.hpp"
#include "slimimg/base/nearest.hpp"
#include "slimimg/base/sizes.hpp"

#include "limits.hpp"
#include "progress.hpp"
#include "sandbox.hpp"
#include "surroundings.hpp"
#include "words.hpp"

namespace slimimg::cli {
namespace {

constexpr const char* kept_group = "What is kept";
constexpr const char* report_group = "The report";
constexpr const char* machine_group = "How it runs";
constexpr unsigned most_threads = 1024;

CLI::Option* in_group(CLI::Option* option, const std::string& names, const std::string& group) {
    return option->envname(environment_name(names))->group(group);
}

std::vector<std::string> joined(std::vector<std::string> first,
                                const std::vector<std::string>& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

/// "strict, auto or packages"
std::string listed(const std::vector<std::string>& words) {
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) {
        text += i == 0 ? "" : (i + 1 == words.size() ? " or " : ", ");
        text += words[i];
    }
    return text;
}

std::function<std::string(const std::string&)> one_of(const std::string& name,
                                                      const std::vector<std::string>& choices) {
    return [name, choices](const std::string& value) {
        if (std::find(choices.begin(), choices.end(), value) == choices.end()) {
            throw_bad_choice(name, value, choices);
        }
        return std::string();  // CLI11: no complaint
    };
}

image::Image read_selected(const std::string& location, const image::Selection& selection,
                           const RunOptions& run) {
    try {
        return image::read_image(location, selection, run);
    } catch (const Error& error) {
        if (error.code() != "tag-unknown") {
            throw;
        }
        throw Error(error.status(), error.code(),
                    error.message() + as_variable_says("--tag", selection.tag), error.hint());
    }
}

/// What the environment says of an option with and without a value: flags are read so too.
std::string switched(const std::string& given, const std::string& fallback) {
    const std::string word = CLI::detail::to_lower(given);
    if (word == "1" || word == "true" || word == "yes" || word == "on") {
        return fallback;
    }
    return word == "0" || word == "false" || word == "no" || word == "off" ? "" : given;
}

}  // namespace

std::string environment_name(const std::string& names) {
    std::string name = "SLIMIMG_" + names.substr(names.find("--") + 2);
    std::transform(name.begin(), name.end(), name.begin(), [](char c) {
        return c == '-' ? '_' : (c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
    });
    return name;
}

std::function<std::string(const std::string&)> not_empty(const std::string& name) {
    return [name](const std::string& given) {
        if (given.empty()) {
            throw Error(Exit::usage, "empty-value", name + " is empty",
                        name.starts_with('-') ? "give it a value, or leave it out"
                                              : "name one: a script's variable may be unset");
        }
        return std::string();  // CLI11: no complaint
    };
}

std::string as_variable_says(const std::string& name, const std::string& value) {
    const std::string variable = environment_name(name);
    return environment(variable.c_str()) == value ? ", as " + variable + " says" : "";
}

void throw_bad_choice(const std::string& name, const std::string& value,
                      const std::vector<std::string>& choices, const std::string& more) {
    const std::vector<std::string_view> candidates(choices.begin(), choices.end());
    const std::string near(nearest(value, candidates));
    throw Error(
        Exit::usage, "bad-choice", name + " cannot be " + value + as_variable_says(name, value),
        (near.empty() ? "" : "did you mean " + near + "? ") + "it takes " + listed(choices) + more);
}

CLI::Option* add_option(CLI::App& app, const std::string& names, std::string& value,
                        const std::string& description, const std::string& group) {
    return in_group(app.add_option(names, value, description), names, group)
        ->check(not_empty(names.substr(names.rfind("--"))));
}

CLI::Option* add_flag(CLI::App& app, const std::string& names, bool& value,
                      const std::string& description, const std::string& group) {
    return in_group(app.add_flag(names, value, description), names, group);
}

CLI::Option* add_optional_value(CLI::App& app, const std::string& name, std::string& value,
                                const std::string& fallback, const std::string& description,
                                const std::string& group) {
    return in_group(app.add_flag(name + "{" + fallback + "}", value, description), name, group)
        ->transform([fallback](const std::string& given) { return switched(given, fallback); });
}

CLI::Option* add_repeatable(CLI::App& app, const std::string& names,
                            std::vector<std::string>& values, const std::string& description,
                            const std::string& group) {
    return in_group(app.add_option(names, values, description), names, group)
        ->allow_extra_args(false)
        ->check(not_empty(names.substr(names.rfind("--"))));
}

CLI::Option* add_choice(CLI::App& app, const std::string& name, std::string& value,
                        const std::vector<std::string>& choices, const std::string& description,
                        const std::string& group) {
    return add_option(app, name, value, description, group)
        ->option_text(CLI::detail::join(choices, "|"))
        ->check(one_of(name, choices));
}

void InputOptions::declare(CLI::App& app) {
    app.add_option("IMAGE", image,
                   "A docker-archive or oci-archive (plain, gzip, zstd or xz), an OCI layout "
                   "directory, or - for standard input")
        ->required()
        ->option_text(" ")
        ->type_name(file_type)
        ->check(not_empty("IMAGE"));
    declare_selection(app);
}

void InputOptions::declare_selection(CLI::App& app) {
    add_option(app, "--platform", platform, "The image for this platform, as linux/arm64/v8",
               selection_group)
        ->option_text("OS/ARCH");
    add_option(app, "--tag", tag, "The image of this name, as app:1.0", selection_group)
        ->option_text("NAME");
}

image::Image InputOptions::read(const RunOptions& run, Observers& observers) const {
    image::Selection selection;
    selection.tag = tag;
    if (!platform.empty()) {
        selection.platform = image::Platform::parse(platform);
        if (!selection.platform) {
            throw Error(Exit::usage, "bad-platform",
                        "no platform: " + platform + as_variable_says("--platform", platform),
                        "write it as linux/amd64 or linux/arm64/v8");
        }
    }
    if (image == "-" && isatty(STDIN_FILENO) == 1) {
        throw Error(Exit::usage, "input-is-terminal",
                    "standard input is a terminal, no image can be read from it",
                    "pipe one in: docker save app:1.0 | slimimg analyze -");
    }
    image::Image found = read_selected(image, selection, run);
    observers.expect(found);
    return found;
}

void InputOptions::allow(Access& access) const {
    access.images.emplace_back(image);  // "-" is open already
}

void ClosureOptions::declare(CLI::App& app) {
    add_repeatable(app, "--entrypoint", entrypoints,
                   "Follow this program, in place of the image's own entrypoint and command, which "
                   "its config keeps. One quoted command line; may repeat",
                   kept_group)
        ->option_text("'CMD ...'");
    add_repeatable(app, "--include", include,
                   "Keep this file, folder or what the pattern matches, and what it needs; may "
                   "repeat",
                   kept_group)
        ->option_text("PATH|GLOB");
    add_repeatable(app, "--include-package", include_packages,
                   "Keep all files of an installed package, and what they need; may repeat",
                   kept_group)
        ->option_text("NAME");
    add_repeatable(app, "--exclude", exclude,
                   "Leave out what the pattern matches, unless the program fails without it; may "
                   "repeat",
                   kept_group)
        ->option_text("GLOB");
    add_choice(app, "--keep", keep, {"strict", "auto", "packages"},
               "How far to go: strict is the binary, its loader and its libraries; auto, the "
               "default, what the program needs to work; packages whole packages",
               kept_group);
    add_repeatable(app, "--allow-missing", allow_missing,
                   "Go on although this library, command or file is not in the image; may repeat",
                   kept_group)
        ->option_text("NAME|GLOB");
    add_option(app, "--config", config,
               "The project's settings (default: .slimimg.toml here, if it is there)", kept_group)
        ->option_text("FILE")
        ->type_name(file_type);
}

check::SettingsFile ClosureOptions::settings() const {
    if (!config.empty()) {
        return check::read_settings(config);
    }
    return std::filesystem::exists(check::settings_file_name)
               ? check::read_settings(check::settings_file_name)
               : check::SettingsFile();
}

closure::Request ClosureOptions::request(const check::ClosureSettings& settings) const {
    closure::Request request;
    for (const std::string& line : entrypoints.empty() ? settings.entrypoints : entrypoints) {
        request.entrypoints.push_back(split_words(line));
        if (request.entrypoints.back().empty()) {
            throw Error(Exit::usage, "empty-entrypoint", "an entrypoint names no program",
                        "write it as --entrypoint '/usr/bin/app --flag'");
        }
    }
    request.include = joined(settings.include, include);
    request.include_packages = joined(settings.include_packages, include_packages);
    request.exclude = joined(settings.exclude, exclude);
    request.allow_missing = joined(settings.allow_missing, allow_missing);
    if (const auto given = closure::parse_keep(keep)) {
        request.keep = *given;
    } else if (settings.keep) {
        request.keep = *settings.keep;
    }
    return request;
}

void OutputOptions::declare(CLI::App& app, const std::string& formats) {
    add_option(app, "--format", format, "The report's format (default: text)", report_group)
        ->option_text(formats)
        ->each([this](const std::string&) { format_given = true; });
    add_repeatable(app, "--report", reports,
                   "Write the report to a file too; its format is told by the file's ending or "
                   "named before it. May repeat",
                   report_group)
        ->option_text("[FORMAT=]FILE")
        ->type_name(file_type);
    add_flag(app, "-q,--quiet", quiet, "Print errors only, and a report only if --format asks",
             report_group);
    add_flag(app, "-v,--verbose", verbose, "Every row of every table", report_group);
    add_choice(app, "--color", color, {"auto", "always", "never"},
               "auto is for terminals, unless NO_COLOR is set", report_group);
    add_choice(app, "--ci", ci, {"auto", "github", "gitlab", "none"},
               "The service that shows reports: auto, the default, sees GitHub Actions and GitLab",
               report_group);
}

void MachineOptions::declare(CLI::App& app) {
    add_choice(app, "--progress", progress, {"auto", "plain", "none"},
               "What goes on, on standard error: auto shows it on terminals, and in CI as plain "
               "does, a line a step",
               machine_group);
    add_option(app, "--threads", threads, "Threads to work with (default: one a processor)",
               machine_group)
        ->option_text("N");
    add_option(app, "--spool-dir", spool_dir,
               "Where inflated layers are kept meanwhile (default: TMPDIR, else /tmp)",
               machine_group)
        ->option_text("DIR")
        ->type_name(folder_type);
    add_option(app, "--cache", cache,
               "Keep there what layers hold, for later runs over images that share them",
               machine_group)
        ->option_text("DIR")
        ->type_name(folder_type);
    add_option(app, "--cache-limit", cache_limit,
               "What the cache may hold; what was not used for longest goes (default: 10 GB)",
               machine_group)
        ->option_text("SIZE");
    add_repeatable(
        app, "--limit", limits,
        "What an image may ask of this machine before it is refused, in place of what is "
        "usual: " +
            limit_names() + "; may repeat",
        machine_group)
        ->option_text("NAME=N");
    add_optional_value(
        app, "--timings", timings, "text",
        "Tell on standard error at the end where time went: each step's wall and CPU "
        "time, and the peak memory",
        machine_group)
        ->option_text("[=text|json]")
        ->check([](const std::string& value) {
            return value.empty() ? "" : one_of("--timings", {"text", "json"})(value);
        });
    add_flag(app, "--no-verify", no_verify,
             "Do not compare the digests of layers, which takes time for large images",
             machine_group);
    add_choice(app, "--sandbox", sandbox, {"auto", "require", "none"},
               "No network, no other program, no file but those named here: auto, the default, "
               "does so as far as the system can, require fails where it can't",
               machine_group);
}

void MachineOptions::allow(Access& access) const {
    access.spool.push_back(spool_folder(spool_dir));
    if (!cache.empty()) {
        make_cache_folder(cache);  // what is not there can't be allowed
        access.spool.emplace_back(cache);
    }
}

RunOptions MachineOptions::run_options() const {
    RunOptions options;
    options.threads = std::max(1U, std::thread::hardware_concurrency());
    if (!threads.empty()) {
        const char* const end = threads.data() + threads.size();
        const auto [stop, error] = std::from_chars(threads.data(), end, options.threads);
        if (error != std::errc() || stop != end || options.threads < 1 ||
            options.threads > most_threads) {
            throw Error(Exit::usage, "bad-threads",
                        "--threads cannot be " + threads + as_variable_says("--threads", threads),
                        "give a number from 1 to " + std::to_string(most_threads));
        }
    }
    options.spool_dir = spool_dir;
    options.verify = !no_verify;
    options.limits = limits_from(limits);
    return options;
}

std::uint64_t MachineOptions::cache_bytes() const {
    constexpr std::uint64_t usual = 10'000'000'000;
    if (cache_limit.empty()) {
        return usual;
    }
    const auto limit = parse_bytes(cache_limit);
    if (!limit) {
        throw Error(Exit::usage, "bad-cache-limit",
                    "--cache-limit cannot be " + cache_limit +
                        as_variable_says("--cache-limit", cache_limit),
                    "give a size: 500MB, 10GB, 2GiB");
    }
    return *limit;
}

Telling MachineOptions::telling(bool quiet) const {
    if (quiet || progress == "none") {
        return Telling::none;
    }
    if (progress == "plain") {
        return Telling::plain;
    }
    if (isatty(STDERR_FILENO) == 1) {
        return is_capable_terminal(STDERR_FILENO) ? Telling::live : Telling::plain;
    }
    const std::string service = environment("CI");
    return service.empty() || service == "false" || service == "0" ? Telling::none : Telling::plain;
}

}  // namespace slimimg::cli
