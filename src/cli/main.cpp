#include <algorithm>
#include <cstdio>
#include <exception>
#include <sstream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "slimimg/base/columns.hpp"
#include "slimimg/base/error.hpp"
#include "slimimg/base/file.hpp"
#include "slimimg/base/path.hpp"

#include "interruption.hpp"
#include "program.hpp"
#include "surroundings.hpp"
#include "usage.hpp"

namespace slimimg::cli {
namespace {

/// One line, whatever the message holds; on a terminal that is too narrow for it, words of it stand
/// in the next.
int complain(const std::string& message, const std::string& hint, Exit status) {
    std::string line = "slimimg: " + path::printable(message);
    line += hint.empty() ? "" : "; " + path::printable(hint);
    if (isatty(STDERR_FILENO) == 1) {
        line = folded(line, terminal_width(STDERR_FILENO));
    }
    line += '\n';
    std::fputs(line.c_str(), stderr);
    return static_cast<int>(status);
}

/// What a bare "slimimg" is told: it is no use of the program, but the question what that is.
Exit tell_help(const CLI::App& app) {
    std::fputs(app.help().c_str(), stderr);
    return Exit::usage;
}

Exit run(int argc, char** argv) {
    CLI::App app;
    const std::vector<Command> commands = declare_program(app);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& asked) {
        std::ostringstream text;
        app.exit(asked, text);
        write_all(STDOUT_FILENO, as_bytes(text.str()), "standard output");
        return Exit::ok;
    } catch (const CLI::ParseError& error) {
        throw_usage(app, {argv + std::min(argc, 1), argv + argc}, error);
    }
    const auto chosen = std::find_if(commands.begin(), commands.end(),
                                     [](const Command& command) { return command.app->parsed(); });
    return chosen == commands.end() ? tell_help(app) : chosen->run();
}

}  // namespace
}  // namespace slimimg::cli

int main(int argc, char** argv) {
    using slimimg::Exit;
    using slimimg::cli::complain;
    slimimg::cli::fill_standard_descriptors();
    const bool pipes_end_us = slimimg::cli::ignore_write_signals();
    try {
        return static_cast<int>(slimimg::cli::run(argc, argv));
    } catch (const slimimg::Error& error) {
        if (error.code() == "reader-gone" && pipes_end_us) {
            return slimimg::cli::end_by_closed_pipe();
        }
        return complain(error.message(), error.hint(), error.status());
    } catch (const std::bad_alloc&) {
        return complain("out of memory", "", Exit::internal);
    } catch (const std::exception& error) {
        return complain(std::string("internal error: ") + error.what(), "", Exit::internal);
    }
}
