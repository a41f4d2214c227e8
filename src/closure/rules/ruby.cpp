#include <array>
#include <string>
#include <string_view>

#include "slimimg/base/path.hpp"

#include "closure/rules/folders.hpp"
#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::Node;
using rootfs::NodeId;

/// The documentation and the packed archives that RubyGems leaves.
bool is_unwanted(const Node& node) {
    return node.path.find("/cache/") != std::string::npos || path::basename(node.path) == "rdoc" ||
           node.path.find("/doc/") != std::string::npos || node.path.ends_with(".ri");
}

bool is_ruby(Evidence& evidence, NodeId node) {
    const elf::ElfFacts* facts = evidence.elf(node);
    if (facts == nullptr || !facts->is_program()) {
        return false;
    }
    for (const std::string& library : facts->needed) {
        if (library.starts_with("libruby")) {
            return true;
        }
    }
    const std::string_view name = path::basename(evidence.rootfs()[node].path);
    return name == "ruby" ||
           (name.starts_with("ruby") && name.size() > 4 && name[4] >= '1' && name[4] <= '9');
}

/// The folders of $LOAD_PATH and Gem.path, of Debian and of a build into a prefix.
void inspect(Evidence& evidence, NodeId node) {
    if (!is_ruby(evidence, node)) {
        return;
    }
    const rootfs::Rootfs& tree = evidence.rootfs();
    const std::string prefix(path::parent(path::parent(tree[node].path)));
    std::vector<std::string> folders{prefix + "/lib/ruby",  "/usr/lib/ruby",
                                     "/usr/share/ruby",     "/usr/share/rubygems-integration",
                                     "/usr/share/rubygems", "/var/lib/gems",
                                     "/usr/local/lib/ruby", "/usr/local/bundle"};
    for (const NodeId folder : tree.children(tree.find("/usr/lib").value_or(0))) {
        folders.push_back(tree[folder].path + "/ruby");
        folders.push_back(tree[folder].path + "/rubygems-integration");
    }
    for (const std::string& name : folders) {
        if (const auto folder = tree.resolve(name).node; folder && tree[*folder].is_directory()) {
            keep_folder(evidence, *folder,
                        {ruby.id, node, Confidence::likely, "on Ruby's load path: " + name},
                        is_unwanted);
        }
    }
}

}  // namespace

const Rule ruby{
    .id = "ruby", .summary = "a library that the Ruby interpreter may load", .inspect = inspect};

}  // namespace slimimg::closure::rules
