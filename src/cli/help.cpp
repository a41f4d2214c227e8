#include "help.hpp"

#include <algorithm>
#include <string_view>

namespace slimimg::cli {
namespace {

constexpr std::size_t page_width = 80;
constexpr std::size_t text_column = 26;

/// `label`, and `text` in lines that start at the text column; on the label's own line where that
/// is short enough.
std::string entry(const std::string& label, std::string_view text) {
    std::string result = "  " + label;
    if (result.size() + 2 > text_column) {
        result += '\n';
        result.append(text_column, ' ');
    } else {
        result.append(text_column - result.size(), ' ');
    }
    std::size_t column = text_column;
    while (!text.empty()) {
        const std::string_view word = text.substr(0, text.find(' '));
        text.remove_prefix(std::min(text.size(), word.size() + 1));
        if (column > text_column && column + 1 + word.size() > page_width) {
            result += '\n';
            result.append(text_column, ' ');
            column = text_column;
        } else if (column > text_column) {
            result += ' ';
            ++column;
        }
        result += word;
        column += word.size();
    }
    return result + '\n';
}

}  // namespace

std::string HelpFormatter::make_help(const CLI::App* app, std::string name,
                                     CLI::AppFormatMode mode) const {
    std::string result = make_description(app) + '\n' + make_usage(app, std::move(name));
    result += make_positionals(app) + make_subcommands(app, mode);
    for (const std::string& group : app->get_groups()) {
        const auto options = app->get_options([&](const CLI::Option* option) {
            return option->get_group() == group && option->nonpositional();
        });
        result += options.empty() ? "" : make_group(group, false, options);
    }
    return result + '\n' + app->get_footer() + '\n';
}

/// With the options that are not optional at its end.
std::string HelpFormatter::make_usage(const CLI::App* app, std::string name) const {
    std::string line = "Usage: " + name + " [OPTIONS]";
    if (!app->get_subcommands([](const CLI::App*) { return true; }).empty()) {
        line = "Usage: " + name + " COMMAND [OPTIONS]";
    }
    for (const CLI::Option* option : app->get_options()) {
        if (!option->nonpositional()) {
            const std::string label = option->get_name(true);
            const bool several = option->get_option_text() == "...";
            line += several                  ? ' ' + label + "..."
                    : option->get_required() ? ' ' + label
                                             : " [" + label + ']';
        }
    }
    for (const CLI::Option* option : app->get_options()) {
        if (option->nonpositional() && option->get_required()) {
            line += " -" + option->get_snames().front() + ' ' + option->get_option_text();
        }
    }
    return line + '\n';
}

std::string HelpFormatter::make_option(const CLI::Option* option, bool is_positional) const {
    std::string label = option->get_name(is_positional, !is_positional);
    if (!is_positional) {
        label.erase(std::min(label.find('{'), label.size()));  // what a bare flag stands for
        if (const std::size_t comma = label.find(','); comma != label.npos) {
            label.insert(comma + 1, " ");
        }
        const std::string& value = option->get_option_text();
        label += (value.empty() || value.starts_with("[=") ? "" : " ") + value;
    }
    return entry(label, option->get_description());
}

std::string HelpFormatter::make_subcommand(const CLI::App* command) const {
    return entry(command->get_name(), command->get_description());
}

}  // namespace slimimg::cli
