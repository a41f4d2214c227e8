#include "closure/rules/layers.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "slimimg/base/path.hpp"

namespace slimimg::closure {
namespace {

using rootfs::NodeId;

/// Files that only a distribution brings, all of them together with a shell's worth of others.
bool holds_distribution(const archive::LayerScan& layer) {
    static constexpr std::array<std::string_view, 7> marks{
        "/var/lib/dpkg/status", "/lib/apk/db/installed", "/usr/lib/apk/db/installed",
        "/var/lib/rpm",         "/usr/lib/sysimage/rpm", "/usr/lib/os-release",
        "/etc/os-release"};
    return std::any_of(layer.entries.begin(), layer.entries.end(), [](const auto& entry) {
        return std::find(marks.begin(), marks.end(), entry.path) != marks.end();
    });
}

/// The Dockerfile instructions as docker ("#(nop) COPY file:…", "COPY . /app # buildkit"),
/// buildah ("/bin/sh -c #(nop) COPY dir:…") and kaniko ("COPY . /app") record them.
bool is_copy(std::string_view created_by) {
    const auto has = [&](std::string_view word) {
        const std::size_t at = created_by.find(word);
        return at == 0 ||
               (at != std::string_view::npos && created_by.substr(0, at).ends_with("#(nop) "));
    };
    return has("COPY ") || has("ADD ");
}

/// RUN as these record it: "RUN /bin/sh -c make # buildkit", "/bin/sh -c make", "|1 A=b /bin/sh -c
/// make".
bool is_run(std::string_view created_by) {
    return created_by.starts_with("RUN ") || created_by.find(" -c ") != std::string_view::npos;
}

/// What a step leaves that installed packages, added users or made the loader's cache.
bool shows_a_step(const archive::LayerScan& layer) {
    static constexpr std::array<std::string_view, 9> marks{
        "/var/lib/dpkg", "/lib/apk/db",           "/usr/lib/apk/db",
        "/var/lib/rpm",  "/usr/lib/sysimage/rpm", "/etc/passwd-",
        "/etc/group-",   "/etc/.pwd.lock",        "/etc/ld.so.cache"};
    return std::any_of(layer.entries.begin(), layer.entries.end(), [](const auto& entry) {
        return std::any_of(marks.begin(), marks.end(), [&](std::string_view mark) {
            return path::is_within(entry.path, mark);
        });
    });
}

/// What slimimg wrote before: all of it was found to be needed then.
bool is_rebuilt(std::string_view created_by) {
    return created_by.starts_with("slimimg ");
}

}  // namespace

std::vector<LayerOrigin> layer_origins(const rootfs::Rootfs& rootfs, const image::Config& config) {
    const auto layers = rootfs.layers();
    std::vector<std::string_view> created_by(layers.size());
    std::size_t next = 0;
    for (const image::HistoryStep& step : config.history) {
        if (!step.empty_layer && next < created_by.size()) {
            created_by[next++] = step.created_by;
        }
    }
    std::vector<LayerOrigin> origins(layers.size(), LayerOrigin::command);
    const auto first = std::find_if(layers.begin(), layers.end(), holds_distribution);
    const std::size_t base =
        first == layers.end() ? 0 : static_cast<std::size_t>(first - layers.begin()) + 1;
    for (std::size_t i = 0; i < layers.size(); ++i) {
        if (is_rebuilt(created_by[i])) {
            origins[i] = LayerOrigin::copied;
        } else if (i < base) {
            origins[i] = LayerOrigin::base;
        } else if (is_copy(created_by[i]) ||
                   (base != 0 && !is_run(created_by[i]) && !shows_a_step(layers[i]))) {
            origins[i] = LayerOrigin::copied;
        }
    }
    return origins;
}

bool is_squashed(const Evidence& evidence) {
    const std::vector<LayerOrigin>& origins = evidence.layer_origins();
    return std::all_of(origins.begin(), origins.end(),
                       [](LayerOrigin origin) { return origin == LayerOrigin::base; });
}

std::vector<bool> copied_nodes(const Evidence& evidence) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    const std::vector<LayerOrigin>& origins = evidence.layer_origins();
    std::vector<bool> copied(tree.size());
    for (NodeId id = 1; id < tree.size(); ++id) {
        copied[id] = origins[tree[id].layer] == LayerOrigin::copied;
    }
    // What the last layer has is as it was copied.
    for (std::size_t i = 0; i + 1 < origins.size(); ++i) {
        if (origins[i] != LayerOrigin::copied) {
            continue;
        }
        for (const archive::LayerEntry& entry : tree.layers()[i].entries) {
            const auto node = tree.find(entry.path);
            if (node && origins[tree[*node].layer] == LayerOrigin::command) {
                copied[*node] = true;
            }
        }
    }
    return copied;
}

bool is_installed_on_top(const Evidence& evidence, NodeId node) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    if (!is_squashed(evidence)) {
        return evidence.layer_origins()[tree[node].layer] != LayerOrigin::base;
    }
    // Links such as those of update-alternatives are made by packages and owned by none.
    const PackageDb& packages = evidence.packages();
    const auto owner = packages.owner(tree.resolve(tree[node].path).node.value_or(node));
    return owner ? packages[*owner].asked_for && !packages[*owner].of_every_system
                 : !packages.packages().empty();
}

}  // namespace slimimg::closure
