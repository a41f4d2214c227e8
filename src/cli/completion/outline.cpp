#include "outline.hpp"

#include <algorithm>

#include "../options.hpp"

namespace slimimg::cli {
namespace {

/// A description up to its first pause: shells show one line.
std::string in_brief(const std::string& description) {
    std::size_t end = description.size();
    for (const char* pause : {". ", "; ", " ("}) {
        end = std::min(end, description.find(pause));
    }
    return description.substr(0, end);
}

/// "auto" and "zstd" of "auto|zstd[:LEVEL]|IMAGE"; capitals stand for a value of one's own.
std::vector<std::string> choices_of(const std::string& label) {
    std::vector<std::string> choices;
    if (label.find('|') == std::string::npos) {
        return choices;
    }
    for (const std::string& part : CLI::detail::split(label, '|')) {
        const std::string word = part.substr(0, part.find('['));
        const bool literal = std::all_of(word.begin(), word.end(),
                                         [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; });
        if (literal && !word.empty()) {
            choices.push_back(word);
        }
    }
    return choices;
}

OptionOutline outline_of(const CLI::Option& option) {
    OptionOutline outline;
    for (const std::string& name : option.get_snames()) {
        outline.names.push_back("-" + name);
    }
    for (const std::string& name : option.get_lnames()) {
        outline.names.push_back("--" + name);
    }
    outline.label = option.nonpositional() ? option.get_option_text() : option.get_name(true);
    outline.description = in_brief(option.get_description());
    outline.repeats = option.get_expected_max() > 1;
    if (option.get_expected_min() > 0 && option.get_type_size_max() > 0) {
        outline.choices = choices_of(option.get_option_text());
        const std::string type = option.get_type_name();
        outline.value = type == file_type          ? Value::file
                        : type == folder_type      ? Value::folder
                        : !outline.choices.empty() ? Value::choices
                                                   : Value::text;
    }
    return outline;
}

CommandOutline outline_of_command(const CLI::App& command) {
    CommandOutline outline{.name = command.get_name(), .description = command.get_description()};
    for (const CLI::Option* option : command.get_options()) {
        (option->nonpositional() ? outline.options : outline.arguments)
            .push_back(outline_of(*option));
    }
    return outline;
}

}  // namespace

std::vector<std::string> CommandOutline::argument_choices() const {
    std::vector<std::string> choices;
    for (const OptionOutline& argument : arguments) {
        choices.insert(choices.end(), argument.choices.begin(), argument.choices.end());
    }
    return choices;
}

Outline outline_of(const CLI::App& app) {
    Outline outline{.program = outline_of_command(app)};
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
        outline.commands.push_back(outline_of_command(*command));
    }
    return outline;
}

std::string join(const std::vector<std::string>& texts, std::string_view separator) {
    std::string joined;
    for (const std::string& text : texts) {
        joined += joined.empty() ? "" : separator;
        joined += text;
    }
    return joined;
}

}  // namespace slimimg::cli
