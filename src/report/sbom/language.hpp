#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "slimimg/report/sbom.hpp"

namespace slimimg::report {

/// A package of a language's own manager, as its record in the image tells it.
struct LanguagePackage {
    std::string type;  ///< "pypi" or "npm"
    std::string name;
    std::string version;
    std::string purl;
    Licence licence;
    std::vector<rootfs::NodeId> files;  ///< its record and what it owns; no folders
};

/// Python's dist-info and egg-info folders with the files of RECORD, and packages below
/// node_modules. What the system's package manager owns is that package's.
std::vector<LanguagePackage> language_packages(const rootfs::Rootfs& tree,
                                               const closure::PackageDb& packages);

/// A Go module, "stdlib" for the release of Go itself.
struct GoModule {
    std::string path;
    std::string version;
    std::string purl;
};

/// What Go's linker wrote into a program (debug/buildinfo, Go 1.18 and later): itself and the
/// modules that it is made of. Nothing for other files.
std::vector<GoModule> go_modules(Bytes file);

}  // namespace slimimg::report
