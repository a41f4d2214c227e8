#pragma once

#include <string>
#include <string_view>

namespace slimimg::report {

/// As content, or as an attribute's value in double quotes, of HTML and XML; control characters and
/// bytes that are no UTF-8 are shown as path::printable shows them.
std::string markup(std::string_view text);

}  // namespace slimimg::report
