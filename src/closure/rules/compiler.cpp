#include <array>
#include <string>
#include <string_view>

#include "slimimg/base/path.hpp"

#include "closure/rules/constant_strings.hpp"
#include "closure/rules/folders.hpp"
#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::Node;
using rootfs::NodeId;

/// GCC's driver, by what it starts to link (gcc.cc); Clang's, by its name, as it does itself.
bool is_compiler(Evidence& evidence, NodeId node) {
    const Text& path = evidence.rootfs()[node].path;
    const std::string_view name = path::basename(path);
    if (path.find("/gcc/") != std::string::npos) {
        return false;  // collect2 and cc1 themselves
    }
    bool driver = name == "clang" || name.starts_with("clang-1") || name.starts_with("clang-2");
    if (!driver && (name.find("gcc") != std::string_view::npos ||
                    name.find("g++") != std::string_view::npos || name == "c++" || name == "cc")) {
        for_each_string(evidence, node,
                        [&](std::string_view text) { driver = driver || text == "collect2"; });
    }
    return driver;
}

/// What a link step reads beside the libraries themselves: start files, archives, and the names
/// and scripts that stand for a library.
bool is_for_linking(const Node& node) {
    return node.path.ends_with(".o") || node.path.ends_with(".a") || node.path.ends_with(".so");
}

/// Programs compile as they run where they make code: Varnish of its configuration, Python's and
/// R's packages of theirs. A compiler without its parts, the headers and what it links is of no
/// use.
void inspect(Evidence& evidence, NodeId node) {
    const elf::ElfFacts* facts = evidence.elf(node);
    if (facts == nullptr || !facts->is_program() || !is_compiler(evidence, node)) {
        return;
    }
    const rootfs::Rootfs& tree = evidence.rootfs();
    const std::string prefix(path::parent(path::parent(tree[node].path)));
    const Reason reason{compiler.id, node, Confidence::likely, "a compiler needs it"};
    for (const std::string& folder :
         {prefix + "/lib/gcc", prefix + "/libexec/gcc", prefix + "/lib/clang", prefix + "/include",
          std::string("/usr/lib/gcc"), std::string("/usr/include")}) {
        if (const auto found = tree.find(folder)) {
            evidence.keep_tree(*found, reason);
        }
    }
    for (const std::string_view program : {"as", "ld", "ar"}) {
        evidence.keep_program(program, reason);
    }
    for (const std::string& folder :
         {prefix + "/lib", prefix + "/lib64", std::string("/usr/lib")}) {
        const auto found = tree.find(folder);
        for (const NodeId child : found ? tree.children(*found) : std::vector<NodeId>()) {
            if (!tree[child].is_directory() && is_for_linking(tree[child])) {
                evidence.keep(child, reason);
            } else if (tree[child].is_directory() && is_shared_folder(evidence, child)) {
                for (const NodeId file : tree.children(child)) {
                    if (!tree[file].is_directory() && is_for_linking(tree[file])) {
                        evidence.keep(file, reason);
                    }
                }
            }
        }
    }
}

}  // namespace

const Rule compiler{
    .id = "compiler", .summary = "a compiler that the program starts needs it", .inspect = inspect};

}  // namespace slimimg::closure::rules
