#include "program.hpp"

#include <memory>

#include <CLI/CLI.hpp>

#include "help.hpp"
#include "version.hpp"

namespace slimimg::cli {
namespace {

constexpr const char* footer =
    "IMAGE is what docker save, podman save, buildx or skopeo wrote: a docker-archive\n"
    "or oci-archive (plain, gzip, zstd or xz), an OCI layout directory, or - for\n"
    "standard input.\n"
    "\n"
    "Examples:\n"
    "  docker save app:1.0 -o app.tar\n"
    "  slimimg analyze app.tar\n"
    "  slimimg rebuild app.tar -o app-slim.tar\n"
    "  slimimg check app.tar\n"
    "  slimimg why app.tar /usr/bin/perl\n"
    "\n"
    "Every option can also be set in the environment: for --threads 4,\n"
    "SLIMIMG_THREADS=4.\n"
    "\n"
    "Exit codes: 0 fine, 1 a policy failed, 2 wrong usage, 3 bad input, 4 the program\n"
    "needs something that the image lacks, 5 an I/O or internal failure, 128 + N\n"
    "ended by signal N.\n"
    "\n"
    "slimimg help COMMAND tells more of a command, and so do the manual pages.";

}  // namespace

std::vector<Command> declare_program(CLI::App& app) {
    app.name("slimimg");
    app.description("slimimg: a container image goes in, the minimal image that works comes out.");
    app.formatter(std::make_shared<HelpFormatter>());
    app.set_help_flag("-h,--help", "Print this help");
    app.set_version_flag("-V,--version", version_text,
                         "Print the version, and those of the libraries it uses");
    app.footer(footer);
    app.get_formatter()->label("Positionals", "Arguments");
    app.require_subcommand(0, 1);
    std::vector<Command> commands{add_analyze(app), add_rebuild(app), add_check(app),
                                  add_why(app),     add_diff(app),    add_help(app)};
    for (const Command& command : commands) {
        command.app->group("Commands");
    }
    return commands;
}

}  // namespace slimimg::cli
