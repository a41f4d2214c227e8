#pragma once

#include <map>
#include <string>
#include <string_view>

namespace slimimg::report {

/// A package URL (package-url/purl-spec): "pkg:deb/debian/libc6@2.36-9?arch=amd64". `folder` is the
/// namespace; it and the name may have slashes.
std::string package_url(std::string_view type, std::string_view folder, std::string_view name,
                        std::string_view version,
                        const std::map<std::string, std::string>& qualifiers = {});

}  // namespace slimimg::report
