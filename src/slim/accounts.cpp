#include "slim/accounts.hpp"

#include <algorithm>

namespace slimimg::slim {
namespace {

std::string_view next_line(std::string_view& text) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    return line;
}

std::string_view next_field(std::string_view& line) {
    const std::string_view field = line.substr(0, line.find(':'));
    line.remove_prefix(std::min(field.size() + 1, line.size()));
    return field;
}

bool has_entry(std::string_view file, std::string_view name) {
    while (!file.empty()) {
        std::string_view line = next_line(file);
        if (next_field(line) == name) {
            return true;
        }
    }
    return false;
}

}  // namespace

std::optional<Account> find_account(std::string_view passwd, std::string_view user) {
    while (!passwd.empty()) {
        std::string_view line = next_line(passwd);
        Account account;
        account.name = next_field(line);
        next_field(line);  // password
        account.uid = next_field(line);
        account.gid = next_field(line);
        next_field(line);  // full name
        account.home = next_field(line);
        if (account.name == user || account.uid == user) {
            return account;
        }
    }
    return std::nullopt;
}

std::string user_of(const image::Config& config) {
    const std::string user = config.user.substr(0, config.user.find(':'));
    return user.empty() ? "0" : user;
}

std::string with_entries(std::string_view file, std::span<const std::string_view> entries) {
    std::string result(file);
    for (const std::string_view entry : entries) {
        std::string_view rest = entry;
        if (has_entry(file, next_field(rest))) {
            continue;
        }
        result += result.empty() || result.ends_with('\n') ? "" : "\n";
        result += std::string(entry) + '\n';
    }
    return result;
}

Slice passwd_of(const rootfs::Rootfs& rootfs) {
    const auto node = rootfs.resolve("/etc/passwd").node;
    return node ? rootfs.content(*node) : Slice{};
}

}  // namespace slimimg::slim
