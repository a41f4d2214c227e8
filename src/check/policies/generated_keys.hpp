#pragma once

#include <string_view>

namespace slimimg::check::policies {

/// True for a private key that a package made when it was installed: SSH's host keys, Debian's
/// self-signed certificate.
bool is_generated_key(std::string_view path);

}  // namespace slimimg::check::policies
