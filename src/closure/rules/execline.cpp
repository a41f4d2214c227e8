#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "slimimg/base/path.hpp"

#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::NodeId;

constexpr std::string_view blanks = " \t\r\n";

/// A script for execlineb, which s6 and s6-overlay run services with: each program runs the next
/// one, all by name. "up" and "down" of s6-rc's oneshots are such without a first line.
bool is_execline(Evidence& evidence, NodeId node) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    const std::string_view text = evidence.text(node);
    if (text.starts_with("#!")) {
        const std::string_view line = text.substr(0, text.find('\n'));
        return line.find("/execlineb") != std::string_view::npos;
    }
    const std::string_view name = path::basename(tree[node].path);
    const auto type = tree.child(tree[node].parent, "type");
    return (name == "up" || name == "down") && type && evidence.text(*type).starts_with("oneshot");
}

/// https://skarnet.org/software/execline/grammar.html: words between blanks, quoted or not, "{" and
/// "}", comments. Those in which something is filled in name no program.
template <typename Take>
void for_each_word(std::string_view text, Take take) {
    while (true) {
        text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
        if (text.empty()) {
            return;
        }
        if (text.front() == '#') {
            text.remove_prefix(std::min(text.find('\n'), text.size()));
            continue;
        }
        const bool quoted = text.front() == '"';
        text.remove_prefix(quoted ? 1 : 0);
        const std::string_view word =
            text.substr(0, text.find_first_of(quoted ? std::string_view("\"") : blanks));
        text.remove_prefix(std::min(word.size() + 1, text.size()));
        take(word);
    }
}

/// Debian's execlineb and s6-overlay's init put these in front of PATH.
bool keep(Evidence& evidence, std::string_view word, const Reason& reason) {
    static constexpr std::array<std::string_view, 2> folders{"/usr/lib/execline/bin", "/command"};
    if (word.find('/') == std::string_view::npos) {
        for (const std::string_view folder : folders) {
            const std::string full = path::join(folder, word);
            if (evidence.find_program(full).node) {
                return evidence.keep_program(full, reason);
            }
        }
    }
    return evidence.find_program(word).node && evidence.keep_program(word, reason);
}

void inspect(Evidence& evidence, NodeId node) {
    if (!evidence.rootfs()[node].is_file() || !is_execline(evidence, node)) {
        return;
    }
    for_each_word(evidence.text(node), [&](std::string_view word) {
        if (!word.empty() && word.front() != '-') {
            keep(evidence, word,
                 {execline.id, node, Confidence::likely,
                  "an execline script with the word " + std::string(word)});
        }
    });
}

}  // namespace

const Rule execline{
    .id = "execline", .summary = "a program that an execline script runs", .inspect = inspect};

}  // namespace slimimg::closure::rules
