#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace slimimg::check {

/// How much a finding weighs. `off`: the policy is not asked.
enum class Level { off, note, warning, error };
/// "off", "note", "warning", "error"
std::string_view level_name(Level level);
/// Of one of those names.
std::optional<Level> parse_level(std::string_view name);

/// What is known of a policy without any image. All texts have static storage.
struct PolicyInfo {
    std::string_view id;           ///< kebab-case; stable: settings, waivers and reports name it
    Level level = Level::warning;  ///< by default
    Level distroless = Level::warning;           ///< with the profile "distroless"
    std::string_view title;                      ///< what it finds: "A secret in a layer"
    std::string_view reason;                     ///< why that matters, in a sentence or two
    std::string_view docs = "docs/policies.md";  ///< where it is told in full; the anchor is the id
};

/// All policies, in the order in which findings are told.
std::span<const PolicyInfo> policy_infos();
/// Null where there is none of this id.
const PolicyInfo* find_policy(std::string_view id);

}  // namespace slimimg::check
