#include <algorithm>
#include <string>

#include "slimimg/base/path.hpp"

#include "check/policies/policies.hpp"

namespace slimimg::check::policies {
namespace {

using rootfs::NodeId;

/// What the kernel starts for a script: the first word behind "#!"; empty for what is no script.
std::string_view interpreter_of(std::string_view content) {
    if (!content.starts_with("#!")) {
        return {};
    }
    std::string_view line = content.substr(2, std::min<std::size_t>(content.find('\n'), 256) - 2);
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    return line.substr(0, line.find_first_of(" \t"));
}

/// A carriage return behind the interpreter is part of its name for the kernel.
std::string without_return(std::string_view name) {
    return std::string(name.ends_with('\r') ? name.substr(0, name.size() - 1) : name);
}

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
        const std::string_view interpreter = interpreter_of(content.text());
        if (!interpreter.starts_with('/') || is_told_already(look, node)) {
            continue;
        }
        const rootfs::Resolution found = tree.resolve(interpreter);
        if (found.node && tree[*found.node].is_executable()) {
            continue;
        }
        const std::string name = without_return(interpreter);
        const bool has_return = name.size() != interpreter.size();
        look.find_at(node,
                     {.message = tree[node].path + " starts with #!" + name +
                                 (has_return ? " and a carriage return, which is part of the name"
                                             : ", which is not in the image"),
                      .fix = has_return ? "save the script with Unix line ends"
                                        : "install " + std::string(path::basename(name)) +
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
