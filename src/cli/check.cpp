#include "slimimg/check/check.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <filesystem>
#include <memory>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "slimimg/base/columns.hpp"
#include "slimimg/base/file.hpp"
#include "slimimg/base/path.hpp"
#include "slimimg/report/check_format.hpp"

#include "commands.hpp"
#include "delivery.hpp"
#include "layer_cache.hpp"
#include "options.hpp"
#include "progress.hpp"
#include "safeguards.hpp"
#include "surroundings.hpp"

namespace slimimg::cli {
namespace {

constexpr const char* check_group = "What is checked";
constexpr const char* day_pattern = "[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]";

struct Options {
    std::vector<std::string> images;
    InputOptions input;
    ClosureOptions closure;
    OutputOptions output;
    MachineOptions machine;
    std::string profile;
    std::string fail_on;
    std::string baseline;
    std::string dive_rules;
    std::string today;
    bool init = false;
    bool list = false;
};

/// "2026-11-25", in UTC: the same wherever the check runs.
std::string today() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 16> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d", &parts)};
}

/// The day a year later, or the last of February.
std::string year_after(const std::string& day) {
    const int year = std::stoi(day.substr(0, 4)) + 1;
    return std::to_string(year) + (day.substr(4) == "-02-29" ? "-02-28" : day.substr(4));
}

check::SettingsFile read_settings(const Options& options) {
    check::SettingsFile settings = options.closure.settings();
    std::string rules = options.dive_rules;
    if (rules.empty() && std::filesystem::exists(check::dive_file_name)) {
        rules = check::dive_file_name;
    }
    if (!rules.empty() && !std::filesystem::exists(rules)) {
        throw Error(Exit::usage, "no-dive-rules", "there is no file " + rules,
                    "name a file of dive's rules, or leave --dive-ci out");
    }
    if (!rules.empty()) {
        check::apply_dive_rules(map_file(rules).text(), rules, settings.general.check);
    }
    return settings;
}

check::Level fail_level(const Options& options, const check::SettingsFile& settings) {
    if (options.fail_on.empty()) {
        return settings.general.check.fail_on.value_or(check::Level::error);
    }
    return options.fail_on == "never" ? check::Level::off
                                      : check::parse_level(options.fail_on).value();
}

/// What holds for an image, by the settings and the command line.
check::CheckJob make_job(const Options& options, const check::SettingsFile& settings,
                         const std::string& location, const RunOptions& run, Observers& observers) {
    InputOptions input = options.input;
    input.image = location;
    image::Image image = input.read(run, observers);
    check::Settings own = check::settings_for(settings, image.names);
    if (!options.profile.empty()) {
        own.check.distroless = options.profile == "distroless";
    }
    if (!options.baseline.empty()) {
        own.check.baseline = options.baseline;
    }
    if (!own.check.baseline.empty()) {
        own.check.thresholds.baseline_bytes =
            check::baseline_bytes(own.check.baseline, image.names);
    }
    closure::Request request = options.closure.request(own.closure);
    return {std::move(image), std::move(own.check), std::move(request)};
}

Exit write_initial_settings(const check::CheckResult& result,
                            const check::InitialChoices& choices) {
    for (const check::CheckReport& image : result.images) {
        if (image.error) {
            throw Error(*image.error);
        }
    }
    AtomicFile written{std::filesystem::path(check::settings_file_name)};
    written.write(as_bytes(check::initial_settings(result, choices)));
    written.commit();
    return Exit::ok;
}

Exit list_policies(const Options& options) {
    if ((options.output.format_given && options.output.format != "text") ||
        !options.output.reports.empty()) {
        throw Error(Exit::usage, "list-is-text", "--list prints text and no report",
                    "leave --format and --report out");
    }
    const bool is_terminal = isatty(STDOUT_FILENO) == 1;
    const check::CheckSettings settings{.distroless = options.profile == "distroless"};
    constexpr std::size_t id_width = 22;
    constexpr std::size_t level_width = 9;
    const auto padded = [](std::string_view text, std::size_t width) {
        return std::string(text) + std::string(width - std::min(width - 1, text.size()), ' ');
    };
    std::string text;
    for (const check::PolicyInfo& policy : check::policy_infos()) {
        const std::string line = padded(policy.id, id_width) +
                                 padded(check::level_name(settings.level_of(policy)), level_width) +
                                 std::string(policy.title);
        text += (is_terminal ? folded(line, terminal_width(STDOUT_FILENO)) : line) + '\n';
    }
    write_all(STDOUT_FILENO, as_bytes(text), "standard output");
    return Exit::ok;
}

void demand_images(const Options& options) {
    if (options.images.empty()) {
        throw Error(Exit::usage, "no-image", "no IMAGE is given",
                    "write it as slimimg check IMAGE, or see slimimg check --help");
    }
    if (std::count(options.images.begin(), options.images.end(), "-") > 1) {
        throw Error(Exit::usage, "one-standard-input", "standard input holds one image, not more",
                    "name - once");
    }
    if (options.init && std::filesystem::exists(check::settings_file_name)) {
        throw Error(Exit::usage, "settings-exist",
                    "there is a " + std::string(check::settings_file_name) + " already",
                    "edit it, or move it away first");
    }
}

/// The image's name, and why it was not checked; a message that has the name stands alone.
std::string failure_of(const check::CheckReport& image) {
    if (!image.error) {
        return image.source;
    }
    const std::string& message = image.error->message();
    return message.find(image.source) == message.npos ? image.source + " (" + message + ')'
                                                      : message;
}

/// Throws for the images that were not checked and, where no report is printed, for those whose
/// policies failed.
void tell_failures(const check::CheckResult& result, bool is_printed) {
    std::vector<const check::CheckReport*> failed;
    for (const check::CheckReport& image : result.images) {
        if (image.error || (!is_printed && result.fails(image))) {
            failed.push_back(&image);
        }
    }
    if (failed.empty()) {
        return;
    }
    if (failed.size() == 1 && failed.front()->error) {
        throw Error(*failed.front()->error);
    }
    std::string names;
    std::string hint;
    for (const check::CheckReport* image : failed) {
        names += (names.empty() ? "" : ", ") + failure_of(*image);
        if (!image->error) {
            hint = "without -q the report says why";
        }
    }
    const Exit status = result.status();
    throw Error(status, "check-failed", "the check fails: " + names, hint);
}

Exit run(const Options& options) {
    if (options.list) {
        return list_policies(options);
    }
    demand_images(options);
    const Delivery delivery(options.output, offers_of(report::check_formats()), STDOUT_FILENO);
    const check::SettingsFile settings = read_settings(options);
    RunOptions how = options.machine.run_options();
    Access access{.images = {options.images.begin(), options.images.end()}};
    access.read.emplace_back(options.baseline);
    access.read.emplace_back(settings.general.check.baseline);
    for (const check::SettingsFile::Image& image : settings.images) {
        access.read.emplace_back(image.settings.check.baseline);
    }
    if (options.init) {
        access.outputs.emplace_back(check::settings_file_name);
    }
    delivery.allow(access);
    const Safeguards safeguards(options.machine, std::move(access));
    const OpenCache cache(options.machine, options.output.quiet, how);
    Observers observers(options.machine, options.output.quiet, how);
    const check::CheckOptions what{.today = options.today.empty() ? today() : options.today,
                                   .fail_on = fail_level(options, settings)};
    report::CheckedImages result;
    const auto keep_files = [&](std::size_t index, const slim::Analysis& analysis,
                                const check::CheckReport&) {
        result.reports.resize(std::max(result.reports.size(), index + 1));
        result.reports[index] = report::make_report(analysis, {});
    };
    static_cast<check::CheckResult&>(result) = check::check_images(
        options.images,
        [&](const std::string& location, const RunOptions& run) {
            return make_job(options, settings, location, run, observers);
        },
        what, how,
        delivery.wants("html")
            ? std::function<void(std::size_t, const slim::Analysis&, const check::CheckReport&)>(
                  keep_files)
            : nullptr);
    if (options.init) {
        return write_initial_settings(result, {.until = year_after(what.today),
                                               .distroless = options.profile == "distroless",
                                               .baseline = options.baseline});
    }
    delivery.deliver(result, report::check_formats());
    tell_failures(result, delivery.prints());
    return result.status();
}

void declare(CLI::App& command, Options& options) {
    command
        .add_option("IMAGE", options.images,
                    "Images as for analyze, several at once; - for standard input")
        ->option_text("...")
        ->type_name(file_type)
        ->check(not_empty("IMAGE"));
    add_choice(command, "--profile", options.profile, {"default", "distroless"},
               "The levels of policies to begin with: distroless also refuses shells, package "
               "managers, set-id programs and root",
               check_group);
    add_choice(command, "--fail-on", options.fail_on, {"error", "warning", "note", "never"},
               "Fail from findings of this level on (default: error)", check_group);
    add_option(command, "--baseline", options.baseline,
               "A JSON report of an earlier check, which the image may not outgrow", check_group)
        ->option_text("FILE")
        ->type_name(file_type);
    add_option(command, "--dive-ci", options.dive_rules,
               "dive's rules (default: .dive-ci here, if it is there)", check_group)
        ->option_text("FILE")
        ->type_name(file_type);
    add_option(command, "--today", options.today,
               "The day that waivers are held against (default: this day, UTC)", check_group)
        ->option_text("YYYY-MM-DD")
        ->check([](const std::string& day) {
            if (!path::glob_match(day_pattern, day)) {
                throw Error(Exit::usage, "bad-day",
                            "--today cannot be " + day + as_variable_says("--today", day),
                            "write it as 2027-01-31");
            }
            return std::string();
        });
    add_flag(command, "--init", options.init,
             "Write a .slimimg.toml under which these images pass today, and no report",
             check_group);
    add_flag(command, "--list", options.list,
             "List the policies and their levels in the profile, and do nothing", check_group);
    options.input.declare_selection(command);
    options.closure.declare(command);
    options.output.declare(command, offer_choices(offers_of(report::check_formats())));
    options.machine.declare(command);
}

}  // namespace

Command add_check(CLI::App& app) {
    CLI::App* const command =
        app.add_subcommand("check", "Hold images against policies, for CI and before a push");
    const auto options = std::make_shared<Options>();
    declare(*command, *options);
    command->footer(
        "Examples:\n"
        "  slimimg check app.tar\n"
        "  docker save app:1.0 | slimimg check -\n"
        "  slimimg check dist/*.tar --report check.json\n"
        "  slimimg check app.tar --profile distroless --fail-on warning\n"
        "  slimimg check app.tar --init     # a .slimimg.toml that passes today\n"
        "  slimimg check app.tar --baseline last-release.json\n"
        "\n"
        "Nothing of an image is run. Exit code 1: a policy failed.");
    return {command, [options] { return run(*options); }};
}

}  // namespace slimimg::cli
