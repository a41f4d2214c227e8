#include "slimimg/base/quoting.hpp"

#include "outline.hpp"

namespace slimimg::cli {
namespace {

/// With a backslash before what _arguments would take for the end of a part.
std::string escaped(const std::string& text, std::string_view special) {
    std::string result;
    for (const char c : text) {
        if (special.find(c) != std::string_view::npos) {
            result += '\\';
        }
        result += c;
    }
    return result;
}

/// ":label:what is offered"
std::string value_of(const OptionOutline& option) {
    std::string action = " ";
    if (option.value == Value::choices) {
        action = "(" + join(option.choices, " ") + ")";
    } else if (option.value == Value::folder) {
        action = "_files -/";
    } else if (option.value == Value::file) {
        action = option.choices.empty() ? "_files"
                                        : "{compadd - " + join(option.choices, " ") + "; _files}";
    }
    return ":" + escaped(option.label, ":\\") + ":" + action;
}

/// The words that _arguments wants for an option: one a name, all but the last followed by a
/// blank.
std::string specification(const OptionOutline& option) {
    const bool takes_value = option.value != Value::none;
    const std::string others = option.repeats ? "*" : "(" + join(option.names, " ") + ")";
    std::vector<std::string> words;
    for (const std::string& name : option.names) {
        const std::string mark = !takes_value ? "" : name.starts_with("--") ? "=" : "+";
        words.push_back(single_quoted(others + name + mark + "[" +
                                      escaped(option.description, "[]:\\") + "]" +
                                      (takes_value ? value_of(option) : "")));
    }
    return join(words, " ");
}

std::string specifications(const CommandOutline& command, const std::string& indent) {
    std::string text;
    for (const OptionOutline& option : command.options) {
        text += " \\\n" + indent + specification(option);
    }
    for (const OptionOutline& argument : command.arguments) {
        text +=
            " \\\n" + indent + single_quoted((argument.repeats ? "*" : "") + value_of(argument));
    }
    return text;
}

}  // namespace

std::string zsh_completion(const Outline& outline) {
    std::string text =
        "#compdef slimimg\n"
        "# zsh completion for slimimg, made from the program's own options.\n"
        "_slimimg() {\n"
        "    local curcontext=$curcontext state line ret=1\n"
        "    typeset -A opt_args\n"
        "    local -a commands=(\n";
    for (const CommandOutline& command : outline.commands) {
        text += "        " +
                single_quoted(command.name + ":" + escaped(command.description, ":\\")) + "\n";
    }
    text += "    )\n    _arguments -C" + specifications(outline.program, "        ") +
            " \\\n"
            "        '1:command:->command' '*::argument:->argument' && ret=0\n"
            "    case $state in\n"
            "        command) _describe -t commands command commands && ret=0 ;;\n"
            "        argument)\n"
            "            case $words[1] in\n";
    for (const CommandOutline& command : outline.commands) {
        text += "                " + command.name + ") _arguments -s" +
                specifications(command, "                    ") + " && ret=0 ;;\n";
    }
    return text +
           "            esac ;;\n"
           "    esac\n"
           "    return ret\n"
           "}\n"
           "_slimimg \"$@\"\n";
}

}  // namespace slimimg::cli
