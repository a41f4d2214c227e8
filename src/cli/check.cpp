#include "slimimg/check/check.hpp"

#include <ctime>
#include <memory>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "slimimg/report/check_format.hpp"

#include "commands.hpp"
#include "delivery.hpp"
#include "options.hpp"
#include "progress.hpp"

namespace slimimg::cli {
namespace {

constexpr const char* check_group = "What is checked";

struct Options {
    std::vector<std::string> images;
    InputOptions input;
    ClosureOptions closure;
    OutputOptions output;
    MachineOptions machine;
    std::string fail_on = "error";
    std::string today;
};

/// "2026-11-25", in UTC: the same wherever the check runs.
std::string today() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 16> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d", &parts)};
}

Exit run(const Options& options) {
    const Delivery delivery(options.output, offers_of(report::check_formats()), STDOUT_FILENO);
    const check::SettingsFile settings = options.closure.settings();
    RunOptions how = options.machine.run_options();
    PlainProgress progress;
    how.progress = options.machine.wants_progress(options.output.quiet) ? &progress : nullptr;

    const auto read = [&](const std::string& location, const RunOptions& run) {
        InputOptions input = options.input;
        input.image = location;
        image::Image image = input.read(run);
        check::Settings own = check::settings_for(settings, image.names);
        closure::Request request = options.closure.request(own.closure);
        return check::CheckJob{std::move(image), std::move(own.check), std::move(request)};
    };
    const check::CheckOptions what{.today = options.today.empty() ? today() : options.today,
                                   .fail_on = options.fail_on == "never"
                                                  ? check::Level::off
                                                  : *check::parse_level(options.fail_on)};
    report::CheckedImages result;
    const auto keep_files = [&](std::size_t index, const slim::Analysis& analysis,
                                const check::CheckReport&) {
        result.reports.resize(std::max(result.reports.size(), index + 1));
        result.reports[index] = report::make_report(analysis, {});
    };
    static_cast<check::CheckResult&>(result) = check::check_images(
        options.images, read, what, how,
        delivery.wants("html")
            ? std::function<void(std::size_t, const slim::Analysis&, const check::CheckReport&)>(
                  keep_files)
            : nullptr);
    delivery.deliver(result, report::check_formats());
    return result.status();
}

}  // namespace

Command add_check(CLI::App& app) {
    CLI::App* const command =
        app.add_subcommand("check", "Hold images against policies, for CI and before a push");
    const auto options = std::make_shared<Options>();
    command
        ->add_option("IMAGE", options->images,
                     "Images as for analyze, several at once; - for standard input")
        ->required()
        ->option_text("...");
    options->input.declare_selection(*command);
    add_option(*command, "--fail-on", options->fail_on,
               "Findings of which level fail the check: error, the default, or from warning or "
               "note on",
               check_group)
        ->option_text("error|warning|note|never")
        ->check(CLI::IsMember({"error", "warning", "note", "never"}));
    add_option(*command, "--today", options->today,
               "The day that waivers are held against (default: this day, UTC)", check_group)
        ->option_text("YYYY-MM-DD");
    options->closure.declare(*command);
    options->output.declare(*command, offer_names(offers_of(report::check_formats())));
    options->machine.declare(*command);
    command->footer(
        "Examples:\n"
        "  slimimg check app.tar\n"
        "  docker save app:1.0 | slimimg check -\n"
        "  slimimg check dist/*.tar --report check.json\n"
        "\n"
        "Nothing of an image is run. Exit code 1: a policy failed.");
    return {command, [options] { return run(*options); }};
}

}  // namespace slimimg::cli
