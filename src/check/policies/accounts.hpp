#pragma once

#include <string>
#include <string_view>

#include "slimimg/image/image.hpp"
#include "slimimg/rootfs/rootfs.hpp"

namespace slimimg::check::policies {

/// USER of a config: names or numbers.
struct User {
    std::string name;   ///< empty: root
    std::string group;  ///< empty: the user's own

    [[nodiscard]] bool is_root() const { return name.empty() || name == "0" || name == "root"; }
};
User user_of(const image::Config& config);

bool is_number(std::string_view text);
/// True where a file in the form of passwd(5) or group(5) has an entry of this name, or for a
/// number one of this number.
bool has_account(const rootfs::Rootfs& rootfs, std::string_view file, std::string_view account);

}  // namespace slimimg::check::policies
