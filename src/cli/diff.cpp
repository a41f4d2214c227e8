#include <charconv>
#include <cmath>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "slimimg/base/cache.hpp"
#include "slimimg/base/path.hpp"
#include "slimimg/report/difference.hpp"
#include "slimimg/report/sizes.hpp"
#include "slimimg/slim/slim.hpp"

#include "commands.hpp"
#include "delivery.hpp"
#include "layer_cache.hpp"
#include "options.hpp"
#include "progress.hpp"
#include "safeguards.hpp"

namespace slimimg::cli {
namespace {

struct Options {
    InputOptions before;
    std::string after;
    std::string after_tag;
    std::string max_growth;
    ClosureOptions closure;
    OutputOptions output;
    MachineOptions machine;
};

/// How much larger the second image may be.
struct Limit {
    double amount = 0;
    bool percent = false;

    [[nodiscard]] bool exceeded_by(const report::Difference& difference) const {
        const auto growth = static_cast<double>(difference.growth());
        const auto before = static_cast<double>(difference.before.layer_bytes);
        return growth > (percent ? before * amount / 100 : amount);
    }
};

/// Of "5%", "10MB", "1.5GiB", "1000".
std::optional<Limit> parse_limit(const std::string& text) {
    if (text.empty()) {
        return std::nullopt;
    }
    Limit limit;
    const char* const end = text.data() + text.size();
    const auto [stop, error] =
        std::from_chars(text.data(), end, limit.amount, std::chars_format::fixed);
    const std::string unit(stop, end);
    limit.percent = unit == "%";
    static constexpr std::pair<std::string_view, double> units[] = {
        {"", 1},     {"B", 1},      {"kB", 1e3},          {"MB", 1e6},
        {"GB", 1e9}, {"KiB", 1024}, {"MiB", 1024 * 1024}, {"GiB", 1024.0 * 1024 * 1024},
        {"%", 1}};
    for (const auto& [name, factor] : units) {
        if (error == std::errc() && std::isfinite(limit.amount) && limit.amount >= 0 &&
            unit == name) {
            limit.amount *= factor;
            return limit;
        }
    }
    throw Error(Exit::usage, "bad-growth",
                "--max-growth cannot be " + text + as_variable_says("--max-growth", text),
                "give a percentage or a size: 5%, 10MB, 512KiB");
}

Exit hold_to(const Limit& limit, const std::string& given, const report::Difference& difference) {
    if (!limit.exceeded_by(difference)) {
        return Exit::ok;
    }
    throw Error(Exit::policy, "grown",
                difference.after.name + " is " +
                    report::human_bytes(static_cast<std::uint64_t>(difference.growth())) +
                    " larger than " + difference.before.name + ", more than --max-growth " + given,
                "the report names what grew");
}

slim::Analysis analyze(const InputOptions& input, const ClosureOptions& closure,
                       const check::SettingsFile& settings, const RunOptions& run,
                       Observers& observers) {
    const image::Image image = input.read(run, observers);
    const closure::Request request =
        closure.request(check::settings_for(settings, image.names).closure);
    return slim::analyze(image, request, run);
}

Exit run(const Options& options) {
    const Delivery delivery(options.output, offers_of(report::difference_formats()), STDOUT_FILENO);
    const std::optional<Limit> limit = parse_limit(options.max_growth);
    const check::SettingsFile settings = options.closure.settings();
    RunOptions how = options.machine.run_options();
    Access access{.read = {options.before.image, options.after}};
    delivery.allow(access);
    const Safeguards safeguards(options.machine, std::move(access));
    const OpenCache cache(options.machine, options.output.quiet, how);
    Observers observers(options.machine, options.output.quiet, how);

    InputOptions second = options.before;
    second.image = options.after;
    second.tag = options.after_tag.empty() ? options.before.tag : options.after_tag;
    if (options.before.image == "-" && second.image == "-") {
        throw Error(Exit::usage, "one-standard-input", "standard input holds one image, not both",
                    "save one of them to a file");
    }
    std::optional<MemoryCache> shared;
    if (how.cache == nullptr) {
        how.cache = &shared.emplace();  // most images that are compared share their base
    }
    const slim::Analysis before =
        analyze(options.before, options.closure, settings, how, observers);
    const slim::Analysis after = analyze(second, options.closure, settings, how, observers);
    const report::Difference difference = report::compare(before, after);
    delivery.deliver(difference, report::difference_formats());
    return limit ? hold_to(*limit, options.max_growth, difference) : Exit::ok;
}

void declare(CLI::App& command, Options& options) {
    command
        .add_option("BEFORE", options.before.image,
                    "The earlier image: an archive, an OCI layout directory, or - for standard "
                    "input")
        ->required()
        ->option_text(" ")
        ->type_name(file_type)
        ->check(not_empty("BEFORE"));
    command.add_option("AFTER", options.after, "The later one")
        ->required()
        ->option_text(" ")
        ->type_name(file_type)
        ->check(not_empty("AFTER"));
    constexpr const char* gate = "The gate";
    add_option(command, "--max-growth", options.max_growth,
               "Fail with exit code 1 where the layers of AFTER hold more by this than those of "
               "BEFORE: 5%, 10MB, 512KiB",
               gate)
        ->option_text("N%|SIZE");
    options.before.declare_selection(command);
    add_option(command, "--after-tag", options.after_tag,
               "The image of this name in AFTER (default: that of --tag)",
               InputOptions::selection_group)
        ->option_text("NAME");
    options.closure.declare(command);
    options.output.declare(command, offer_choices(offers_of(report::difference_formats())));
    options.machine.declare(command);
}

}  // namespace

Command add_diff(CLI::App& app) {
    CLI::App* const command =
        app.add_subcommand("diff", "Tell how an image differs from an earlier one");
    const auto options = std::make_shared<Options>();
    declare(*command, *options);
    command->footer(
        "Examples:\n"
        "  slimimg diff app-1.0.tar app-1.1.tar\n"
        "  docker save app:1.1 | slimimg diff app-1.0.tar - --max-growth 5%\n"
        "  slimimg diff app.tar app-slim.tar --format markdown\n"
        "  slimimg diff both.tar both.tar --tag app:1.0 --after-tag app:1.1\n"
        "\n"
        "Exit code 1: it grew by more than --max-growth.");
    return {command, [options] { return run(*options); }};
}

}  // namespace slimimg::cli
