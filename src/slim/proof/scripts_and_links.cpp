#include "slim/proof/scripts_and_links.hpp"

#include <algorithm>
#include <array>

#include "slimimg/base/path.hpp"
#include "slimimg/closure/first_line.hpp"

namespace slimimg::slim::proof {
namespace {

using closure::Unresolved;
using rootfs::NodeId;
using rootfs::Rootfs;

/// What engines mount: what is below is there only once the image runs.
bool is_made_by_engines(std::string_view path) {
    static constexpr std::array<std::string_view, 4> folders{"/proc", "/dev", "/sys", "/run"};
    return std::any_of(folders.begin(), folders.end(),
                       [&](std::string_view folder) { return path::is_within(path, folder); });
}

/// True where `found` leads to the same path in the written tree as in the source; with a base,
/// to something of the same type.
bool same_place(const Trees& trees, const rootfs::Resolution& found, NodeId wanted) {
    if (!found.node) {
        return false;
    }
    const rootfs::Node& there = trees.written.rootfs()[*found.node];
    const rootfs::Node& here = trees.source.rootfs()[wanted];
    return there.path == here.path || (trees.on_base && there.header.type == here.header.type);
}

void check_command(const Trees& trees, const std::string& name, std::string_view origin,
                   std::vector<Unresolved>& failures, std::vector<Diagnostic>& diagnostics) {
    const Rootfs& source = trees.source.rootfs();
    const auto wanted = trees.source.find_program(name).node;
    if (!wanted) {
        return;  // the closure told of it
    }
    if (!trees.closure.kept.contains(*wanted)) {
        diagnostics.push_back({Severity::warning, "command-not-kept", source[*wanted].path,
                               std::string(origin) + " still starts " + path::printable(name) +
                                   ", which is not kept"});
    } else if (!same_place(trees, trees.written.find_program(name), *wanted)) {
        failures.push_back({.name = name,
                            .needed_by = std::nullopt,
                            .kind = "command",
                            .detail = std::string(origin) + " does not find it any more"});
    }
}

}  // namespace

void check_symlinks(const Trees& trees, std::vector<Unresolved>& failures) {
    const Rootfs& source = trees.source.rootfs();
    const Rootfs& written = trees.written.rootfs();
    for (const auto& [node, reasons] : trees.closure.kept) {
        if (!source[node].is_symlink()) {
            continue;
        }
        const auto wanted = source.resolve(source[node].path).node;
        if (wanted && !is_made_by_engines(source[*wanted].path) &&
            !same_place(trees, written.resolve(source[node].path), *wanted)) {
            failures.push_back({.name = source[*wanted].path,
                                .needed_by = node,
                                .kind = "link",
                                .detail = "the symlink does not lead there any more"});
        }
    }
}

void check_commands(const Trees& trees, std::vector<Unresolved>& failures,
                    std::vector<Diagnostic>& diagnostics) {
    const image::Config& config = trees.source.config();
    if (const auto argv = config.argv(); !argv.empty()) {
        check_command(trees, argv.front(), config.entrypoint.empty() ? "CMD" : "ENTRYPOINT",
                      failures, diagnostics);
    }
    if (config.healthcheck.size() > 1 && config.healthcheck.front() == "CMD") {
        check_command(trees, config.healthcheck[1], "HEALTHCHECK", failures, diagnostics);
    }
}

void check_scripts(const Trees& trees, std::vector<Unresolved>& failures) {
    const Rootfs& source = trees.source.rootfs();
    const Rootfs& written = trees.written.rootfs();
    for (const auto& [node, reasons] : trees.closure.kept) {
        const Slice content = source[node].is_executable() ? source.content(node) : Slice{};
        const std::string_view interpreter = closure::first_line(content.text()).interpreter();
        if (interpreter.empty()) {
            continue;
        }
        const auto wanted = source.resolve(interpreter).node;
        if (wanted && trees.closure.kept.contains(*wanted) &&
            !same_place(trees, written.resolve(interpreter), *wanted)) {
            failures.push_back({.name = std::string(interpreter),
                                .needed_by = node,
                                .kind = "interpreter",
                                .detail = "named in the first line of the script"});
        }
    }
}

}  // namespace slimimg::slim::proof
