#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/base/path.hpp"

#include "closure/rules/constant_strings.hpp"
#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::NodeId;

/// Where libpam reads a service's stack (libpam/pam_handlers.c: _pam_load_conf_file).
constexpr std::array<std::string_view, 3> service_folders{"/etc/pam.d", "/usr/lib/pam.d",
                                                          "/usr/etc/pam.d"};

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    line = line.substr(0, line.find('#'));
    while (!line.empty()) {
        const std::size_t start = line.find_first_not_of(" \t\r");
        if (start == std::string_view::npos) {
            break;
        }
        line.remove_prefix(start);
        // "[success=1 default=ignore]" is one word.
        const std::size_t bracket = line.starts_with('[') ? line.find(']') : std::string_view::npos;
        const std::size_t end =
            bracket != std::string_view::npos ? bracket + 1 : line.find_first_of(" \t\r");
        words.push_back(line.substr(0, end));
        line.remove_prefix(std::min(words.back().size(), line.size()));
    }
    return words;
}

void keep_service(Evidence& evidence, std::string_view name, const Reason& reason) {
    for (const std::string_view folder : service_folders) {
        evidence.keep_path(path::join(folder, name), reason);
    }
}

/// A module, and the programs that it starts: pam_unix has a helper that may read the passwords.
void keep_module(Evidence& evidence, const std::string& file, const Reason& reason) {
    const auto module = evidence.rootfs().resolve(file).node;
    if (!module || !evidence.keep_path(file, reason)) {
        return;
    }
    for_each_string(evidence, *module, [&](std::string_view text) {
        const auto named =
            text.starts_with('/') ? evidence.rootfs().resolve(text).node : std::nullopt;
        const elf::ElfFacts* facts = named ? evidence.elf(*named) : nullptr;
        if (facts != nullptr && facts->is_program()) {
            evidence.keep_path(text, {pam.id, *module, Confidence::likely,
                                      "a helper of " + std::string(path::basename(file))});
        }
    });
}

/// The lines of a service's file (pam.conf(5)): "type control module arguments", "@include file",
/// and "type include file".
void read_service(Evidence& evidence, NodeId node, const std::string& modules) {
    std::string_view rest = evidence.text(node);
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        const std::vector<std::string_view> words = words_of(line);
        if (words.size() > 1 && words[0] == "@include") {
            keep_service(evidence, words[1],
                         {pam.id, node, Confidence::likely, "includes " + std::string(words[1])});
        } else if (words.size() > 2 && (words[1] == "include" || words[1] == "substack")) {
            keep_service(evidence, words[2],
                         {pam.id, node, Confidence::likely, "includes " + std::string(words[2])});
        } else if (words.size() > 2) {
            keep_module(evidence, path::join(modules, words[2]),
                        {pam.id, node, Confidence::likely, "names " + std::string(words[2])});
        }
    }
}

/// Modules stand in the folder "security" beside libpam (its DEFAULT_MODULE_PATH).
std::set<std::string> module_folders(Evidence& evidence) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    std::set<std::string> folders;
    for (const auto& [node, reasons] : evidence.kept()) {
        if (path::basename(tree[node].path).starts_with("libpam.so.")) {
            const std::string folder = path::join(path::parent(tree[node].path), "security");
            if (tree.resolve(folder).node) {
                folders.insert(folder);
            }
        }
    }
    return folders;
}

/// The services that a program asks for stand in its data, most often as its own name.
void inspect(Evidence& evidence, NodeId node) {
    static constexpr std::array<std::string_view, 2> calls{"pam_start", "pam_start_confdir"};
    static constexpr std::array<std::string_view, 6> starting{"execv",  "execve", "execvp",
                                                              "execle", "execl",  "execlp"};
    const auto imports_any = [&](const auto& symbols) {
        return std::any_of(symbols.begin(), symbols.end(),
                           [&](std::string_view symbol) { return evidence.imports(node, symbol); });
    };
    const elf::ElfFacts* facts = evidence.elf(node);
    if (facts == nullptr || !facts->dynamic || !imports_any(calls)) {
        return;
    }
    const rootfs::Rootfs& tree = evidence.rootfs();
    const Reason reason{pam.id, node, Confidence::likely, "imports pam_start"};
    keep_service(evidence, path::basename(tree[node].path), reason);
    keep_service(evidence, "other", reason);
    std::vector<NodeId> folders;
    for (const std::string_view name : service_folders) {
        if (const auto folder = tree.resolve(name).node) {
            folders.push_back(*folder);
        }
    }
    for_each_string(evidence, node, [&](std::string_view text) {
        // Most are no service's name: one look at the folder tells.
        if (std::any_of(folders.begin(), folders.end(),
                        [&](NodeId folder) { return tree.child(folder, text).has_value(); })) {
            keep_service(evidence, text, reason);
        }
    });
    if (!imports_any(starting)) {
        return;
    }
    // Who is logged in gets the shell of /etc/passwd.
    const auto users = tree.resolve("/etc/passwd").node;
    std::string_view rest = users ? evidence.text(*users) : std::string_view();
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        const std::string_view shell = line.substr(line.rfind(':') + 1);
        if (shell.starts_with('/')) {
            evidence.keep_path(
                shell, {pam.id, node, Confidence::likely,
                        "logs users in, and /etc/passwd names their shell " + std::string(shell)});
        }
    }
}

void settle(Evidence& evidence) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    for (const std::string& modules : module_folders(evidence)) {
        for (const std::string_view name : service_folders) {
            const auto folder = tree.resolve(name).node;
            if (!folder) {
                continue;
            }
            for (const NodeId file : tree.children(*folder)) {
                if (evidence.is_kept(file)) {
                    read_service(evidence, file, modules);
                }
            }
        }
    }
}

}  // namespace

const Rule pam{.id = "pam",
               .summary = "a program that logs users in by PAM needs it",
               .inspect = inspect,
               .settle = settle};

}  // namespace slimimg::closure::rules
