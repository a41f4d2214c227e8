#include "closure/rules/folders.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "slimimg/base/one_of.hpp"
#include "slimimg/base/path.hpp"

#include "closure/rules/dependencies.hpp"
#include "closure/rules/python_parts.hpp"

namespace slimimg::closure {
namespace {

using rootfs::Node;
using rootfs::NodeId;

/// Sorted. Folders of the Filesystem Hierarchy Standard 3.0 and of Debian, Alpine and Red Hat that
/// hold files of many packages.
constexpr std::array<std::string_view, 75> shared_folders{
    "/",
    "/bin",
    "/boot",
    "/dev",
    "/dev/shm",
    "/etc",
    "/etc/alternatives",
    "/etc/apt",
    "/etc/cron.d",
    "/etc/cron.daily",
    "/etc/default",
    "/etc/init.d",
    "/etc/ld.so.conf.d",
    "/etc/logrotate.d",
    "/etc/opt",
    "/etc/profile.d",
    "/etc/rc.d",
    "/etc/skel",
    "/etc/sysconfig",
    "/etc/systemd",
    "/etc/xdg",
    "/home",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/media",
    "/mnt",
    "/opt",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/sys",
    "/tmp",
    "/usr",
    "/usr/bin",
    "/usr/games",
    "/usr/include",
    "/usr/lib",
    "/usr/lib/debug",
    "/usr/lib/locale",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/libexec",
    "/usr/local",
    "/usr/local/bin",
    "/usr/local/etc",
    "/usr/local/include",
    "/usr/local/lib",
    "/usr/local/lib64",
    "/usr/local/libexec",
    "/usr/local/sbin",
    "/usr/local/share",
    "/usr/local/src",
    "/usr/local/var",
    "/usr/sbin",
    "/usr/share",
    "/usr/share/applications",
    "/usr/share/doc",
    "/usr/share/icons",
    "/usr/share/info",
    "/usr/share/locale",
    "/usr/share/man",
    "/usr/share/pixmaps",
    "/usr/src",
    "/var",
    "/var/cache",
    "/var/lib",
    "/var/local",
    "/var/lock",
    "/var/log",
    "/var/opt",
    "/var/run",
    "/var/tmp",
};
static_assert(std::is_sorted(shared_folders.begin(), shared_folders.end()));

/// Sorted. What stands below one of these is never read by a running program.
constexpr std::array<std::string_view, 47> ballast_folders{
    "/etc/apk",
    "/etc/apt",
    "/etc/cron.d",
    "/etc/cron.daily",
    "/etc/cron.monthly",
    "/etc/cron.weekly",
    "/etc/debconf.conf",
    "/etc/dpkg",
    "/etc/init.d",
    "/etc/logrotate.d",
    "/etc/selinux",
    "/etc/skel",
    "/etc/systemd",
    "/lib/apk",
    "/lib/systemd",
    "/usr/include",
    "/usr/lib/apt",
    "/usr/lib/debug",
    "/usr/lib/dpkg",
    "/usr/lib/pkgconfig",
    "/usr/lib/systemd",
    "/usr/local/include",
    "/usr/local/share/doc",
    "/usr/local/share/man",
    "/usr/share/aclocal",
    "/usr/share/bash-completion",
    "/usr/share/bug",
    "/usr/share/cmake",
    "/usr/share/debconf",
    "/usr/share/debhelper",
    "/usr/share/doc",
    "/usr/share/doc-base",
    "/usr/share/emacs/site-lisp",
    "/usr/share/gtk-doc",
    "/usr/share/info",
    "/usr/share/lintian",
    "/usr/share/man",
    "/usr/share/pkgconfig",
    "/usr/share/vim/addons",
    "/usr/share/vim/vimfiles",
    "/usr/share/zoneinfo/posix",
    "/usr/share/zoneinfo/right",
    "/usr/share/zsh",
    "/var/cache",
    "/var/lib/apt",
    "/var/lib/dpkg",
    "/var/log",
};
static_assert(std::is_sorted(ballast_folders.begin(), ballast_folders.end()));

/// A multiarch folder such as /usr/lib/x86_64-linux-gnu: a triplet right below a lib folder.
bool is_multiarch_folder(std::string_view path) {
    const std::string_view name = path::basename(path);
    return path::basename(path::parent(path)) == "lib" &&
           (name.ends_with("-linux-gnu") || name.find("-linux-gnu") != std::string_view::npos ||
            name.find("-linux-musl") != std::string_view::npos);
}

bool is_library_folder(std::string_view path) {
    static constexpr std::array<std::string_view, 6> folders{
        "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64"};
    return is_multiarch_folder(path) ||
           std::find(folders.begin(), folders.end(), path) != folders.end();
}

/// Different source packages in a folder, counted up to `most`.
std::size_t owners(const Evidence& evidence, NodeId folder, std::size_t most) {
    std::set<std::string_view> sources;
    const NodeId end = evidence.rootfs()[folder].subtree_end;
    for (NodeId node = folder + 1; node < end && sources.size() < most; ++node) {
        if (const auto owner = evidence.packages().owner(node);
            owner && !evidence.rootfs()[node].is_directory()) {
            sources.insert(evidence.packages()[*owner].origin());
        }
    }
    return sources.size();
}

/// What a JDK has beside its runtime: sources, modules to link other runtimes from, what the
/// compiler reads. And the class archive for heaps over 32 GB, without which such a JVM starts a
/// little slower.
bool is_development_of_java(std::string_view path) {
    static constexpr std::array<std::string_view, 3> names{"ct.sym", "src.zip",
                                                           "classes_nocoops.jsa"};
    return std::find(names.begin(), names.end(), path::basename(path)) != names.end() ||
           path.find("/jmods/") != std::string_view::npos;
}

/// For building extensions of PostgreSQL; and its code once more for LLVM, from which the
/// just-in-time compiler inlines where it is there (llvmjit_inline.cpp goes on without).
bool is_development_of_postgresql(std::string_view path) {
    return path.find("/pgxs/") != std::string_view::npos ||
           (path.find("/bitcode/") != std::string_view::npos && path.ends_with(".bc"));
}

/// For building extensions of PHP, by phpize, beside its modules.
bool is_development_of_php(std::string_view path) {
    const std::size_t at = path.find("/lib/php/");
    if (at == std::string_view::npos) {
        return false;
    }
    const std::size_t build = path.find("/build/", at);
    return build != std::string_view::npos || path.ends_with("/build") ||
           path.find("/lib/php/test/") != std::string_view::npos ||
           path.find("/lib/php/doc/") != std::string_view::npos;
}

/// Whether something that compiles TypeScript as it starts is there: it reads the types of all.
bool compiles_typescript(const Evidence& evidence, NodeId) {
    static constexpr std::array<std::string_view, 3> compilers{
        "/node_modules/ts-node", "/node_modules/ts-node-dev", "/node_modules/@nestjs/cli"};
    const auto nodes = evidence.rootfs().nodes();
    return std::any_of(nodes.begin(), nodes.end(), [&](const Node& node) {
        return node.is_directory() && ends_with_one_of(node.path, compilers);
    });
}

/// What editors, compilers and debuggers read of packages of JavaScript. An application's own may
/// be served, or told of by itself.
bool is_development_of_javascript(const Evidence& evidence, NodeId id) {
    static constexpr std::array<std::string_view, 3> endings{".d.ts", ".js.map", ".mjs.map"};
    const Text& path = evidence.rootfs()[id].path;
    return ends_with_one_of(path, endings) &&
           (is_of_a_dependency(path) || evidence.packages().owner(id)) &&
           !(path.ends_with(".d.ts") && evidence.remembered(compiles_typescript, 0));
}

bool is_ballast_node(const Evidence& evidence, NodeId id) {
    const Node& node = evidence.rootfs()[id];
    const std::string_view path = node.path;
    static constexpr std::array<std::string_view, 3> endings{".a", ".pc", ".pod"};
    if (ends_with_one_of(path, endings) || is_development_of_javascript(evidence, id)) {
        return node.is_file();
    }
    // What code mentions of these comes back, by Python's rule.
    if (is_python_part(node)) {
        return true;
    }
    if (is_development_of_java(path) || is_development_of_postgresql(path) ||
        is_development_of_php(path)) {
        return true;
    }
    // Maintainer scripts of packages call these as they are installed.
    if (path.ends_with("-maintscript-helper")) {
        return true;
    }
    // libtool's archives are for linking where libraries are; where plugins are, lt_dlopen reads
    // them (ImageMagick's coders, OpenLDAP's backends).
    if (path.ends_with(".la") && is_library_folder(path::parent(path))) {
        return node.is_file();
    }
    for (std::string_view folder = path; folder != "/"; folder = path::parent(folder)) {
        if (std::binary_search(ballast_folders.begin(), ballast_folders.end(), folder)) {
            // The folders that programs log to and cache in are theirs to write to, and links in
            // them send a log elsewhere.
            const bool writable = folder == "/var/cache" || folder == "/var/log";
            return !writable || node.is_file();
        }
    }
    // The system's translations are kept by locale, for the languages that the environment asks
    // for. An application that brings its own chooses by request, and Django doesn't start without.
    return path.find("/share/locale/") != std::string_view::npos &&
           path.find("/LC_MESSAGES/") != std::string_view::npos && path.ends_with(".mo");
}

/// Nothing but shared objects, and lists of them: whoever names the folder loads from it, however
/// many packages put something there (PHP's extensions).
bool is_plugin_folder(const Evidence& evidence, NodeId folder) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    bool any = false;
    for (NodeId node = folder + 1; node < tree[folder].subtree_end; ++node) {
        const std::string_view name = path::basename(tree[node].path);
        const bool object = name.ends_with(".so") || name.find(".so.") != std::string_view::npos;
        if (!tree[node].is_directory() && !object && !name.ends_with(".cache")) {
            return false;
        }
        any = any || object;
    }
    return any;
}

/// An installation of Erlang, with "erts-13.1" in it, or its lib: the launcher names it, and rules
/// of its own say which applications are used (rules/erlang.cpp).
bool is_erlang_folder(const rootfs::Rootfs& tree, NodeId folder) {
    const NodeId root = path::basename(tree[folder].path) == "lib" ? tree[folder].parent : folder;
    const std::vector<NodeId> children = tree.children(root);
    return std::any_of(children.begin(), children.end(), [&](NodeId child) {
        return tree[child].is_directory() &&
               path::basename(tree[child].path).starts_with("erts-") &&
               tree.child(child, "bin").has_value();
    });
}

/// Whoever names it means little of what is in it.
bool is_common(const Evidence& evidence, NodeId folder) {
    const Text& path = evidence.rootfs()[folder].path;
    return std::binary_search(shared_folders.begin(), shared_folders.end(), path) ||
           is_multiarch_folder(path) || is_ballast(evidence, folder) ||
           is_erlang_folder(evidence.rootfs(), folder);
}

bool is_shared(const Evidence& evidence, NodeId folder) {
    constexpr std::size_t many = 4;
    return is_common(evidence, folder) || (owners(evidence, folder, many) >= many &&
                                           !evidence.remembered(is_plugin_folder, folder));
}

/// A link to a folder of plug-ins in one that only the number of packages makes a shared one:
/// nginx's modules, where four packages of modules have settings beside them.
bool leads_to_plugins(const Evidence& evidence, NodeId link) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    const Text& folder = tree[tree[link].parent].path;
    if (!tree[link].is_symlink() || is_multiarch_folder(folder) ||
        std::binary_search(shared_folders.begin(), shared_folders.end(), folder)) {
        return false;
    }
    const auto target = tree.resolve(tree[link].path).node;
    return target && tree[*target].is_directory() && evidence.remembered(is_plugin_folder, *target);
}

