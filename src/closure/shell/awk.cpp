#include "closure/shell/awk.hpp"

namespace slimimg::closure::shell {
namespace {

constexpr std::string_view blanks = " \t\n";

std::string_view trimmed_end(std::string_view text) {
    const std::size_t last = text.find_last_not_of(blanks);
    return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
}

bool leads_to_a_shell(std::string_view before) {
    before = trimmed_end(before);
    if (before.ends_with('(')) {
        before.remove_suffix(1);
        return trimmed_end(before).ends_with("system");
    }
    return before.ends_with("|&") || (before.ends_with('|') && !before.ends_with("||"));
}

bool is_read_from(std::string_view behind) {
    const std::size_t bar = behind.find_first_not_of(blanks);
    if (bar == std::string_view::npos || behind[bar] != '|') {
        return false;
    }
    const std::size_t word = behind.find_first_not_of(" \t\n|&", bar);
    return word != std::string_view::npos && behind.substr(word).starts_with("getline");
}

}  // namespace

std::vector<std::string> awk_commands(std::string_view program) {
    std::vector<std::string> commands;
    for (std::size_t at = program.find('"'); at != std::string_view::npos;
         at = program.find('"', at)) {
        const std::size_t start = at++;
        std::string text;
        while (at < program.size() && program[at] != '"') {
            at += program[at] == '\\' && at + 1 < program.size() ? 1U : 0U;
            text += program[at++];
        }
        at += at < program.size() ? 1U : 0U;
        if (leads_to_a_shell(program.substr(0, start)) || is_read_from(program.substr(at))) {
            commands.push_back(std::move(text));
        }
    }
    return commands;
}

}  // namespace slimimg::closure::shell
