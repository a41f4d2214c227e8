#include "closure/rules/script_author.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>

#include "slimimg/base/path.hpp"

#include "closure/rules/dependencies.hpp"
#include "closure/rules/python_parts.hpp"
#include "closure/rules/script_calls.hpp"

namespace slimimg::closure {
namespace {

using rootfs::Node;
using rootfs::NodeId;

/// Where interpreters that no package owns have their libraries.
bool is_of_a_runtime(std::string_view path) {
    static constexpr std::array<std::string_view, 4> folders{
        "/usr/local/lib/ruby", "/usr/local/lib/perl5", "/usr/local/lib/php",
        "/usr/local/share/perl"};
    return is_python_standard_library(path) || is_node_installer(path) ||
           (!is_of_a_dependency(path) &&
            std::any_of(folders.begin(), folders.end(),
                        [&](std::string_view folder) { return path::is_within(path, folder); }));
}

/// True for code that comes with the interpreter: of the same source package as one that runs.
bool is_of_an_interpreter(Evidence& evidence, NodeId node) {
    return std::any_of(evidence.links().begin(), evidence.links().end(), [&](const auto& link) {
        return evidence.packages().have_same_origin(link.first, node);
    });
}

/// A script that may start programs has an entry: evidence of a file is kept as a set of texts.
std::set<std::string, std::less<>> read_whether_it_starts(Evidence& evidence, NodeId node) {
    const Node& file = evidence.rootfs()[node];
    if (!file.is_file() || file.header.size > largest_script) {
        return {};
    }
    const std::string_view text = evidence.text(node);
    const auto language = script_language(file.path, text);
    if (!language || !may_start_programs(text, *language)) {
        return {};
    }
    return {"yes"};
}

}  // namespace

Author author_of(Evidence& evidence, NodeId node) {
    const std::string_view path = evidence.rootfs()[node].path;
    if (evidence.packages().owner(node)) {
        return is_of_an_interpreter(evidence, node) ? Author::runtime : Author::dependency;
    }
    if (is_of_a_runtime(path)) {
        return Author::runtime;
    }
    // Composer installs into vendor.
    const bool dependency =
        is_of_a_dependency(path) || path.find("/vendor/") != std::string_view::npos;
    return dependency ? Author::dependency : Author::application;
}

bool script_starts_programs(Evidence& evidence, NodeId node) {
    return !evidence.noted("script that starts programs", node, read_whether_it_starts).empty();
}

}  // namespace slimimg::closure
