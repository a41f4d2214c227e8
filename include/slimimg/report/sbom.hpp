#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "slimimg/slim/slim.hpp"

/// The bill of materials of an image: plain values, and a renderer for each format.
namespace slimimg::report {

struct SbomFile {
    std::string path;
    std::string sha1;
    std::string sha256;
};

/// A licence as an expression of SPDX ids; what has no id there is a LicenseRef, told in full.
struct Licence {
    std::string expression;                                       ///< empty: not known
    std::vector<std::pair<std::string, std::string>> references;  ///< LicenseRef-…, its name
};

struct SbomPackage {
    std::string type;  ///< of the package URL: "deb", "apk", "pypi", "npm", "golang"
    std::string name;
    std::string version;
    std::string purl;
    Licence licence;
    std::vector<std::size_t> files;        ///< indices of Sbom::files that it owns
    std::vector<std::size_t> linked_into;  ///< files that hold its code, of Go modules
    std::vector<std::size_t> depends;      ///< indices of Sbom::packages
    std::vector<std::string> removed;      ///< paths of its files that were cut
};

struct Sbom {
    std::string name;           ///< of the image
    std::string source_name;    ///< the image that it was cut from; empty: it is whole
    std::string source_digest;  ///< "sha256:…"
    std::string base_name;      ///< the image that it stands on
    std::string base_digest;
    std::string created;                ///< "2026-01-31T12:00:00Z"
    std::string os_id;                  ///< "debian", of os-release; empty where there is none
    std::string os_version;             ///< "12"
    std::string os_name;                ///< "Debian GNU/Linux 12 (bookworm)"
    std::vector<SbomPackage> packages;  ///< in the order of their package URLs
    std::vector<SbomFile> files;        ///< in path order
    std::vector<std::size_t> loose;     ///< indices of files that no package owns
    std::vector<std::string> removed_packages;  ///< package URLs of those that went whole
    std::vector<std::string> removed_loose;     ///< paths that no package owned
};

/// Of the whole image that was read.
Sbom make_sbom(const slim::Analysis& analysis, const RunOptions& run);
/// Of a new image, and what was cut for it.
Sbom make_sbom(const slim::NewContent& content, const RunOptions& run);

/// A format is a file with a render function and a line in the list in sbom/formats.cpp.
struct SbomFormat {
    std::string_view name;                      ///< "spdx", as it stands before a colon
    std::span<const std::string_view> endings;  ///< of files that are of this format
    std::string_view inside;                    ///< where an image carries it
    std::string (*render)(const Sbom&) = nullptr;
};
std::span<const SbomFormat> sbom_formats();

std::string render_spdx(const Sbom& sbom);
std::string render_cyclonedx(const Sbom& sbom);

}  // namespace slimimg::report
