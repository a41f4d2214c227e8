#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/base/path.hpp"

#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::NodeId;

constexpr std::size_t longest_line = 4096;

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    while (!line.empty()) {
        const std::size_t start = line.find_first_not_of(" \t\r");
        if (start == std::string_view::npos) {
            break;
        }
        line.remove_prefix(start);
        words.push_back(line.substr(0, line.find_first_of(" \t\r")));
        line.remove_prefix(words.back().size());
    }
    return words;
}

/// The program behind env(1): the first word that is neither an option nor a variable.
std::string_view program_behind_env(const std::vector<std::string_view>& words) {
    for (std::size_t i = 1; i < words.size(); ++i) {
        if (words[i] == "-u" || words[i] == "-C") {
            ++i;
        } else if (!words[i].starts_with('-') && words[i].find('=') == std::string_view::npos) {
            return words[i];
        } else if (words[i].starts_with("-S") && words[i].size() > 2) {
            return words[i].substr(2);
        }
    }
    return {};
}

/// Scripts that an application's dependencies bring for their own developers.
bool is_of_a_dependency(std::string_view path) {
    static constexpr std::array<std::string_view, 4> places{"/node_modules/", "/site-packages/",
                                                            "/dist-packages/", "/gems/"};
    return std::any_of(places.begin(), places.end(), [&](std::string_view place) {
        return path.find(place) != std::string_view::npos;
    });
}

/// The kernel starts the interpreter that the first line names (fs/binfmt_script.c), and env looks
/// one up in PATH.
void inspect(Evidence& evidence, NodeId node) {
    const rootfs::Node& file = evidence.rootfs()[node];
    if (!file.is_file()) {
        return;
    }
    const std::string_view text = evidence.text(node);
    if (!text.starts_with("#!")) {
        return;
    }
    const std::string_view line = text.substr(2, longest_line);
    const auto words = words_of(line.substr(0, line.find('\n')));
    if (words.empty() || !words.front().starts_with('/')) {
        return;
    }
    // A file that can't be executed is read by an interpreter that something else names.
    const bool started = file.is_executable() && !is_of_a_dependency(file.path);
    const Confidence confidence = started ? Confidence::required : Confidence::hint;
    const std::string detail = "#!" + std::string(words.front());
    if (!evidence.keep_path(words.front(), {shebang.id, node, confidence, detail}) && started &&
        !evidence.rootfs().resolve(words.front()).node) {
        evidence.unresolved({.name = std::string(words.front()),
                             .needed_by = node,
                             .kind = "interpreter",
                             .detail = "named in the first line of the script"});
    }
    if (path::basename(words.front()) != "env") {
        return;
    }
    const std::string_view program = program_behind_env(words);
    if (!program.empty() &&
        !evidence.keep_program(
            program, {shebang.id, node, confidence, detail + " " + std::string(program)}) &&
        started && !evidence.find_program(program).node) {
        evidence.unresolved({.name = std::string(program),
                             .needed_by = node,
                             .kind = "command",
                             .detail = "named behind env in the first line of the script"});
    }
}

}  // namespace

const Rule shebang{.id = "shebang",
                   .summary = "the interpreter that a script's first line names",
                   .inspect = inspect};

}  // namespace slimimg::closure::rules
