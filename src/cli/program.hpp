#pragma once

#include <vector>

#include "commands.hpp"

namespace slimimg::cli {

/// Declares the program's commands and options in `app`, the only place that knows them all.
std::vector<Command> declare_program(CLI::App& app);

}  // namespace slimimg::cli
