#include "check/policies/accounts.hpp"

#include <algorithm>

namespace slimimg::check::policies {
namespace {

std::string_view next_field(std::string_view& line) {
    const std::string_view field = line.substr(0, line.find(':'));
    line.remove_prefix(std::min(field.size() + 1, line.size()));
    return field;
}

}  // namespace

User user_of(const image::Config& config) {
    const std::size_t colon = config.user.find(':');
    return {config.user.substr(0, colon),
            colon == std::string::npos ? "" : config.user.substr(colon + 1)};
}

bool is_number(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool has_account(const rootfs::Rootfs& rootfs, std::string_view file, std::string_view account) {
    const rootfs::Resolution found = rootfs.resolve(file);
    if (!found.node) {
        return false;
    }
    const Slice content = rootfs.content(*found.node);
    std::string_view text = content.text();
    while (!text.empty()) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        const std::string_view name = next_field(line);
        next_field(line);  // password
        if (name == account || (is_number(account) && next_field(line) == account)) {
            return true;
        }
    }
    return false;
}

}  // namespace slimimg::check::policies
