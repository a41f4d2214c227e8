#include <algorithm>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "slimimg/base/error.hpp"
#include "slimimg/base/nearest.hpp"
#include "slimimg/base/path.hpp"

#include "interruption.hpp"
#include "program.hpp"

namespace slimimg::cli {
namespace {

/// One line, whatever the message holds.
int complain(const std::string& message, const std::string& hint, Exit status) {
    std::string line = "slimimg: " + path::printable(message);
    line += hint.empty() ? "" : "; " + path::printable(hint);
    line += '\n';
    std::fputs(line.c_str(), stderr);
    return static_cast<int>(status);
}

std::string help_hint(const CLI::App& app) {
    std::string command = "slimimg";
    for (const CLI::App* chosen : app.get_subcommands()) {
        command += ' ' + chosen->get_name();
    }
    return "see " + command + " --help";
}

/// Throws for the first of the words that are no command, option or argument.
[[noreturn]] void throw_unexpected(const CLI::App& app) {
    const std::string given = app.remaining(true).front();
    const std::string word = given.substr(0, given.find('='));
    const auto chosen = app.get_subcommands();
    std::vector<std::string> names;
    std::string problem = "one argument too many: " + given;
    if (word.starts_with('-')) {
        problem = "there is no option " + word;
        const CLI::App& command = chosen.empty() ? app : *chosen.front();
        for (const CLI::Option* option : command.get_options()) {
            for (const std::string& name : option->get_lnames()) {
                names.push_back("--" + name);
            }
        }
    } else if (chosen.empty()) {
        problem = "there is no command " + word;
        for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
            names.push_back(command->get_name());
        }
    }
    const std::vector<std::string_view> candidates(names.begin(), names.end());
    const std::string_view meant = nearest(word, candidates);
    throw Error(
        Exit::usage, "usage", problem,
        (meant.empty() ? "" : "did you mean " + std::string(meant) + "? ") + help_hint(app));
}

Exit run(int argc, char** argv) {
    CLI::App app;
    const std::vector<Command> commands = declare_program(app);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& asked) {
        app.exit(asked);
        if (!std::cout.flush()) {
            throw Error(Exit::internal, "io", "cannot write standard output");
        }
        return Exit::ok;
    } catch (const CLI::ParseError& error) {
        // First: what is missing may stand there misspelt.
        if (!app.remaining(true).empty()) {
            throw_unexpected(app);
        }
        throw Error(Exit::usage, "usage", error.what(), help_hint(app));
    }
    const auto chosen = std::find_if(commands.begin(), commands.end(),
                                     [](const Command& command) { return command.app->parsed(); });
    if (chosen == commands.end()) {
        throw Error(Exit::usage, "usage", "no command is given", help_hint(app));
    }
    return chosen->run();
}

}  // namespace
}  // namespace slimimg::cli

int main(int argc, char** argv) {
    using slimimg::Exit;
    using slimimg::cli::complain;
    try {
        slimimg::cli::fill_standard_descriptors();
        slimimg::cli::ignore_write_signals();
        return static_cast<int>(slimimg::cli::run(argc, argv));
    } catch (const slimimg::Error& error) {
        return complain(error.message(), error.hint(), error.status());
    } catch (const std::bad_alloc&) {
        return complain("out of memory", "", Exit::internal);
    } catch (const std::exception& error) {
        return complain(std::string("internal error: ") + error.what(), "", Exit::internal);
    }
}
