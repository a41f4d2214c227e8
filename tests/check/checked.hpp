#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/check/check.hpp"

#include "support/tar.hpp"

namespace test {

/// An image of these layers and this config, and what the check finds in it.
struct Checked {
    slimimg::check::CheckReport report;

    Checked(const std::vector<std::string>& layers, const std::string& container,
            const slimimg::check::CheckSettings& settings = {},
            const std::string& architecture = "amd64");

    /// The messages of a policy's findings, waived ones too.
    [[nodiscard]] std::vector<std::string> of(std::string_view policy) const;
    /// The paths of a policy's findings.
    [[nodiscard]] std::vector<std::string> paths_of(std::string_view policy) const;
    /// The one finding of a policy; fails the test where there are none or several.
    [[nodiscard]] const slimimg::check::Finding& one(std::string_view policy) const;
    [[nodiscard]] bool finds(std::string_view policy) const { return !of(policy).empty(); }
};

/// Settings with one policy on, at level error.
slimimg::check::CheckSettings with_policy(std::string_view id);

}  // namespace test
