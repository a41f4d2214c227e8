#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

namespace slimimg::cli {

/// What a shell can offer for a value.
enum class Value { none, text, choices, file, folder };

/// An option, or an argument without a name.
struct OptionOutline {
    std::vector<std::string> names;  ///< with their dashes, the short one first
    std::string label;               ///< what the help calls the value
    std::string description;         ///< in a few words
    Value value = Value::none;
    std::vector<std::string> choices;  ///< `file` may have some too
    bool repeats = false;
};

struct CommandOutline {
    std::string name;
    std::string description;
    std::vector<OptionOutline> options;
    std::vector<OptionOutline> arguments;

    /// What its arguments can be, where they are not files.
    [[nodiscard]] std::vector<std::string> argument_choices() const;
};

/// The program as its shell completions see it: the command without a name is the program itself.
struct Outline {
    CommandOutline program;
    std::vector<CommandOutline> commands;
};

/// Read from the options that the program itself parses with.
Outline outline_of(const CLI::App& app);

/// The texts joined, with `separator` between two.
std::string join(const std::vector<std::string>& texts, std::string_view separator);

/// The scripts that teach a shell slimimg's commands and options.
std::string bash_completion(const Outline& outline);
std::string fish_completion(const Outline& outline);
std::string zsh_completion(const Outline& outline);

}  // namespace slimimg::cli
