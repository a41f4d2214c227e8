#include "check/inspection.hpp"

namespace slimimg::check {
namespace {

bool has_rpm_records(const rootfs::Rootfs& rootfs) {
    return rootfs.resolve("/var/lib/rpm").node || rootfs.resolve("/usr/lib/sysimage/rpm").node;
}

}  // namespace

Inspection::Inspection(const slim::Analysis& analysis, const CheckSettings& settings,
                       const Waste& waste, const RunOptions& run)
    : analysis_(analysis),
      settings_(settings),
      waste_(waste),
      run_(run),
      elves_(analysis.rootfs, run.limits),
      has_unread_records_(analysis.packages.packages().empty() && has_rpm_records(rootfs())) {}

bool Inspection::is_kept(rootfs::NodeId node) const {
    return analysis_.closure.kept.contains(node);
}

bool Inspection::is_packaged(rootfs::NodeId node) const {
    return analysis_.packages.owner(node).has_value() ||
           (rootfs()[node].layer == 0 && has_unread_records_);
}

void Inspection::find(Found found) {
    const std::string identity = std::string(policy_) + '\0' + found.path + '\0' + found.subject;
    findings_.push_back({.policy = std::string(policy_),
                         .level = level_,
                         .message = std::move(found.message),
                         .fix = std::move(found.fix),
                         .path = std::move(found.path),
                         .layer = found.layer,
                         .line = found.line,
                         .bytes = found.bytes,
                         .fingerprint = sha256(as_bytes(identity)).hex(),
                         .waived = std::nullopt});
}

void Inspection::find_at(rootfs::NodeId node, Found found) {
    found.path = rootfs()[node].path;
    found.layer = rootfs()[node].layer;
    find(std::move(found));
}

void Inspection::ask(const Policy& policy, Level level) {
    policy_ = policy.info.id;
    level_ = level;
    policy.inspect(*this);
}

}  // namespace slimimg::check
