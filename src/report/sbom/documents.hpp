#pragma once

#include <string>
#include <string_view>

#include "slimimg/report/sbom.hpp"

/// What both formats say in the same way.
namespace slimimg::report {

/// A UUID that follows from a text: its SHA-256 in the form of RFC 9562, version 8.
std::string uuid_of(std::string_view text);

/// "-"-joined letters, digits and dots, as ids of both formats may be.
std::string id_text(std::string_view text);

}  // namespace slimimg::report
