#include <memory>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "slimimg/report/explanation.hpp"
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
    InputOptions input;
    std::string path;
    ClosureOptions closure;
    OutputOptions output;
    MachineOptions machine;
};

Exit run(const Options& options) {
    const Delivery delivery(options.output, offers_of(report::explanation_formats()),
                            STDOUT_FILENO);
    const check::SettingsFile settings = options.closure.settings();
    RunOptions how = options.machine.run_options();
    Access access;
    options.input.allow(access);
    delivery.allow(access);
    const Safeguards safeguards(options.machine, std::move(access));
    const OpenCache cache(options.machine, options.output.quiet, how);
    Observers observers(options.machine, options.output.quiet, how);

    const image::Image image = options.input.read(how, observers);
    const closure::Request request =
        options.closure.request(check::settings_for(settings, image.names).closure);
    const slim::Analysis analysis = slim::analyze(image, request, how);
    const report::Explanation explanation = report::explain(analysis, options.path, request);
    delivery.deliver(explanation, report::explanation_formats());
    return Exit::ok;
}

}  // namespace

Command add_why(CLI::App& app) {
    CLI::App* const command =
        app.add_subcommand("why", "Tell why a file of the image stays, or why it does not");
    const auto options = std::make_shared<Options>();
    options->input.declare(*command);
    command->add_option("PATH", options->path, "A file, link or folder of the image, from its root")
        ->required()
        ->option_text(" ")
        ->check(not_empty("PATH"));
    options->closure.declare(*command);
    options->output.declare(*command, offer_choices(offers_of(report::explanation_formats())));
    options->machine.declare(*command);
    command->footer(
        "Examples:\n"
        "  slimimg why app.tar /usr/lib/x86_64-linux-gnu/libz.so.1\n"
        "  slimimg why app.tar /usr/share/zoneinfo\n"
        "  slimimg why app.tar /bin/sh --entrypoint /usr/bin/app");
    return {command, [options] { return run(*options); }};
}

}  // namespace slimimg::cli
