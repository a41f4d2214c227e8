#pragma once

#include <string>
#include <vector>

#include "support/tar.hpp"

namespace test {

/// dpkg's records of one package.
struct Installed {
    std::string name;
    std::string depends;  ///< and what stands behind it: "a\nRecommends: b"
    std::string files;    ///< a path a line
};

/// The layers that record them.
inline std::vector<std::string> installed(std::string tree,
                                          const std::vector<Installed>& packages) {
    std::string status;
    std::vector<std::string> layers{std::move(tree)};
    for (const Installed& package : packages) {
        status += "Package: " + package.name + "\nStatus: install ok installed\nVersion: 1\n" +
                  (package.depends.empty() ? "" : "Depends: " + package.depends + "\n") + "\n";
        layers.push_back(tar({file("var/lib/dpkg/info/" + package.name + ".list", package.files)}));
    }
    layers.push_back(tar({file("var/lib/dpkg/status", status)}));
    return layers;
}

}  // namespace test
