#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/base/lines.hpp"
#include "slimimg/base/path.hpp"

#include "closure/cron_table.hpp"
#include "closure/shell/reader.hpp"
#include "closure/shell/text.hpp"

/// Texts that a script gives to programs that run them: code, cron's tables, a shell's input.
namespace slimimg::closure::shell {

std::vector<std::string> Reader::input(const Here& here) {
    std::vector<std::string> texts;
    if (here.statement == nullptr) {
        return texts;
    }
    for (const Redirection& redirection : here.statement->redirections) {
        if (redirection.body) {
            texts.push_back(
                expander_.texts(program_.here_documents[*redirection.body], here.scope).front());
        } else if (redirection.kind == Redirection::Kind::here_string) {
            texts.push_back(expander_.texts(redirection.target, here.scope).front());
        } else if (redirection.kind == Redirection::Kind::read && redirection.target.size() == 1 &&
                   redirection.target.front().kind == Part::Kind::process) {
            for (const StatementId id : redirection.target.front().body) {
                texts.push_back(expander_.output(program_.statements[id]).front());
            }
        }
    }
    if (texts.empty() && here.statement->source) {
        texts = expander_.output(program_.statements[*here.statement->source]);
    }
    std::erase(texts, unknown_text());  // what other programs put out
    return texts;
}

void Reader::run_interpreter(const Here& here, const Fields& argv) {
    /// Its options may be joined into one: `perl -lne`.
    struct Interpreter {
        std::string_view name;
        std::string_view options;
        char joined = '\0';
    };
    static constexpr std::array<Interpreter, 6> interpreters{
        {{"lua", " -e "},
         {"node", " -e --eval -p --print -pe "},
         {"perl", " -E ", 'e'},
         {"php", " -r "},
         {"python", " -c "},
         {"ruby", "", 'e'}}};
    const std::string name(path::basename(argv.front().text));
    const auto* const known = std::find_if(
        interpreters.begin(), interpreters.end(),
        [&](const Interpreter& each) { return std::string_view(name).starts_with(each.name); });
    if (known == interpreters.end()) {
        return;
    }
    const auto add = [&](const std::string& text) {
        if (code_.size() < most_texts && expander_.spend(8 * text.size())) {
            code_.push_back({{name, shown(text), place(here), {}}, here.scope, here.conditional});
        }
    };
    std::size_t i = 1;
    for (; i < argv.size() && is_option(argv[i]); ++i) {
        const std::string& option = argv[i].text;
        const bool joined =
            known->joined != '\0' && option[1] != '-' && option.ends_with(known->joined);
        if ((joined || has_option(known->options, option)) && i + 1 < argv.size()) {
            add(argv[i + 1].text);
            return;
        }
    }
    if (i >= argv.size() || argv[i].text == "-") {
        for (const std::string& text : input(here)) {
            add(text);
        }
    }
}

void Reader::run_crontab(const Here& here, const Fields& argv) {
    std::size_t i = 1;
    while (i < argv.size() && is_option(argv[i])) {
        i += argv[i].text == "-u" || argv[i].text == "-c" ? 2U : 1U;
    }
    if (i >= argv.size() || argv[i].text == "-") {
        for (const std::string& text : input(here)) {
            run_cron_lines(here, text);
        }
        return;
    }
    for (const ShellSource& file : files_named(shown(argv[i].text))) {
        run_cron_lines(here, file.text);
    }
}

void Reader::run_cron_lines(const Here& here, std::string_view text) {
    const bool of_system =
        here.statement != nullptr &&
        std::any_of(
            here.statement->redirections.begin(), here.statement->redirections.end(),
            [&](const Redirection& redirection) {
                const std::string target =
                    redirection.body ? "" : expander_.texts(redirection.target, here.scope).front();
                return target.find("/cron.d/") != target.npos || target == "/etc/crontab";
            });
    Here inner = here.as_program();
    inner.conditional = true;
    for (std::string_view rest = text; !rest.empty();) {
        const std::string_view line = take_line(rest);
        if (is_cron_line(line)) {
            run_script(inner, std::string(cron_command(line, of_system)), {});
        }
    }
}

}  // namespace slimimg::closure::shell
