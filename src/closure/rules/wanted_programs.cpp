#include "closure/rules/wanted_programs.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "slimimg/base/lines.hpp"
#include "slimimg/base/one_of.hpp"
#include "slimimg/base/path.hpp"

#include "closure/rules/dependencies.hpp"
#include "closure/rules/layers.hpp"
#include "closure/rules/path_programs.hpp"
#include "closure/rules/rules.hpp"
#include "closure/rules/script_author.hpp"
#include "closure/rules/script_tokens.hpp"
#include "closure/rules/shell_script.hpp"
#include "closure/rules/starting.hpp"

namespace slimimg::closure {
namespace {

using rootfs::Node;
using rootfs::NodeId;

/// What kept scripts start programs: the application, and which dependencies.
struct Starters {
    bool application = false;
    std::set<std::string, std::less<>> dependencies;  ///< folders, of single modules files
};

/// The folder of a dependency, or its file where it is one.
std::string_view dependency_of(std::string_view path) {
    const std::string_view folder = dependency_folder(path);
    return folder.empty() ? path : folder;
}

/// The application's own program, code for a virtual machine, or script of a shell.
bool is_own_starter(Evidence& evidence, NodeId node) {
    static constexpr std::array<std::string_view, 4> code{".class", ".dll", ".jar", ".war"};
    const Node& file = evidence.rootfs()[node];
    if (!file.is_file() || evidence.packages().owner(node) || is_of_a_dependency(file.path) ||
        !evidence.remembered(is_installed_on_top, node)) {
        return false;
    }
    const elf::ElfFacts* facts = evidence.elf(node);
    return facts != nullptr
               ? facts->is_program() && may_start_programs(evidence, node)
               : ends_with_one_of(file.path, code) || dialect_of_script(evidence.text(node));
}

Starters find_starters(Evidence& evidence) {
    Starters starters;
    for (const auto& [node, reasons] : evidence.kept()) {
        if (!script_starts_programs(evidence, node)) {
            starters.application = starters.application || is_own_starter(evidence, node);
            continue;
        }
        const Node& file = evidence.rootfs()[node];
        const Author author = author_of(evidence, node);
        starters.application = starters.application || author == Author::application;
        if (author == Author::dependency) {
            starters.dependencies.emplace(dependency_of(file.path));
        }
    }
    return starters;
}

/// The programs that were installed by name on top of the distribution: somebody wants them. What a
/// package manager put beside them nobody asked for.
ProgramNames find_wanted_programs(Evidence& evidence, NodeId) {
    const PackageDb& packages = evidence.packages();
    return programs_in_path(evidence, [&](NodeId program, std::string_view) {
        const auto owner = packages.owner(program);
        const auto real = evidence.rootfs().resolve(evidence.rootfs()[program].path).node;
        return (!owner || packages[*owner].asked_for) &&
               evidence.remembered(is_installed_on_top, program) &&
               !(real && is_node_installer(evidence.rootfs()[*real].path));
    });
}

const ProgramNames& wanted_programs(Evidence& evidence) {
    return evidence.noted("programs that were installed by name", 0, find_wanted_programs);
}

bool is_data(std::string_view path) {
    static constexpr std::array<std::string_view, 10> endings{
        ".json", ".yaml", ".yml", ".toml", ".env", ".ini", ".cfg", ".conf", ".cnf", ".properties"};
    return ends_with_one_of(path, endings) || path::basename(path).starts_with(".env");
}

/// Calls `take` for the first word of each text in quotes, and in data of each value.
void for_each_first_word(std::string_view text, bool data,
                         const std::function<void(std::string_view)>& take) {
    const auto is_letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '+' || c == '-';
    };
    const auto stands_before = [&](char c) {
        return c == '\'' || c == '"' || c == '`' ||
               (data && (c == '=' || c == ':' || c == ' ' || c == '-'));
    };
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (!stands_before(text[at])) {
            continue;
        }
        constexpr std::size_t longest = 64;
        const std::string_view rest = text.substr(at + 1, longest + 1);
        const auto* const stop = std::find_if_not(rest.begin(), rest.end(), is_letter);
        const std::string_view word = rest.substr(0, static_cast<std::size_t>(stop - rest.begin()));
        const char end = word.size() < rest.size() ? rest[word.size()] : '\n';
        if (!word.empty() && std::string_view("'\"` \n\r").find(end) != std::string_view::npos) {
            take(word);
        }
    }
}

/// Libraries call developers' tools where their own developers work, but for those that wrap one
/// and are called after it (simple-git).
bool is_out_of_place(std::string_view program, std::string_view dependency) {
    return !dependency.empty() && is_developers_tool(program) &&
           path::basename(dependency).find(program) == std::string_view::npos;
}

/// The wanted programs that a script or data name.
std::set<std::string, std::less<>> read_wanted_names(Evidence& evidence, NodeId node) {
    std::set<std::string, std::less<>> names;
    const Node& file = evidence.rootfs()[node];
    const ProgramNames& wanted = wanted_programs(evidence);
    if (!file.is_file() || file.header.size > largest_script || evidence.elf(node) != nullptr) {
        return names;
    }
    const std::string_view text = evidence.text(node);
    const bool data = is_data(file.path);
    const auto take = [&](std::string_view word) {
        if (wanted.contains(word)) {
            names.emplace(word);
        }
    };
    if (data) {
        for (std::string_view rest = text; !rest.empty();) {
            const std::string_view line = take_line(rest);
            const std::string_view words = trim(line);
            if (!words.starts_with('#') && !words.starts_with(';') && !words.starts_with("//")) {
                for_each_first_word(line, true, take);
            }
        }
    } else if (script_language(file.path, text)) {
        for_each_first_word(text, false, take);
    }
    return names;
}

}  // namespace

void keep_wanted_programs(Evidence& evidence) {
    const ProgramNames& wanted = wanted_programs(evidence);
    if (wanted.empty()) {
        return;
    }
    const Starters starters = find_starters(evidence);
    std::map<std::string, std::optional<NodeId>, std::less<>> named;
    for (const auto& [node, reasons] : evidence.kept()) {
        const Text& path = evidence.rootfs()[node].path;
        if (is_data(path) && is_of_a_dependency(path)) {
            continue;
        }
        const auto& names = evidence.noted("wanted names", node, read_wanted_names);
        if (names.empty()) {
            continue;
        }
        const Author author = author_of(evidence, node);
        const bool of_dependency = author == Author::dependency;
        const std::string_view dependency = of_dependency ? dependency_of(path) : "";
        const bool starts = of_dependency
                                ? !is_data(path) && starters.dependencies.contains(dependency)
                                : author == Author::application && starters.application;
        if (!starts) {
            continue;
        }
        for (const std::string& name : names) {
            if (!is_out_of_place(name, dependency)) {
                named.try_emplace(name, node);
            }
        }
    }
    for (const std::string& variable : evidence.config().env) {
        const std::string_view value = std::string_view(variable).substr(variable.find('=') + 1);
        const std::string_view word = value.substr(0, value.find(' '));
        if (starters.application && wanted.contains(word)) {
            named.try_emplace(std::string(word), std::nullopt);
        }
    }
    for (const auto& [name, from] : named) {
        evidence.keep_program(name, {rules::started_command.id, from, Confidence::likely,
                                     "names " + name +
                                         ", which was installed on purpose, and what "
                                         "it belongs to starts programs"});
    }
}

}  // namespace slimimg::closure
