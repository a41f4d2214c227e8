#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "slimimg/report/report.hpp"

namespace slimimg::report {

/// The reasons of a node as the reports tell them; empty where there are none.
std::vector<Reason> told_of(const std::map<rootfs::NodeId, std::vector<closure::Reason>>& reasons,
                            rootfs::NodeId node, const rootfs::Rootfs& rootfs);
Reason told(const closure::Reason& reason, const rootfs::Rootfs& rootfs);

/// Why the plan has an entry that no rule asked for, or has changed one: rule "made" for what
/// slimimg writes itself, "root" for what stays because any program expects it.
Reason reason_of_plan(const slim::PlanItem& item);

/// What the image lacks.
std::vector<Unresolved> unresolved_of(const slim::Analysis& analysis);

}  // namespace slimimg::report
