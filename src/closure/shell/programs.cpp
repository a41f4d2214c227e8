#include "slimimg/base/path.hpp"

#include "closure/shell/awk.hpp"
#include "closure/shell/operand.hpp"
#include "closure/shell/reader.hpp"
#include "closure/shell/text.hpp"

namespace slimimg::closure::shell {
void Reader::run(Here here, const Fields& argv) {
    if (argv.empty() || ++here.depth > deepest_command) {
        return;
    }
    const Field& head = argv.front();
    if (head.from_arguments && (!facts_.runs_arguments || (here.exec && !runs_by_exec_))) {
        facts_.runs_arguments = place(here);
        runs_by_exec_ = here.exec;
    }
    if (!is_known(head.text)) {
        run_unknown(here, argv);
        return;
    }
    if (here.functions) {
        const auto function = functions_.find(head.text);
        if (function != functions_.end() && !head.text.empty()) {
            add_argument_paths(here, argv);
            for (const ScopeId scope : function->second.all()) {
                reach(here, scope);
                if (expander_.spend(cost_of(argv))) {
                    variables_.call(scope, head.text + "()", tail(argv, 1));
                }
            }
            return;
        }
    }
    if (here.builtins && is_builtin(context_.dialect, head.text)) {
        run_builtin(here, argv);
        return;
    }
    if (!is_plausible(head.text)) {
        return;
    }
    add_command(here, argv);
    add_argument_paths(here, argv);
    run_wrapped(here, argv);
    if (context_.script) {
        if (const ShellSource* const script = context_.script(head.text)) {
            run_as_script(here, {script, 1}, tail(argv, 1));
        }
    }
}

bool Reader::is_plausible(const std::string& name) {
    return !name.empty() && name.front() != '-' && name.back() != '/' && name.size() < 1024 &&
           name.find('\n') == name.npos;
}

void Reader::run_unknown(const Here& here, const Fields& argv) {
    const std::string& name = argv.front().text;
    add_argument_paths(here, argv);
    if (argv.front().from_arguments) {
        return;
    }
    const std::size_t equals = name.find('=');
    if (equals != name.npos && name.find('/') > equals) {
        return;  // eval "$name=value": an assignment to some variable
    }
    add_path(here, name, Use::argument);
    const std::string end = name.substr(name.rfind('/') + 1);
    if (end.size() < name.size() && is_known(end) && is_plausible(end)) {
        add_program(here, end);
    }
    if (here.functions) {
        reach_matching_functions(here, argv);
    }
    const bool nothing_known = name.size() == 1;
    doubt(here, "shell-command-unknown",
          nothing_known ? "which command it runs depends on what only a run shows"
                        : "runs \"" + shown(name) + "\", of which only this much is known");
}

void Reader::reach_matching_functions(const Here& here, const Fields& argv) {
    const std::string pattern = shown(argv.front().text);
    if (pattern.size() > 64 || !expander_.spend(functions_.size() * 64)) {
        return;
    }
    for (const auto& [name, scopes] : functions_) {
        if (!path::glob_match(pattern, name)) {
            continue;
        }
        for (const ScopeId scope : scopes.all()) {
            reach(here, scope);
            if (pattern != "*") {
                variables_.call(scope, name + "()", tail(argv, 1));
            }
        }
    }
}

void Reader::add_argument_paths(const Here& here, const Fields& argv) {
    for (std::size_t i = 1; i < argv.size(); ++i) {
        add_paths(here, argv[i].text, Use::argument);
    }
}

void Reader::run_wrapped(const Here& here, const Fields& argv) {
    const std::string_view name = path::basename(argv.front().text);
    const Here inner = here.as_program();
    run_option_values(inner, argv);
    if (name == "find") {
        run_find(inner, argv);
    } else if (name == "which") {
        run_type(here, argv);
    } else if (name.ends_with("awk")) {
        run_awk(inner, argv);
    } else if (name == "crontab" || name == "supercronic") {
        run_crontab(inner, argv);
    } else if (name == "at" || name == "batch") {
        for (const std::string& text : input(inner)) {
            run_script(inner, text, {});
        }
    } else if (const Wrapper* wrapper = find_wrapper(name)) {
        run_wrapper(inner, *wrapper, argv);
    } else if (shell_dialect(name)) {
        run_shell(inner, argv);
    } else {
        run_interpreter(inner, argv);
    }
}

void Reader::run_find(const Here& here, const Fields& argv) {
    static constexpr std::string_view actions = " -exec -execdir -ok -okdir ";
    for (std::size_t i = 1; i < argv.size(); ++i) {
        if (!has_option(actions, argv[i].text)) {
            continue;
        }
        Fields command;
        for (++i; i < argv.size() && argv[i].text != ";" && argv[i].text != "+"; ++i) {
            command.push_back(argv[i].text == "{}" ? Field{unknown_text(), false} : argv[i]);
        }
        run(here, command);
    }
}

void Reader::run_option_values(const Here& here, const Fields& argv) {
    static constexpr std::string_view options =
        " --compress-program --filter --rsh --to-command --use-compress-program ";
    for (const Field& field : tail(argv, 1)) {
        const std::size_t equals = field.text.find('=');
        if (field.text.starts_with("--") && equals != field.text.npos &&
            has_option(options, field.text.substr(0, equals))) {
            run_script(here, field.text.substr(equals + 1), {});
        }
    }
    const std::string name(path::basename(argv.front().text));
    const bool by_type = name == "mkfs" || name == "fsck" || name == "mount";
    for (std::size_t i = 1; i + 1 < argv.size(); ++i) {
        const std::string& value = argv[i + 1].text;
        if (name == "tar" && argv[i].text == "-I") {
            run_script(here, value, {});
        } else if (by_type && argv[i].text == "-t" && is_known(value) && is_plausible(value)) {
            add_program(here, name + "." + value);
        }
    }
}

void Reader::run_awk(const Here& here, const Fields& argv) {
    for (const Field& field : tail(argv, 1)) {
        if (!expander_.spend(8 * field.text.size())) {
            return;
        }
        for (const std::string& command : awk_commands(field.text)) {
            run_script(here, command, {});
        }
    }
}

void Reader::run_wrapper(const Here& here, const Wrapper& wrapper, const Fields& argv) {
    std::size_t i = 1;
    if (!wrapper.subcommand.empty()) {
        if (argv.size() < 2 || argv[1].text != wrapper.subcommand) {
            return;
        }
        i = 2;
    }
    unsigned skip = wrapper.skip;
    bool dashes = false;
    bool only_command_left = false;  // options stand before the words that are skipped
    bool runs_the_rest = !wrapper.script_only;
    Fields command;
    for (; i < argv.size(); ++i) {
        const std::string& text = argv[i].text;
        const std::string_view option = std::string_view(text).substr(0, text.find('='));
        if (text == "--" && !dashes) {
            dashes = true;
            if (wrapper.after_dashes) {
                skip = 0;
            }
        } else if (is_option(argv[i]) && !dashes && !only_command_left) {
            const bool joined_value = option.size() < text.size();
            // `script -qc CMD`, `flock -nc CMD`: letters joined into one option.
            const bool gives_script =
                option == wrapper.script_option ||
                (wrapper.script_option.size() == 2 && option.size() > 2 && option[1] != '-' &&
                 option.back() == wrapper.script_option[1]);
            if (gives_script && i + 1 < argv.size()) {
                run_script(here, argv[i + 1].text, {});
                return;
            }
            if (!wrapper.rest_option.empty() && has_option(wrapper.rest_option, option)) {
                skip = 0;
                runs_the_rest = true;
            }
            const bool names_program = has_option(wrapper.program_option, option);
            if (names_program && joined_value) {
                command = {{text.substr(option.size() + 1), false}};
            } else if (names_program && i + 1 < argv.size()) {
                command = {argv[++i]};
            } else if (!joined_value && has_option(wrapper.valued, option)) {
                ++i;
            }
        } else if (text == "-") {
            continue;  // a login shell
        } else if (wrapper.assignments && option.size() < text.size()) {
            assign_environment(here, text);
        } else if (skip > 0) {
            --skip;
            only_command_left = skip == 0 && wrapper.script_option.empty();
        } else if (!dashes && is_options(argv, i)) {
            continue;
        } else if (runs_the_rest && (dashes || !wrapper.after_dashes)) {
            break;
        }
    }
    const Fields rest = tail(argv, i);
    command.insert(command.end(), rest.begin(), rest.end());
    if (wrapper.name == "xargs" && !command.empty()) {
        command.push_back({unknown_text(), false});
    }
    if (wrapper.joins && !command.empty()) {
        run_script(here, joined(command, 0), {});
        return;
    }
    run(here, command);
}

bool Reader::is_options(const Fields& argv, std::size_t at) {
    return argv[at].text == unknown_text() && !argv[at].from_arguments && at + 1 < argv.size();
}

void Reader::assign_environment(const Here& here, const std::string& text) {
    const std::size_t equals = text.find('=');
    const std::string name = text.substr(0, equals);
    if (is_known(name)) {
        add_paths(here, text.substr(equals + 1), Use::value);
        variables_.assign(name, text.substr(equals + 1));
    }
}

void Reader::run_shell(const Here& here, const Fields& argv) {
    std::vector<std::string_view> words;
    for (const Field& field : argv) {
        words.emplace_back(field.text);
    }
    const Operand operand = operand_of(words);
    const std::size_t i = operand.at;
    if (operand.is_text && i < argv.size()) {
        run_script(here, argv[i].text, tail(argv, i + 2));
    } else if (i >= argv.size() || argv[i].text == "-" || argv[i].text == "/dev/stdin") {
        for (const std::string& text : input(here)) {
            run_script(here, text, {});
        }
    } else {
        std::vector<ShellSource> files = files_named(shown(argv[i].text));
        // One with its own first line is read for itself.
        std::erase_if(files, [](const ShellSource& file) { return file.text.starts_with("#!"); });
        run_as_script(here, files, tail(argv, i + 1));
    }
}

void Reader::run_as_script(const Here& here, std::span<const ShellSource> files,
                           const Fields& arguments) {
    Here inner = here;
    inner.functions = true;
    inner.builtins = true;
    run_files(inner, files, &arguments);
}

void Reader::run_script(const Here& here, const std::string& text, const Fields& arguments) {
    if (text == unknown_text()) {
        doubt(here, "shell-command-unknown",
              "gives a shell a text that depends on what only a run shows");
        return;
    }
    Here inner = here;
    inner.functions = true;
    inner.builtins = true;
    run_text("script:" + text, text, std::nullopt, inner, &arguments);
}

}  // namespace slimimg::closure::shell