/// `done` holds the folders seen, since linked folders may link back.
void keep_folder_once(Evidence& evidence, NodeId folder, const Reason& reason,
                      bool (*unwanted)(const Node&), std::set<NodeId>& done) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    if (!done.insert(folder).second) {
        return;
    }
    evidence.keep(folder, reason);
    for (NodeId id = folder + 1; id < tree[folder].subtree_end; ++id) {
        const Node& node = tree[id];
        // What a link leads to, and what a linked folder holds, is as much in this folder as its
        // own files.
        const NodeId real = node.is_symlink() ? tree.resolve(node.path).node.value_or(id) : id;
        if (is_ballast(evidence, id) || is_build_rest(evidence, id) ||
            (unwanted != nullptr && unwanted(tree[real]))) {
            continue;
        }
        evidence.keep(id, reason);
        if (real != id && tree[real].is_directory() && !is_shared_folder(evidence, real)) {
            keep_folder_once(evidence, real,
                             {reason.rule, id, Confidence::likely, "linked from " + node.path},
                             unwanted, done);
        }
    }
}

}  // namespace

bool is_for_the_host(std::string_view path) {
    static constexpr std::array<std::string_view, 5> folders{"dri", "vdpau", "gbm", "gallium-pipe",
                                                             "mfx"};
    static constexpr std::array<std::string_view, 5> libraries{
        "libmfxhw", "libcuda.so", "libnvidia-", "libvulkan_", "libsepol.so"};
    const std::string_view name = path::basename(path);
    if (std::any_of(libraries.begin(), libraries.end(),
                    [&](std::string_view prefix) { return name.starts_with(prefix); })) {
        return true;
    }
    for (std::string_view folder = path; folder != "/" && !folder.empty();
         folder = path::parent(folder)) {
        const std::string_view parent = path::parent(folder);
        if ((is_multiarch_folder(parent) || path::basename(parent) == "lib") &&
            std::find(folders.begin(), folders.end(), path::basename(folder)) != folders.end()) {
            return true;
        }
    }
    return false;
}

