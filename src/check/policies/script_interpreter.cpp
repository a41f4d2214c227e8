#include <algorithm>
#include <string>

#include "slimimg/base/path.hpp"
#include "slimimg/closure/first_line.hpp"

#include "check/policies/policies.hpp"

namespace slimimg::check::policies {
namespace {

using rootfs::NodeId;

bool is_told_already(const Inspection& look, NodeId node) {
    const auto& unresolved = look.analysis().closure.unresolved;
    return std::any_of(unresolved.begin(), unresolved.end(),
                       [&](const auto& what) { return what.needed_by == node && what.fatal(); });
}

bool is_in_search_path(const Inspection& look, std::string_view folder) {
    std::string_view folders = look.config().env_value("PATH").value_or(
        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    while (!folders.empty()) {
        const std::string_view one = folders.substr(0, folders.find(':'));
        if (one == folder) {
            return true;
        }
        folders.remove_prefix(std::min(one.size() + 1, folders.size()));
    }
    return false;
}

void inspect(Inspection& look) {
    const rootfs::Rootfs& tree = look.rootfs();
    for (NodeId node = 0; node < tree.size(); ++node) {
        if (!tree[node].is_executable() || look.is_packaged(node) ||
            !is_in_search_path(look, path::parent(tree[node].path))) {
            continue;
        }
        const Slice content = tree.content(node);
        const closure::FirstLine line = closure::first_line(content.text());
        const std::string_view interpreter = line.interpreter();
        if (interpreter.empty() || is_told_already(look, node)) {
            continue;
        }
        const bool has_return = line.has_return && line.words.size() == 1;
        const rootfs::Resolution found = tree.resolve(interpreter);
        if (!has_return && found.node && tree[*found.node].is_executable()) {
            continue;
        }
        look.find_at(node,
                     {.message = tree[node].path + " starts with #!" + std::string(interpreter) +
                                 (has_return ? " and a carriage return, which is part of the name"
                                             : ", which is not in the image"),
                      .fix = has_return ? "save the script with Unix line ends"
                                        : "install " + std::string(path::basename(interpreter)) +
                                              ", or remove the script"});
    }
}

}  // namespace

const Policy script_interpreter{
    {.id = "script-interpreter",
     .level = Level::warning,
     .distroless = Level::warning,
     .title = "A command is a script whose interpreter is missing",
     .reason = "It stands in PATH and cannot be started: \"no such file or directory\" although it "
               "is there. Scripts of packages, and those outside PATH, are not meant."},
    inspect};

}  // namespace slimimg::check::policies
