#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/base/path.hpp"
#include "slimimg/closure/closure.hpp"

#include "support/tree.hpp"

namespace test {

/// The closure of an image made of a tree and a config, and questions about it.
struct ClosureOf {
    slimimg::rootfs::Rootfs rootfs;
    slimimg::image::Config config;
    slimimg::closure::PackageDb packages;
    slimimg::closure::Closure closure;

    ClosureOf(slimimg::rootfs::Rootfs tree, slimimg::image::Config image_config,
              const slimimg::closure::Request& request = {})
        : rootfs(std::move(tree)),
          config(of_run_steps(std::move(image_config), rootfs.layers().size())),
          packages(slimimg::closure::PackageDb::read(rootfs)),
          closure(slimimg::closure::compute_closure(rootfs, config, packages, request, {})) {}

    /// A config without history stands for one whose layers RUN steps made.
    static slimimg::image::Config of_run_steps(slimimg::image::Config config, std::size_t layers) {
        if (config.history.empty()) {
            config.history.assign(layers, {"", "RUN a step", "", false});
        }
        return config;
    }

    [[nodiscard]] bool keeps(std::string_view path) const {
        const auto node = rootfs.find(path);
        return node && closure.kept.contains(*node);
    }
    /// The ids of the rules that keep a path, sorted, separated by blanks.
    [[nodiscard]] std::string rules(std::string_view path) const {
        std::vector<std::string> ids;
        if (const auto node = rootfs.find(path); node && closure.kept.contains(*node)) {
            for (const auto& reason : closure.kept.at(*node)) {
                ids.emplace_back(reason.rule);
            }
        }
        std::sort(ids.begin(), ids.end());
        ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
        std::string text;
        for (const std::string& id : ids) {
            text += (text.empty() ? "" : " ") + id;
        }
        return text;
    }
    [[nodiscard]] bool hints(std::string_view path) const {
        const auto node = rootfs.find(path);
        return node && closure.hinted.contains(*node);
    }
    [[nodiscard]] bool misses(std::string_view name, std::string_view kind) const {
        return std::any_of(
            closure.unresolved.begin(), closure.unresolved.end(),
            [&](const auto& what) { return what.name == name && what.kind == kind; });
    }
};

/// A config that runs `argv` as its entrypoint.
inline slimimg::image::Config runs(std::vector<std::string> argv) {
    slimimg::image::Config config;
    config.entrypoint = std::move(argv);
    return config;
}

}  // namespace test