bool is_ballast(const Evidence& evidence, NodeId node) {
    return evidence.remembered(is_ballast_node, node);
}

bool is_shared_folder(const Evidence& evidence, NodeId folder) {
    return evidence.remembered(is_shared, folder);
}

void keep_folder(Evidence& evidence, NodeId folder, const Reason& reason,
                 bool (*unwanted)(const Node&)) {
    std::set<NodeId> done;
    keep_folder_once(evidence, folder, reason, unwanted, done);
}

void keep_named(Evidence& evidence, std::string_view path, const Reason& reason,
                std::string_view from, bool (*unwanted)(const Node&)) {
    keep_named(evidence, evidence.rootfs().resolve(path, from), reason, unwanted);
}

void keep_named(Evidence& evidence, const rootfs::Resolution& found, const Reason& reason,
                bool (*unwanted)(const Node&)) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    if (!evidence.keep_found(found, reason) || !tree[*found.node].is_directory() ||
        is_for_the_host(tree[*found.node].path)) {
        return;
    }
    if (is_shared_folder(evidence, *found.node)) {
        for (const NodeId child : tree.children(*found.node)) {
            if (evidence.remembered(leads_to_plugins, child)) {
                evidence.keep(child, reason);
                keep_folder(
                    evidence, *tree.resolve(tree[child].path).node,
                    {reason.rule, child, Confidence::likely, "linked from " + tree[child].path},
                    unwanted);
            }
        }
        return;
    }
    keep_folder(evidence, *found.node, reason, unwanted);
}

void keep_asked_for(Evidence& evidence, std::string_view path, const Reason& reason,
                    std::string_view from) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    const rootfs::Resolution found = tree.resolve(path, from);
    if (found.node && tree[*found.node].is_directory() && !is_common(evidence, *found.node) &&
        !is_for_the_host(tree[*found.node].path) && evidence.keep_found(found, reason)) {
        keep_folder(evidence, *found.node, reason);
    } else {
        keep_named(evidence, found, reason);
    }
}

}  // namespace slimimg::closure
