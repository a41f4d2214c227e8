#include "slimimg/base/quoting.hpp"

#include "outline.hpp"

namespace slimimg::cli {
namespace {

std::vector<std::string> command_names(const Outline& outline) {
    std::vector<std::string> names;
    for (const CommandOutline& command : outline.commands) {
        names.push_back(command.name);
    }
    return names;
}

std::vector<std::string> option_names(const CommandOutline& command) {
    std::vector<std::string> names;
    for (const OptionOutline& option : command.options) {
        names.insert(names.end(), option.names.begin(), option.names.end());
    }
    return names;
}

/// What the case of an option's value does.
std::string action(const OptionOutline& option) {
    std::string text;
    if (!option.choices.empty()) {
        text += "COMPREPLY=($(compgen -W " + single_quoted(join(option.choices, " ")) +
                " -- \"$cur\")); ";
    }
    if (option.value == Value::file) {
        text += "compopt -o default; ";
    } else if (option.value == Value::folder) {
        text += "compopt -o dirnames; ";
    }
    return text + "return";
}

}  // namespace

std::string bash_completion(const Outline& outline) {
    std::string text =
        "# bash completion for slimimg, made from the program's own options.\n"
        "_slimimg() {\n"
        "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
        "    local command= words= arguments= i\n"
        "    # \"--keep=auto\" comes as three words.\n"
        "    if [[ $cur == = ]]; then\n"
        "        cur=\n"
        "    elif [[ $prev == = ]]; then\n"
        "        prev=${COMP_WORDS[COMP_CWORD-2]}\n"
        "    fi\n"
        "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
        "        case ${COMP_WORDS[i]} in\n"
        "            " +
        join(command_names(outline), "|") +
        ") command=${COMP_WORDS[i]}; break ;;\n"
        "        esac\n"
        "    done\n"
        "    COMPREPLY=()\n"
        "    case $command:$prev in\n";
    for (const CommandOutline& command : outline.commands) {
        for (const OptionOutline& option : command.options) {
            if (option.value == Value::none) {
                continue;
            }
            std::vector<std::string> patterns;
            for (const std::string& name : option.names) {
                patterns.push_back(command.name + ":" + name);
            }
            text += "        " + join(patterns, "|") + ") " + action(option) + " ;;\n";
        }
    }
    text += "    esac\n    case $command in\n";
    for (const CommandOutline& command : outline.commands) {
        const std::vector<std::string> choices = command.argument_choices();
        text += "        " + command.name +
                ") words=" + single_quoted(join(option_names(command), " ")) +
                (choices.empty() ? "" : " arguments=" + single_quoted(join(choices, " "))) +
                " ;;\n";
    }
    std::vector<std::string> first = command_names(outline);
    for (const std::string& name : option_names(outline.program)) {
        first.push_back(name);
    }
    return text + "        *) words=" + single_quoted(join(first, " ")) +
           " ;;\n"
           "    esac\n"
           "    if [[ -z $command || $cur == -* ]]; then\n"
           "        COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
           "    elif [[ -n $arguments ]]; then\n"
           "        COMPREPLY=($(compgen -W \"$arguments\" -- \"$cur\"))\n"
           "    else\n"
           "        compopt -o default\n"
           "    fi\n"
           "}\n"
           "complete -F _slimimg slimimg\n";
}

}  // namespace slimimg::cli
