#include "usage.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "slimimg/base/error.hpp"
#include "slimimg/base/nearest.hpp"

#include "options.hpp"

namespace slimimg::cli {
namespace {

using Apps = std::vector<const CLI::App*>;
using Words = std::vector<std::string>;

const CLI::App* chosen_command(const CLI::App& app) {
    const auto chosen = app.get_subcommands();
    return chosen.empty() ? nullptr : chosen.front();
}

Apps all_commands(const CLI::App& app) {
    return app.get_subcommands([](const CLI::App*) { return true; });
}

std::string meant(std::string_view word, const std::vector<std::string>& names) {
    const std::vector<std::string_view> candidates(names.begin(), names.end());
    return std::string(nearest(word, candidates));
}

std::string question(const std::string& name) {
    return name.empty() ? "" : "did you mean " + name + "? ";
}

[[noreturn]] void fail(const std::string& problem, const std::string& hint) {
    throw Error(Exit::usage, "usage", problem, hint);
}

/// The long ones: of two letters any other is near.
std::vector<std::string> option_names(const Apps& commands) {
    std::vector<std::string> names;
    for (const CLI::App* command : commands) {
        for (const CLI::Option* option : command->get_options()) {
            for (const std::string& name : option->get_lnames()) {
                names.push_back("--" + name);
            }
        }
    }
    return names;
}

/// Of a word with a dash that the command, or without one the program, does not know.
[[noreturn]] void throw_unknown_option(const CLI::App& app, const std::string& word,
                                       bool before_command) {
    const CLI::App* const command = before_command ? nullptr : chosen_command(app);
    const Apps asked{command == nullptr ? &app : command};
    const std::string near = meant(word, option_names(asked));
    if (command == nullptr && near.empty()) {
        const Apps commands = all_commands(app);
        const bool is_one = std::any_of(commands.begin(), commands.end(), [&](const auto* other) {
            return other->get_option_no_throw(word) != nullptr;
        });
        const std::string option = is_one ? word : meant(word, option_names(commands));
        if (!option.empty()) {
            fail(is_one ? word + " stands before the command"
                        : "there is no option " + word + " before the command",
                 "options follow it: slimimg COMMAND " + option);
        }
    }
    fail("there is no option " + word, question(near) + help_hint(app));
}

/// An option whose value is told from the next argument by "=" alone: "--debug-shell[=PATH]".
bool has_optional_value(const CLI::Option& option) {
    return option.get_option_text().starts_with("[=");
}

/// What a word that is one argument too many was likely to be: empty where that can't be told.
std::string correction(const CLI::App& command, const std::string& word, const Words& words) {
    const auto at = std::find(words.begin(), words.end(), word);
    const CLI::Option* const before =
        at == words.begin() || at == words.end() ? nullptr : command.get_option_no_throw(at[-1]);
    if (before != nullptr && has_optional_value(*before)) {
        return "write it as " + at[-1] + '=' + word + "; ";
    }
    const CLI::Option* const output = command.get_option_no_throw("--output");
    const bool is_output = output != nullptr && output->count() == 0;
    return is_output ? "write the output as -o " + word + "; " : "";
}

/// Throws for the first of the words that are no command, option or argument.
[[noreturn]] void throw_unexpected(const CLI::App& app, const Words& words) {
    const std::vector<std::string> before_command = app.remaining(false);
    const bool is_before = !before_command.empty();
    const std::string given = is_before ? before_command.front() : app.remaining(true).front();
    const bool has_name = given.find_first_not_of("-=") < given.find('=');
    const std::string word = has_name ? given.substr(0, given.find('=')) : given;
    if (word.starts_with('-')) {
        throw_unknown_option(app, word, is_before);
    }
    if (is_before) {
        throw_unknown_command(app, given);
    }
    fail("one argument too many: " + given,
         correction(*chosen_command(app), given, words) + help_hint(app));
}

/// "IMAGE", "-o OUT"
std::string label_of(const CLI::Option& option) {
    if (!option.nonpositional()) {
        return option.get_name(true);
    }
    const std::string name = option.get_snames().empty() ? "--" + option.get_lnames().front()
                                                         : "-" + option.get_snames().front();
    return name + ' ' + option.get_option_text();
}

std::string name_of(const CLI::Option& option) {
    return option.get_lnames().empty() ? option.get_name(true) : "--" + option.get_lnames().front();
}

[[noreturn]] void throw_missing(const CLI::App& app) {
    const CLI::App* const command = chosen_command(app);
    std::string missing;
    std::string line = "slimimg " + command->get_name();
    for (const CLI::Option* option : command->get_options()) {
        if (!option->get_required()) {
            continue;
        }
        line += ' ' + label_of(*option);
        if (option->count() == 0) {
            missing += (missing.empty() ? "no " : " and no ") + label_of(*option);
        }
    }
    fail(missing + " is given", "write it as " + line + ", or " + help_hint(app));
}

/// CLI11's messages name the option: "--keep: 1 required TEXT missing".
const CLI::Option* option_of(const CLI::App& command, const std::string& message) {
    return command.get_option_no_throw(message.substr(0, message.find(": ")));
}

/// Of "Could not convert: --quiet = maybe"; flags are all that is converted.
[[noreturn]] void throw_bad_flag(const std::string& message) {
    constexpr std::string_view lead = "Could not convert: ";
    const std::string_view rest =
        std::string_view(message).substr(message.starts_with(lead) ? lead.size() : 0);
    const std::size_t equals = rest.find(" = ");
    const std::string name(rest.substr(0, std::min(equals, rest.find(':'))));
    const std::string value(equals == rest.npos ? "" : rest.substr(equals + 3));
    fail(name + " cannot be " + (value.empty() ? "given so" : value),
         "it takes no value: " + name + ", or " + environment_name(name) + "=true");
}

}  // namespace

std::string help_hint(const CLI::App& app) {
    const CLI::App* const command = chosen_command(app);
    return "see slimimg " + (command == nullptr ? "" : command->get_name() + ' ') + "--help";
}

void throw_unknown_command(const CLI::App& app, const std::string& word) {
    std::vector<std::string> names;
    for (const CLI::App* command : all_commands(app)) {
        names.push_back(command->get_name());
    }
    fail("there is no command " + word, question(meant(word, names)) + "see slimimg --help");
}

void throw_usage(const CLI::App& app, const std::vector<std::string>& words,
                 const CLI::ParseError& error) {
    // First: what is missing may stand there misspelt.
    if (!app.remaining(true).empty()) {
        throw_unexpected(app, words);
    }
    const CLI::App* const command = chosen_command(app);
    const std::string message = error.what();
    if (command == nullptr) {
        fail(message, help_hint(app));
    }
    if (error.get_name() == "RequiredError") {
        throw_missing(app);
    }
    if (error.get_name() == "ConversionError") {
        throw_bad_flag(message);
    }
    const CLI::Option* const option = option_of(*command, message);
    if (error.get_name() == "ArgumentMismatch" && option != nullptr) {
        const std::string name = name_of(*option);
        if (option->count() > 1) {
            fail(name + " is given more than once", "leave one; " + help_hint(app));
        }
        fail(name + " has no value", "write it as " + label_of(*option) + "; " + help_hint(app));
    }
    fail(message, help_hint(app));
}

}  // namespace slimimg::cli
