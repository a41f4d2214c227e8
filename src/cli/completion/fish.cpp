#include "outline.hpp"

namespace slimimg::cli {
namespace {

/// In fish's single quotes, where a backslash escapes.
std::string in_fish(const std::string& text) {
    std::string result = "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\') {
            result += '\\';
        }
        result += c;
    }
    return result + "'";
}

std::string line(const std::string& condition, const std::string& rest) {
    return "complete -c slimimg -n " + in_fish(condition) + rest + "\n";
}

std::string option_line(const std::string& condition, const OptionOutline& option) {
    std::string rest;
    for (const std::string& name : option.names) {
        rest += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    }
    if (option.value != Value::none) {
        rest += option.value == Value::file ? " -r -F" : " -x";
    }
    if (option.value == Value::folder) {
        rest += " -a '(__fish_complete_directories)'";
    } else if (!option.choices.empty()) {
        rest += " -a " + in_fish(join(option.choices, " "));
    }
    return line(condition, rest + " -d " + in_fish(option.description));
}

}  // namespace

std::string fish_completion(const Outline& outline) {
    const std::string before = "__fish_use_subcommand";
    std::string text =
        "# fish completion for slimimg, made from the program's own options.\n"
        "complete -c slimimg -f\n";
    for (const OptionOutline& option : outline.program.options) {
        text += option_line(before, option);
    }
    for (const CommandOutline& command : outline.commands) {
        text += line(before, " -a " + command.name + " -d " + in_fish(command.description));
        const std::string within = "__fish_seen_subcommand_from " + command.name;
        const std::vector<std::string> choices = command.argument_choices();
        text += line(within, choices.empty() ? " -F" : " -a " + in_fish(join(choices, " ")));
        for (const OptionOutline& option : command.options) {
            text += option_line(within, option);
        }
    }
    return text;
}

}  // namespace slimimg::cli
