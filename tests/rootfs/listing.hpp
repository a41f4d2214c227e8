#pragma once

#include <string>

#include "slimimg/base/path.hpp"
#include "slimimg/rootfs/rootfs.hpp"

namespace test {

/// The tree on one line, in its order: folders end with "/", files show their content, links their
/// target: "etc/ etc/os=alpine lib->usr/lib".
inline std::string listing(const slimimg::rootfs::Rootfs& tree) {
    std::string text;
    for (slimimg::rootfs::NodeId id = 1; id < tree.size(); ++id) {
        const slimimg::rootfs::Node& node = tree[id];
        text += (text.empty() ? "" : " ") + std::string(node.path.substr(1));
        if (node.is_directory()) {
            text += "/";
        } else if (node.is_symlink()) {
            text += "->" + node.header.link;
        } else {
            text += "=" + std::string(tree.content(id).text());
        }
    }
    return text;
}

}  // namespace test
