#include "slim/bases/parts.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "slimimg/base/path.hpp"

#include "slim/bases/bases.hpp"

namespace slimimg::slim::bases {
namespace {

using rootfs::NodeId;
using rootfs::Rootfs;

/// The first word of the folders that a machine's libraries stand in (GNU triplets).
std::string_view triplet_of(const image::Platform& platform) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 8> known{{
        {"amd64", "x86_64-"},
        {"arm64", "aarch64-"},
        {"arm", "arm-"},
        {"386", "i386-"},
        {"riscv64", "riscv64-"},
        {"ppc64le", "powerpc64le-"},
        {"s390x", "s390x-"},
        {"mips64le", "mips64el-"},
    }};
    const auto at = std::find_if(known.begin(), known.end(), [&](const auto& entry) {
        return entry.first == platform.architecture;
    });
    return at == known.end() ? "" : at->second;
}

/// Where the loaders of all distributions look by themselves.
std::vector<NodeId> library_folders(const Rootfs& rootfs, const image::Config& config) {
    std::vector<NodeId> folders;
    const auto add = [&](NodeId node) {
        if (rootfs[node].is_directory() &&
            std::find(folders.begin(), folders.end(), node) == folders.end()) {
            folders.push_back(node);
        }
    };
    const std::string_view triplet = triplet_of(config.platform);
    for (const std::string_view path : {"/lib", "/usr/lib", "/lib64", "/usr/lib64"}) {
        const auto found = rootfs.resolve(path).node;
        if (!found) {
            continue;
        }
        add(*found);
        for (const NodeId child : rootfs.children(*found)) {
            if (!triplet.empty() && path::basename(rootfs[child].path).starts_with(triplet)) {
                add(child);
            }
        }
    }
    return folders;
}

std::vector<std::string> paths_of_library(const std::vector<NodeId>& folders, const Rootfs& rootfs,
                                          std::string_view name) {
    std::vector<std::string> paths;
    for (const NodeId folder : folders) {
        for (const NodeId child : rootfs.children(folder)) {
            const auto file = rootfs.resolve(rootfs[child].path).node;
            if (file && rootfs[*file].is_file() &&
                path::glob_match(name, path::basename(rootfs[child].path))) {
                paths.push_back(rootfs[child].path);
            }
        }
    }
    return paths;
}

/// Of a part, what the image has.
std::vector<std::string> paths_of(const BasePart& part, const Rootfs& rootfs,
                                  const image::Config& config) {
    std::vector<std::string> paths;
    if (part.library) {
        const std::vector<NodeId> folders = library_folders(rootfs, config);
        for (const std::string_view name : part.names) {
            const auto found = paths_of_library(folders, rootfs, name);
            paths.insert(paths.end(), found.begin(), found.end());
        }
        return paths;
    }
    for (const std::string_view name : part.names) {
        if (rootfs.resolve(name).node) {
            return {std::string(name)};
        }
    }
    return {};
}

template <typename F>
void for_each_part(const BaseStyle& style, F visit) {
    for (const BaseStyle* at = &style; at != nullptr; at = at->below) {
        for (const BasePart& part : at->parts) {
            visit(*at, part);
        }
    }
}

bool is_compilers_library(std::string_view path) {
    const std::string_view name = path::basename(path);
    return name.starts_with("libstdc++.so.") || name.starts_with("libgcc_s.so.") ||
           name.starts_with("libgomp.so.");
}

}  // namespace

const BaseStyle& choose_style(const Rootfs& rootfs, const closure::Closure& closure) {
    bool dynamic = false;
    for (const closure::Link& link : closure.links) {
        for (const closure::LoadedObject& object : link.objects) {
            if (is_compilers_library(rootfs[object.file].path)) {
                return cc_style;
            }
        }
        dynamic = dynamic || link.kind != closure::Link::Kind::none;
    }
    return dynamic ? base_style : static_style;
}

std::vector<closure::BasePath> wanted_paths(const BaseStyle& style, const Rootfs& rootfs,
                                            const image::Config& config) {
    std::vector<closure::BasePath> wanted;
    for_each_part(style, [&](const BaseStyle& of, const BasePart& part) {
        for (std::string& path : paths_of(part, rootfs, config)) {
            wanted.push_back(
                {std::move(path), std::string(part.what) + " of style " + std::string(of.id)});
        }
    });
    return wanted;
}

std::vector<Diagnostic> missing_parts(const BaseStyle& style, const Rootfs& rootfs,
                                      const image::Config& config) {
    std::vector<Diagnostic> missing;
    for_each_part(style, [&](const BaseStyle& of, const BasePart& part) {
        if (part.text.empty() && paths_of(part, rootfs, config).empty()) {
            missing.push_back({Severity::note, "base-part-missing",
                               part.library ? "" : std::string(part.names.front()),
                               "style " + std::string(of.id) +
                                   " has a part that the image lacks: " + std::string(part.what)});
        }
    });
    return missing;
}

}  // namespace slimimg::slim::bases
