#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "slimimg/report/report.hpp"
#include "slimimg/slim/slim.hpp"

#include "commands.hpp"
#include "delivery.hpp"
#include "layer_cache.hpp"
#include "options.hpp"
#include "progress.hpp"
#include "safeguards.hpp"
#include "sboms.hpp"

namespace slimimg::cli {
namespace {

struct Options {
    InputOptions input;
    ClosureOptions closure;
    OutputOptions output;
    MachineOptions machine;
    std::vector<std::string> sboms;
};

Exit tell_unresolved(const std::vector<closure::Unresolved>& unresolved) {
    const auto fatal = static_cast<std::size_t>(
        std::count_if(unresolved.begin(), unresolved.end(),
                      [](const closure::Unresolved& what) { return what.fatal(); }));
    if (fatal == 0) {
        return Exit::ok;
    }
    throw Error(Exit::unresolved, "unresolved",
                "the image lacks " +
                    (fatal == 1 ? std::string("something") : std::to_string(fatal) + " things") +
                    " that its program needs",
                "the report names them; --allow-missing NAME accepts one");
}

Exit run(const Options& options) {
    const Delivery delivery(options.output, offers_of(report::formats()), STDOUT_FILENO);
    SbomDelivery sboms(options.sboms, false);
    const check::SettingsFile settings = options.closure.settings();
    RunOptions how = options.machine.run_options();
    Access access;
    options.input.allow(access);
    delivery.allow(access);
    sboms.allow(access);
    const Safeguards safeguards(options.machine, std::move(access));
    const OpenCache cache(options.machine, options.output.quiet, how);
    Observers observers(options.machine, options.output.quiet, how);

    const image::Image image = options.input.read(how, observers);
    const closure::Request request =
        options.closure.request(check::settings_for(settings, image.names).closure);
    const slim::Analysis analysis = slim::analyze(image, request, how);
    if (sboms.is_wanted()) {
        sboms.describe(report::make_sbom(analysis, how));
        sboms.write();
    }
    const report::Report report = report::make_report(analysis, request);
    delivery.deliver(report, report::formats());
    return tell_unresolved(analysis.closure.unresolved);
}

}  // namespace

Command add_analyze(CLI::App& app) {
    CLI::App* const command =
        app.add_subcommand("analyze", "Tell what an image holds, needs, and could shrink to");
    const auto options = std::make_shared<Options>();
    options->input.declare(*command);
    options->closure.declare(*command);
    options->output.declare(*command, offer_choices(offers_of(report::formats())));
    declare_sboms(*command, options->sboms, "The report");
    options->machine.declare(*command);
    command->footer(
        "Examples:\n"
        "  slimimg analyze app.tar\n"
        "  docker save app:1.0 | slimimg analyze -\n"
        "  slimimg analyze app.tar --format json | jq .reduction\n"
        "  slimimg analyze app.tar --sbom app.cdx.json    # of the whole image\n"
        "  slimimg analyze app.tar --entrypoint '/usr/bin/app serve' --include /srv\n"
        "\n"
        "Nothing of the image is run. Exit code 4: the program needs something that the\n"
        "image lacks.");
    return {command, [options] { return run(*options); }};
}

}  // namespace slimimg::cli
