#pragma once

#include <string_view>
#include <vector>

#include "slimimg/report/sbom.hpp"

namespace slimimg::report {

/// An SPDX expression (or a sole id) with names that SPDX does not know as references.
Licence licence_of_expression(std::string_view text);
/// Of a Debian copyright file in the machine-readable form (copyright-format 1.0): the licences of
/// all its Files paragraphs together. Unknown for other forms.
Licence licence_of_copyright(std::string_view text);
/// Of Python's METADATA: License-Expression, else classifiers, else a License that is an id.
Licence licence_of_metadata(std::string_view text);

}  // namespace slimimg::report
