#include <algorithm>
#include <array>
#include <string_view>

#include "slimimg/base/path.hpp"

#include "closure/rules/dependencies.hpp"
#include "closure/rules/folders.hpp"
#include "closure/rules/layers.hpp"
#include "closure/rules/rules.hpp"
#include "closure/rules/squashed.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::Node;
using rootfs::NodeId;

/// What builders and package managers leave behind. Below /run and /var/cache the files are such,
/// but a folder is made for the program's sockets and caches.
bool is_leftover(const Node& node) {
    static constexpr std::array<std::string_view, 5> folders{"/tmp", "/var/tmp", "/build", "/src",
                                                             "/go"};
    static constexpr std::array<std::string_view, 2> runtime{"/run", "/var/cache"};
    // In ~/.cache stand browsers, models and package managers too, which programs need.
    static constexpr std::array<std::string_view, 27> parts{"/.cache/pip/",
                                                            "/.cache/uv/",
                                                            "/.cache/pypoetry/",
                                                            "/.cache/yarn/",
                                                            "/.cache/go-build/",
                                                            "/.cache/node-gyp/",
                                                            "/.cache/composer/",
                                                            "/.cache/pnpm/",
                                                            "/.cache/bazel/",
                                                            "/.cache/ccache/",
                                                            "/.cache/vcpkg/",
                                                            "/.git/",
                                                            "/.npm/",
                                                            "/_cacache/",
                                                            "/.ccache/",
                                                            "/.m2/",
                                                            "/.gradle/",
                                                            "/.ivy2/",
                                                            "/.sbt/",
                                                            "/.yarn/berry/",
                                                            "/.pnpm-store/",
                                                            "/.node-gyp/",
                                                            "/root/go/",
                                                            "/root/.cargo/",
                                                            "/root/.rustup/",
                                                            "/root/.nuget/",
                                                            "/root/.cpanm/"};
    const std::string_view path = node.path;
    // Each of the parts has one of these, and few paths do.
    const bool may_have_caches =
        path.find("/.") != path.npos || path.find("/_") != path.npos || path.starts_with("/root/");
    const auto is_below = [&](std::string_view folder) {
        return path::is_within(path, folder) && path != folder;
    };
    return std::any_of(folders.begin(), folders.end(), is_below) ||
           (!node.is_directory() && std::any_of(runtime.begin(), runtime.end(), is_below)) ||
           (may_have_caches && std::any_of(parts.begin(), parts.end(), [&](std::string_view part) {
                return path.find(part) != std::string_view::npos;
            }));
}

/// Where applications are put: what a RUN step leaves there is theirs.
bool is_application_place(std::string_view path, std::string_view workdir) {
    static constexpr std::array<std::string_view, 5> places{"/app", "/srv", "/opt", "/home",
                                                            "/var/www"};
    return path::is_within(path, workdir) ||
           std::any_of(places.begin(), places.end(), [&](std::string_view place) {
               return path::is_within(path, place) && path != place;
           });
}

/// What the image's maker put into /etc is meant for the program, whoever owned it before and
/// though what packages have in that place (cron jobs) is not.
bool is_own_setting(const Node& node, bool copied) {
    return copied && path::is_within(node.path, "/etc");
}

/// Folders in these places a squashed image tells by its packages alone, others by their layers;
/// s6-overlay's programs are there for the scripts that run them. A file right at the root is in
/// none.
bool is_in_own_folder(const Node& node) {
    static constexpr std::array<std::string_view, 5> places{"/etc", "/var", "/run", "/command",
                                                            "/package"};
    return (node.parent != 0 || node.is_directory()) &&
           std::none_of(places.begin(), places.end(),
                        [&](std::string_view place) { return path::is_within(node.path, place); });
}

/// Links that update-alternatives made: packages want them so, not the image's maker.
bool is_alternative(const Node& node) {
    return node.is_symlink() && node.header.link.starts_with("/etc/alternatives/");
}

/// Folders and links that a RUN step makes outside the system's own places are for the program:
/// to write to, or to send a log to the console.
bool is_prepared(const Node& node) {
    static constexpr std::array<std::string_view, 12> system{
        "/usr/lib",          "/usr/share",     "/usr/include",     "/usr/local",
        "/etc/alternatives", "/etc/ssl",       "/etc/systemd",     "/var/lib/dpkg",
        "/var/lib/apt",      "/var/cache/apt", "/var/lib/systemd", "/boot"};
    const bool unmade = std::any_of(system.begin(), system.end(), [&](std::string_view folder) {
        return path::is_within(node.path, folder);
    });
    const bool run_level = node.path.starts_with("/etc/rc");
    return (node.is_directory() || node.is_symlink()) && !unmade && !run_level &&
           !is_alternative(node);
}

/// The package managers of Node.js's image, and the links to them in PATH; what PHP's installs
/// with.
bool is_installer(const rootfs::Rootfs& tree, NodeId id) {
    if (tree[id].is_symlink()) {
        const auto target = tree.resolve(tree[id].path).node;
        return target && is_node_installer(tree[*target].path);
    }
    return is_node_installer(tree[id].path) || is_php_installer(tree[id].path);
}

void start(Evidence& evidence) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    const std::vector<LayerOrigin>& origins = evidence.layer_origins();
    const std::vector<bool> copied = copied_nodes(evidence);
    const std::string workdir = path::normalize(evidence.config().workdir);
    const auto workdir_node = tree.resolve(workdir).node;
    const bool own_workdir = workdir_node && !is_shared_folder(evidence, *workdir_node);
    const bool squashed = is_squashed(evidence);
    for (NodeId id = 1; id < tree.size(); ++id) {
        const Node& node = tree[id];
        const LayerOrigin origin = origins[node.layer];
        if ((origin == LayerOrigin::base && !squashed) || node.entry == Node::no_entry ||
            is_leftover(node)) {
            continue;
        }
        const bool unwanted = evidence.packages().owner(id) || is_ballast(evidence, id) ||
                              is_build_rest(evidence, id) || is_installer(tree, id);
        if (unwanted && !is_own_setting(node, copied[id])) {
            continue;
        }
        std::string_view why;
        if (copied[id]) {
            why = "a COPY or ADD put it there";
        } else if (is_application_place(node.path, own_workdir ? workdir : "/app")) {
            why = "the application's place, and no package owns it";
        } else if ((squashed || is_in_own_folder(node)) &&
                   is_made_for_the_application(evidence, id)) {
            why = "no distribution has it, and no package owns it";
        } else if (!squashed && is_prepared(node)) {
            why = "made by a build step for the program, and no package owns it";
        } else {
            continue;
        }
        evidence.keep(id,
                      {application_file.id, std::nullopt, Confidence::likely, std::string(why)});
    }
}

}  // namespace

const Rule application_file{
    .id = "application-file", .summary = "the application's own file", .start = start};

}  // namespace slimimg::closure::rules
