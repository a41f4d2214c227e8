#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "slimimg/base/lines.hpp"
#include "slimimg/base/path.hpp"

#include "closure/rules/folders.hpp"
#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::Node;
using rootfs::NodeId;

using Names = std::set<std::string, std::less<>>;

constexpr std::string_view settings_name = "texmf.cnf";

/// The folder of programs' parent: "web2c" with the settings stands in a tree below it.
std::string parent_of_programs(std::string_view settings) {
    std::string_view folder = path::parent(settings);
    while (folder != "/" &&
           (path::basename(folder) == "web2c" || path::basename(folder).starts_with("texmf"))) {
        folder = path::parent(folder);
    }
    return std::string(folder);
}

/// "$TEXMFROOT/texmf-dist" with what the lines before say of TEXMFROOT.
std::string expanded(std::string_view value, const std::map<std::string, std::string>& known) {
    std::string text;
    while (!value.empty()) {
        const std::size_t dollar = value.find('$');
        text += value.substr(0, dollar);
        value.remove_prefix(std::min(dollar, value.size()));
        if (value.empty()) {
            break;
        }
        value.remove_prefix(1);
        const auto end = std::find_if(value.begin(), value.end(), [](char c) {
            return (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '_';
        });
        const std::string name(value.begin(), end);
        value.remove_prefix(name.size());
        const auto at = known.find(name);
        text += at == known.end() ? "$" + name : at->second;
        if (text.size() > 4096) {
            return {};
        }
    }
    return text;
}

/// The trees of files that the settings name one by one: "TEXMFSYSVAR = /var/lib/texmf".
Names read_trees(Evidence& evidence, NodeId settings) {
    Names trees;
    std::map<std::string, std::string> known;
    known["SELFAUTOPARENT"] = parent_of_programs(evidence.rootfs()[settings].path);
    std::string_view text = evidence.text(settings);
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        const std::size_t equals = line.find('=');
        const std::string name(trim(line.substr(0, equals)));
        if (equals == line.npos || !name.starts_with("TEXMF") || known.contains(name)) {
            continue;  // the first value counts
        }
        const std::string value = expanded(trim(line.substr(equals + 1)), known);
        known.emplace(name, value);
        // TEXMFROOT is where trees are, beside what else is installed there.
        if (name != "TEXMFROOT" && value.starts_with('/') &&
            value.find_first_of(";:,{}$") == value.npos) {
            trees.insert(value);
        }
    }
    return trees;
}

/// Manuals, and the sources that packages of macros were made from.
bool is_documentation(const Node& node) {
    return node.path.find("/doc/") != std::string_view::npos ||
           node.path.find("/texmf-dist/source/") != std::string_view::npos;
}

Names find_settings(Evidence& evidence, NodeId) {
    Names found;
    for (const Node& node : evidence.rootfs().nodes()) {
        if (node.path.ends_with("/texmf.cnf") && node.is_file()) {
            found.emplace(node.path);
        }
    }
    return found;
}

/// Kpathsea looks for fonts, macros and formats in the trees of its settings, by names that
/// documents have; and starts scripts that make a font or its metrics (kpse_init_prog).
void inspect(Evidence& evidence, NodeId node) {
    static constexpr std::array<std::string_view, 4> makers{"kpsewhich", "mktexmf", "mktexpk",
                                                            "mktextfm"};
    const rootfs::Rootfs& tree = evidence.rootfs();
    const Names& settings = evidence.noted("TeX's settings", 0, find_settings);
    if (settings.empty() || evidence.elf(node) == nullptr ||
        evidence.text(node).find(settings_name) == std::string_view::npos) {
        return;
    }
    for (const std::string& file : settings) {
        const NodeId from = *tree.find(file);
        evidence.keep(from, {tex.id, node, Confidence::likely, "reads texmf.cnf"});
        for (const std::string& path : evidence.noted("trees of TeX", from, read_trees)) {
            const auto folder = tree.resolve(path).node;
            if (folder && tree[*folder].is_directory()) {
                keep_folder(evidence, *folder,
                            {tex.id, from, Confidence::likely, "a tree of TeX's files"},
                            is_documentation);
            }
        }
    }
    for (const std::string_view maker : makers) {
        evidence.keep_program(maker, {tex.id, node, Confidence::likely,
                                      "starts " + std::string(maker) + " for what is missing"});
    }
}

}  // namespace

const Rule tex{.id = "tex", .summary = "the trees of files that TeX looks in", .inspect = inspect};

}  // namespace slimimg::closure::rules
