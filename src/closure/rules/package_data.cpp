#include <algorithm>
#include <array>
#include <set>
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

bool is_program_folder(std::string_view folder) {
    static constexpr std::array<std::string_view, 8> folders{
        "/bin",           "/sbin",           "/usr/bin",   "/usr/sbin",
        "/usr/local/bin", "/usr/local/sbin", "/usr/games", "/usr/libexec"};
    return std::find(folders.begin(), folders.end(), folder) != folders.end();
}

/// Files of a package that only an administrator's session, an init system or a package manager
/// reads.
bool is_for_the_system(std::string_view path) {
    static constexpr std::array<std::string_view, 17> folders{
        "/etc/init.d",         "/etc/cron.d",
        "/etc/cron.daily",     "/etc/cron.weekly",
        "/etc/cron.monthly",   "/etc/logrotate.d",
        "/etc/default",        "/etc/skel",
        "/etc/systemd",        "/usr/lib/systemd",
        "/lib/systemd",        "/usr/lib/tmpfiles.d",
        "/usr/lib/sysusers.d", "/usr/share/applications",
        "/usr/share/menu",     "/usr/share/metainfo",
        "/usr/share/apport"};
    return std::any_of(folders.begin(), folders.end(),
                       [&](std::string_view folder) { return path::is_within(path, folder); });
}

/// The package itself and those of the same source that it depends on: what Debian and others
/// split one program into (nginx and nginx-common).
std::set<PackageId> family(const PackageDb& packages, PackageId own) {
    std::set<PackageId> members{own};
    std::vector<PackageId> work{own};
    while (!work.empty()) {
        const PackageId at = work.back();
        work.pop_back();
        for (const std::string& name : packages[at].depends) {
            const auto id = packages.find(name);
            if (id && packages[*id].origin() == packages[own].origin() &&
                members.insert(*id).second) {
                work.push_back(*id);
            }
        }
    }
    return members;
}

bool names(Evidence& evidence, NodeId program, std::string_view text) {
    bool found = false;
    for_each_string(evidence, program, [&](std::string_view constant) {
        found = found || constant.find(text) != std::string_view::npos;
    });
    return found;
}

/// A program's package brings what it reads: its data, configuration, plugins, and the empty
/// folders that it writes to. Other programs of the package are not needed for that, nor are
/// libraries in the common folders, which the link finds.
bool is_data(Evidence& evidence, NodeId program, NodeId id) {
    const Node& node = evidence.rootfs()[id];
    const std::string_view folder = path::parent(node.path);
    if (is_ballast(evidence, id) || is_for_the_system(node.path) || is_program_folder(folder)) {
        return false;
    }
    if (node.is_directory()) {
        return true;
    }
    // The C library's converters have a rule of their own, and its package many a small program.
    if (path::basename(folder) == "gconv") {
        return false;
    }
    const bool library = path::basename(node.path).find(".so") != std::string_view::npos;
    if (node.is_executable() && !library) {
        return false;  // helpers are started by name or path, which other rules see
    }
    // A helper too: coreutils' libstdbuf.so, which only stdbuf preloads.
    if (library && path::is_within(node.path, "/usr/libexec")) {
        return names(evidence, program, path::basename(node.path));
    }
    return !(library && is_shared_folder(evidence, node.parent));
}

/// What a script's package configures and the folders that it writes to. The rest of its data
/// scripts name, or rules of their languages know.
bool is_setting_or_state(Evidence& evidence, NodeId /*script*/, NodeId id) {
    const Node& node = evidence.rootfs()[id];
    const bool state = node.is_directory() &&
                       (path::is_within(node.path, "/var") || path::is_within(node.path, "/run"));
    return (state || path::is_within(node.path, "/etc")) && !is_ballast(evidence, id) &&
           !is_for_the_system(node.path);
}

/// In a package's own folder of /etc: what a build step wrote there, or the package as it was
/// installed. Certificates and their keys have a rule of their own.
void keep_settings_beside(Evidence& evidence, NodeId program, const Package& package,
                          NodeId folder) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    const Text& path = tree[folder].path;
    if (!tree[folder].is_directory() || !path::is_within(path, "/etc") ||
        path::is_within(path, "/etc/ssl") || is_shared_folder(evidence, folder) ||
        !evidence.afford(package_data.id, program, tree[folder].subtree_end - folder)) {
        return;
    }
    for (NodeId id = folder + 1; id < tree[folder].subtree_end; ++id) {
        if (!evidence.packages().owner(id) && !is_ballast(evidence, id)) {
            evidence.keep(id, {package_data.id, program, Confidence::likely,
                               "in the folder of settings of package " + package.name});
        }
    }
}

void inspect(Evidence& evidence, NodeId node) {
    const elf::ElfFacts* facts = evidence.elf(node);
    const auto owner = evidence.packages().owner(node);
    const bool program = facts != nullptr && facts->is_program();
    const bool script = facts == nullptr && evidence.rootfs()[node].is_executable() &&
                        evidence.text(node).starts_with("#!");
    if (!owner || (!program && !script)) {
        return;
    }
    constexpr std::uint64_t steps = 100;  // of a reason
    const auto stays = program ? is_data : is_setting_or_state;
    for (const PackageId member : family(evidence.packages(), *owner)) {
        const Package& package = evidence.packages()[member];
        if (!evidence.afford(package_data.id, node, steps * package.files.size())) {
            return;
        }
        for (const NodeId file : package.files) {
            if (!stays(evidence, node, file)) {
                evidence.keep(file, {package_data.id, node, Confidence::package,
                                     "in package " + package.name});
                continue;
            }
            evidence.keep(file, {package_data.id, node, Confidence::likely,
                                 "data of package " + package.name});
            keep_settings_beside(evidence, node, package, file);
        }
    }
}

}  // namespace

const Rule package_data{.id = "package-data",
                        .summary = "data, configuration and folders of the program's own package",
                        .inspect = inspect};

}  // namespace slimimg::closure::rules
