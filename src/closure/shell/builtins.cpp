#include <algorithm>
#include <array>
#include <utility>

#include "slimimg/base/path.hpp"

#include "closure/shell/reader.hpp"
#include "closure/shell/text.hpp"

namespace slimimg::closure::shell {
void Reader::run_builtin(const Here& here, const Fields& argv) {
    using Handler = void (Reader::*)(const Here&, const Fields&);
    struct Entry {
        std::string_view name;
        Handler handler;
    };
    static constexpr std::array<Entry, 24> handlers = {{
        {".", &Reader::run_source},        {"source", &Reader::run_source},
        {"[", &Reader::run_test},          {"[[", &Reader::run_test},
        {"test", &Reader::run_test},       {"eval", &Reader::run_eval},
        {"exec", &Reader::run_exec},       {"command", &Reader::run_command},
        {"builtin", &Reader::run_command}, {"trap", &Reader::run_trap},
        {"set", &Reader::run_set},         {"shift", &Reader::run_shift},
        {"cd", &Reader::run_cd},           {"pushd", &Reader::run_cd},
        {"chdir", &Reader::run_cd},        {"type", &Reader::run_type},
        {"hash", &Reader::run_type},       {"read", &Reader::run_read},
        {"mapfile", &Reader::run_read},    {"readarray", &Reader::run_read},
        {"getopts", &Reader::run_read},    {"printf", &Reader::run_print},
        {"echo", &Reader::run_print},      {"alias", &Reader::run_alias},
    }};
    const auto entry = std::find_if(handlers.begin(), handlers.end(), [&](const Entry& each) {
        return each.name == argv.front().text;
    });
    if (entry != handlers.end()) {
        (this->*entry->handler)(here, argv);
    } else {
        add_argument_paths(here, argv);
    }
}

std::vector<ShellSource> Reader::files_named(const std::string& name) {
    std::vector<ShellSource> files;
    if (!context_.source) {
        return files;
    }
    files = context_.source(name);
    for (std::size_t i = 0; i < folders_.size() && files.empty() && !name.starts_with('/') &&
                            expander_.spend(name.size() + folders_.all()[i].size());
         ++i) {
        files = context_.source(path::join(folders_.all()[i], name));
    }
    return files;
}

void Reader::run_source(const Here& here, const Fields& argv) {
    if (argv.size() < 2) {
        return;
    }
    const std::string& name = argv[1].text;
    add_path(here, name, Use::sourced);
    if (name == "/dev/stdin") {
        for (const std::string& text : input(here)) {
            run_string(here, text);
        }
        return;
    }
    const std::vector<ShellSource> sources = files_named(shown(name));
    if (sources.empty() && !is_known(name)) {
        doubt(here, "shell-source-unknown",
              "which file it reads with \".\" depends on what only a run shows");
    }
    const Fields arguments = tail(argv, 2);
    run_files(here, sources, arguments.empty() ? nullptr : &arguments);
}

void Reader::run_test(const Here& here, const Fields& argv) {
    static constexpr std::string_view file_operators =
        " -a -b -c -d -e -f -g -h -k -p -r -s -u "
        "-w -x -G -L -N -O -S ";
    for (std::size_t i = 1; i < argv.size(); ++i) {
        if (i + 1 < argv.size() && has_option(file_operators, argv[i].text)) {
            add_path(here, argv[i + 1].text, Use::tested);
            if (argv[i].text == "-x") {
                add_tested(argv[i + 1]);
            }
            ++i;
        } else {
            add_paths(here, argv[i].text, Use::mentioned);
        }
    }
}

void Reader::run_eval(const Here& here, const Fields& argv) {
    run_string(here, joined(argv, argv.size() > 1 && argv[1].text == "--" ? 2 : 1));
}

void Reader::run_string(const Here& here, const std::string& text) {
    if (!text.empty() && text != unknown_text()) {
        run_text("eval:" + std::to_string(program_.scopes[here.scope].positional) + ":" + text,
                 text, std::nullopt, here, nullptr);
    } else if (!text.empty()) {
        doubt(here, "shell-command-unknown", "runs a text that depends on what only a run shows");
    }
}

void Reader::run_exec(const Here& here, const Fields& argv) {
    std::size_t i = 1;
    while (i < argv.size() && is_option(argv[i])) {
        i += argv[i].text == "-a" ? 2U : 1U;
    }
    Here inner = here.as_program();
    inner.exec = true;
    run(inner, tail(argv, i));
}

void Reader::run_command(const Here& here, const Fields& argv) {
    std::size_t i = 1;
    bool asks = false;
    while (i < argv.size() && is_option(argv[i])) {
        asks = asks || argv[i].text.find_first_of("vV") != std::string::npos;
        ++i;
    }
    if (asks) {
        for (; i < argv.size(); ++i) {
            add_tested(argv[i]);
        }
        return;
    }
    Here inner = here;
    inner.functions = false;
    run(inner, tail(argv, i));
}

void Reader::run_trap(const Here& here, const Fields& argv) {
    std::size_t i = 1;
    while (i < argv.size() && is_option(argv[i])) {
        ++i;
    }
    if (i + 1 < argv.size() && argv[i].text != "-") {
        Here inner = here;
        inner.conditional = true;
        run_string(inner, argv[i].text);
    }
}

void Reader::run_set(const Here& here, const Fields& argv) {
    add_argument_paths(here, argv);
    std::size_t i = 1;
    while (i < argv.size() && argv[i].text != "--" && argv[i].text != "-" &&
           (is_option(argv[i]) || argv[i].text.starts_with('+'))) {
        i += argv[i].text.ends_with('o') ? 2U : 1U;  // "-o pipefail", "-euo pipefail"
    }
    const bool dashes = i < argv.size() && (argv[i].text == "--" || argv[i].text == "-");
    if (i >= argv.size()) {
        return;
    }
    // A command with several variants comes here several times.
    new_parameters_.push_back(tail(argv, dashes ? i + 1 : i));
}

bool Reader::is_sure(const Here& here) const {
    return !here.conditional && here.scope == program_.scopes[here.scope].positional &&
           !here.statement->subshell && !here.statement->piped && !here.statement->source;
}

void Reader::run_shift(const Here& here, const Fields& argv) {
    const ScopeId scope = program_.scopes[here.scope].positional;
    const bool one = argv.size() < 2 || argv[1].text == "1";
    const std::size_t count = one ? 1 : argv[1].text == "2" ? 2 : 0;
    if (count == 0) {
        return;
    }
    if (expander_.is_spent()) {
        return;
    }
    std::vector<Fields> shifted;
    for (const Fields& fields : variables_.parameters(scope)) {
        if (!expander_.spend(cost_of(fields))) {
            return;
        }
        const bool open = !fields.empty() && !is_known(fields.back().text);
        if (fields.size() > count) {
            shifted.push_back(tail(fields, count));
        } else if (open) {
            shifted.push_back({fields.back()});
        }
    }
    variables_.set_parameters(scope, std::move(shifted), is_sure(here));
}

void Reader::run_cd(const Here& here, const Fields& argv) {
    std::size_t i = 1;
    while (i < argv.size() && is_option(argv[i])) {
        ++i;
    }
    if (i >= argv.size() || argv[i].text == "-") {
        return;
    }
    const std::string& target = argv[i].text;
    add_path(here, target, Use::changed_to);
    if (!is_known(target) || target.empty()) {
        variables_.assign("PWD", unknown_text());
        return;
    }
    for (const std::string& from : variables_.values("PWD", "PWD")) {
        if (!is_known(from) || !expander_.spend(8 * (from.size() + target.size()))) {
            continue;
        }
        std::string folder = path::normalize(path::join(from, target));
        folders_.add(folder, most_combined);
        variables_.assign("PWD", std::move(folder));
    }
}

void Reader::run_type(const Here&, const Fields& argv) {
    for (std::size_t i = 1; i < argv.size(); ++i) {
        if (!is_option(argv[i])) {
            add_tested(argv[i]);
        }
    }
}

void Reader::run_read(const Here& here, const Fields& argv) {
    static constexpr std::string_view valued = " -d -i -n -N -p -t -u -c -C -O -s ";
    const bool is_read = argv.front().text == "read";
    add_argument_paths(here, argv);
    for (std::size_t i = 1; i < argv.size(); ++i) {
        if (is_option(argv[i])) {
            const bool silent = is_read && argv[i].text == "-s";
            i += has_option(valued, argv[i].text) && !silent ? 1U : 0U;
        } else if (is_known(argv[i].text)) {
            std::vector<std::string> values =
                is_read && here.statement != nullptr ? input(here) : std::vector<std::string>();
            if (values.empty()) {
                values.push_back(unknown_text());
            }
            for (std::string& value : values) {
                variables_.assign(argv[i].text, std::move(value));
            }
        }
    }
}

void Reader::run_print(const Here& here, const Fields& argv) {
    for (std::size_t i = 1; i < argv.size(); ++i) {
        add_paths(here, argv[i].text, Use::mentioned);
        run_cron_lines(here, argv[i].text);
    }
    if (argv.front().text == "printf" && argv.size() > 3 && argv[1].text == "-v" &&
        is_known(argv[2].text)) {
        const bool plain = argv[3].text.find('%') == argv[3].text.npos;
        const bool copies = argv[3].text == "%s" && argv.size() == 5;
        variables_.assign(argv[2].text, plain    ? argv[3].text
                                        : copies ? argv[4].text
                                                 : unknown_text());
    }
}

void Reader::run_alias(const Here& here, const Fields&) {
    Here inner = here;
    inner.conditional = true;
    for (const Assignment& assignment : here.statement->assignments) {
        for (const Word& word : assignment.values) {
            for (const std::string& text : expander_.texts(word, here.scope)) {
                run_string(inner, text);
            }
        }
    }
}

}  // namespace slimimg::closure::shell
