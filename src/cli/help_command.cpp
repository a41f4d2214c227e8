#include <memory>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "slimimg/base/file.hpp"

#include "commands.hpp"
#include "usage.hpp"

namespace slimimg::cli {
namespace {

Exit run(const CLI::App& app, const std::string& about) {
    const CLI::App* told = &app;
    if (!about.empty()) {
        const auto named = app.get_subcommands(
            [&](const CLI::App* command) { return command->get_name() == about; });
        if (named.empty()) {
            throw_unknown_command(app, about);
        }
        told = named.front();
    }
    // Not told->help(): that is the help of the command which was given, of this one.
    const std::string text = app.get_formatter()->make_help(
        told, "slimimg" + (about.empty() ? "" : ' ' + about), CLI::AppFormatMode::Normal);
    write_all(STDOUT_FILENO, as_bytes(text), "standard output");
    return Exit::ok;
}

}  // namespace

Command add_help(CLI::App& app) {
    std::string names;
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
        names += (names.empty() ? "" : "|") + command->get_name();
    }
    CLI::App* const command = app.add_subcommand("help", "Print the help of a command");
    const auto about = std::make_shared<std::string>();
    command->add_option("COMMAND", *about, "The command; without one, the help of slimimg itself")
        ->option_text(names);
    command->footer(
        "Examples:\n"
        "  slimimg help\n"
        "  slimimg help rebuild\n"
        "  man slimimg-rebuild");
    return {command, [&app, about] { return run(app, *about); }};
}

}  // namespace slimimg::cli
