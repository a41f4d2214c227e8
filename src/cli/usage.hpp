#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

/// Wrong command lines, told in one line: what is wrong, what was meant, where to read on.
namespace slimimg::cli {

/// "see slimimg rebuild --help", for the command that was chosen.
std::string help_hint(const CLI::App& app);

/// Throws Error (usage) for a word where a command should stand.
[[noreturn]] void throw_unknown_command(const CLI::App& app, const std::string& word);

/// Throws Error (usage) for what CLI11 could not parse of these words.
[[noreturn]] void throw_usage(const CLI::App& app, const std::vector<std::string>& words,
                              const CLI::ParseError& error);

}  // namespace slimimg::cli
