#include "closure/unused_packages.hpp"

#include <algorithm>
#include <string>

#include "slimimg/base/path.hpp"

#include "closure/rules/folders.hpp"
#include "closure/rules/layers.hpp"

namespace slimimg::closure {
namespace {

/// It has something besides documentation, above the distribution.
bool brings_something(const Evidence& evidence, const Package& package) {
    return std::any_of(package.files.begin(), package.files.end(), [&](rootfs::NodeId file) {
        return !evidence.rootfs()[file].is_directory() && !is_ballast(evidence, file) &&
               evidence.remembered(is_installed_on_top, file);
    });
}

bool stays(const Evidence& evidence, const Package& package) {
    return std::any_of(package.files.begin(), package.files.end(), [&](rootfs::NodeId file) {
        return !evidence.rootfs()[file].is_directory() && evidence.is_kept(file);
    });
}

}  // namespace

std::vector<Diagnostic> unused_packages(const Evidence& evidence) {
    std::string names;
    for (const Package& package : evidence.packages().packages()) {
        if (package.asked_for && !package.of_every_system && brings_something(evidence, package) &&
            !stays(evidence, package)) {
            names += (names.empty() ? "" : ", ") + path::printable(package.name);
        }
    }
    if (names.empty()) {
        return {};
    }
    return {{Severity::note, "package-unused", "",
             "nothing stays of what was installed by name as " + names +
                 "; where the program needs one: --include-package NAME",
             false}};
}

}  // namespace slimimg::closure
