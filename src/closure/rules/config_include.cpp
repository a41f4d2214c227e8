#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <string_view>

#include "slimimg/base/path.hpp"

#include "closure/rules/folders.hpp"
#include "closure/rules/rules.hpp"
#include "closure/rules/settings.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::NodeId;

/// "include", "IncludeOptional", "!include_try", "include_dir", "@includedir", supervisord's
/// "files", Caddy's "import".
bool includes(std::string_view key) {
    static constexpr std::array<std::string_view, 4> words{"source", "files", "import", "confdir"};
    std::string plain;
    for (const char c : key) {
        if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
            plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        }
    }
    return plain.starts_with("include") ||
           std::find(words.begin(), words.end(), plain) != words.end();
}

/// Relative to the file's folder, or to one above it: nginx and Apache mean the folder of their
/// main file, PHP-FPM its prefix.
bool keep_included(Evidence& evidence, NodeId asker, std::string_view folder,
                   std::string_view name) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    const Reason reason{config_include.id, asker, Confidence::likely,
                        "includes " + std::string(name)};
    const std::string full = path::normalize(path::join(folder, name));
    if (!path::is_glob(full)) {
        keep_named(evidence, full, reason);
        return tree.resolve(full).node.has_value();
    }
    const std::string_view pattern = path::basename(full);
    const auto start = tree.resolve(path::parent(full.substr(0, full.find_first_of("*?["))));
    if (!start.node) {
        return false;
    }
    bool any = false;
    for (NodeId id = *start.node + 1; id < tree[*start.node].subtree_end;
         id = tree[id].subtree_end) {
        const std::string_view file = path::basename(tree[id].path);
        if (!evidence.afford(config_include.id, asker, Evidence::match_steps(pattern, file))) {
            break;
        }
        if (path::glob_match(pattern, file)) {
            evidence.keep_path(tree[id].path, reason);
            any = true;
        }
    }
    return any;
}

void read_line(Evidence& evidence, NodeId node, std::string_view line) {
    static constexpr std::string_view between = " \t=:";
    static constexpr std::string_view around = "\"';,<>(){}";
    const std::size_t key_end = line.find_first_of(between);
    if (key_end == std::string_view::npos || !includes(line.substr(0, key_end))) {
        return;
    }
    std::string_view rest = line.substr(key_end);
    while (true) {
        rest.remove_prefix(std::min(rest.find_first_not_of(between), rest.size()));
        std::string_view name = rest.substr(0, rest.find_first_of(between));
        rest.remove_prefix(name.size());
        if (name.empty()) {
            return;
        }
        name.remove_prefix(std::min(name.find_first_not_of(around), name.size()));
        name = name.substr(0, name.find_first_of(around));
        // An absolute path is the named-path rule's, but for what looks like a comment to it.
        if (name.empty() || name.front() == '#' ||
            (name.front() == '/' && !line.starts_with('#'))) {
            continue;
        }
        std::string_view folder = path::parent(evidence.rootfs()[node].path);
        const auto affordable = [&] {
            constexpr std::size_t steps = 8;  // of a look-up, for each letter
            return evidence.afford(config_include.id, node, steps * (folder.size() + name.size()));
        };
        while (affordable() && !keep_included(evidence, node, folder, name) && folder != "/") {
            folder = path::parent(folder);
        }
    }
}

void inspect(Evidence& evidence, NodeId node) {
    // PAM's files have a rule of their own.
    const bool pam = path::is_within(evidence.rootfs()[node].path, "/etc/pam.d");
    if (!pam && has_settings(evidence, node)) {
        for_each_setting(evidence.text(node),
                         [&](std::string_view line) { read_line(evidence, node, line); });
    }
}

}  // namespace

const Rule config_include{
    .id = "config-include", .summary = "a kept configuration file includes it", .inspect = inspect};

}  // namespace slimimg::closure::rules
