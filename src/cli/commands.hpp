#pragma once

#include <functional>

#include "slimimg/base/error.hpp"

namespace CLI {
class App;
}

namespace slimimg::cli {

/// A subcommand: where its options are declared, and what it does once they are read.
struct Command {
    CLI::App* app = nullptr;
    std::function<Exit()> run;
};

Command add_analyze(CLI::App& app);
Command add_diff(CLI::App& app);
Command add_rebuild(CLI::App& app);
Command add_check(CLI::App& app);
Command add_why(CLI::App& app);
/// After the others, which it tells of.
Command add_help(CLI::App& app);

}  // namespace slimimg::cli
