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
        &policies::script_interpreter,
        &policies::dangling_link,
        &policies::user,
        &policies::user_number,
        &policies::root_user,
        &policies::workdir,
        &policies::volume,
        &policies::secret,
        &policies::generated_key,
        &policies::set_id,
        &policies::world_writable,
        &policies::shell,
        &policies::package_manager,
        &policies::size,
        &policies::growth,
        &policies::reduction,
        &policies::dive_efficiency,
        &policies::dive_wasted_bytes,
        &policies::dive_wasted_percent,
        &policies::deleting_layer,
        &policies::cache_files,
        &policies::duplicate_files,
        &policies::debug_sections,
        &policies::elf_executable_stack,
        &policies::elf_search_path,
        &policies::elf_pie,
        &policies::elf_relro,
        &policies::elf_stack_protector,
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
