#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "slimimg/image/image.hpp"
#include "slimimg/rootfs/rootfs.hpp"

/// passwd(5) and group(5).
namespace slimimg::slim {

/// An entry of /etc/passwd.
struct Account {
    std::string_view name;
    std::string_view uid;
    std::string_view gid;
    std::string_view home;
};

/// The entry of a user by name or number.
std::optional<Account> find_account(std::string_view passwd, std::string_view user);

/// The user that a config runs its program as, without its group; "0" where it names none.
std::string user_of(const image::Config& config);

/// `file` with those of `entries` behind it whose name (up to the first colon) it lacks.
std::string with_entries(std::string_view file, std::span<const std::string_view> entries);

/// The image's /etc/passwd; empty where there is none.
Slice passwd_of(const rootfs::Rootfs& rootfs);

}  // namespace slimimg::slim
