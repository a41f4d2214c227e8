#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/base/path.hpp"

#include "closure/rules/folders.hpp"
#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::Node;
using rootfs::NodeId;

bool is_script(std::string_view path) {
    return path.ends_with(".js") || path.ends_with(".mjs") || path.ends_with(".cjs");
}

/// What a published package has beside its code.
bool is_unwanted(const Node& node) {
    return node.path.find("/man/") != std::string::npos ||
           (node.path.find("/docs/") != std::string::npos && node.path.ends_with(".md")) ||
           node.path.ends_with(".d.ts") || node.path.ends_with(".js.map");
}

/// A module of a package requires others of it by computed names: the package of a kept module
/// stays, with the packages that its node_modules folders hold.
void keep_package_of(Evidence& evidence, NodeId node) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    for (NodeId folder = tree[node].parent; folder != 0; folder = tree[folder].parent) {
        if (!tree.child(folder, "package.json")) {
            continue;
        }
        const auto mark = *tree.child(folder, "package.json");
        if (!evidence.is_kept(mark) && !is_shared_folder(evidence, folder)) {
            keep_folder(evidence, folder,
                        {node_js.id, node, Confidence::likely,
                         "the Node.js package in " + tree[folder].path},
                        is_unwanted);
        }
        return;
    }
}

/// The interpreter may be kept after the scripts; without it they are a browser's.
void settle(Evidence& evidence) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    const bool runs =
        std::any_of(evidence.links().begin(), evidence.links().end(), [&](const auto& link) {
            const std::string_view name = path::basename(tree[link.first].path);
            return name == "node" || name == "nodejs" || name == "bun" || name == "deno";
        });
    if (!runs) {
        return;
    }
    std::vector<NodeId> scripts;
    for (const auto& [node, reasons] : evidence.kept()) {
        if (tree[node].is_file() && is_script(tree[node].path)) {
            scripts.push_back(node);
        }
    }
    for (const NodeId script : scripts) {
        keep_package_of(evidence, script);
    }
}

}  // namespace

const Rule node_js{
    .id = "node-js", .summary = "a module of a Node.js package that is used", .settle = settle};

}  // namespace slimimg::closure::rules
