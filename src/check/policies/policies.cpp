#include "check/policies/policies.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace slimimg::check {
namespace {

constexpr std::array<std::string_view, 4> level_names{"off", "note", "warning", "error"};

}  // namespace

std::span<const Policy* const> all_policies() {
    static const std::array list{
        &policies::entrypoint,
        &policies::unresolved,
        &policies::version,
    };
    return list;
}

std::span<const PolicyInfo> policy_infos() {
    static const std::vector<PolicyInfo> infos = [] {
        std::vector<PolicyInfo> all;
        for (const Policy* policy : all_policies()) {
            all.push_back(policy->info);
        }
        return all;
    }();
    return infos;
}

const PolicyInfo* find_policy(std::string_view id) {
    const auto all = policy_infos();
    const auto at =
        std::find_if(all.begin(), all.end(), [&](const auto& info) { return info.id == id; });
    return at == all.end() ? nullptr : &*at;
}

std::string_view level_name(Level level) {
    return level_names[static_cast<std::size_t>(level)];
}

std::optional<Level> parse_level(std::string_view name) {
    const auto at = std::find(level_names.begin(), level_names.end(), name);
    return at == level_names.end() ? std::nullopt
                                   : std::optional(static_cast<Level>(at - level_names.begin()));
}

}  // namespace slimimg::check
