#include "check/inspection.hpp"

namespace slimimg::check {

Inspection::Inspection(const slim::Analysis& analysis, const CheckSettings& settings,
                       const Efficiency& efficiency, const RunOptions& run)
    : analysis_(analysis),
      settings_(settings),
      efficiency_(efficiency),
      run_(run),
      elves_(analysis.rootfs, run.limits) {}

bool Inspection::is_kept(rootfs::NodeId node) const {
    return analysis_.closure.kept.contains(node);
}

bool Inspection::is_packaged(rootfs::NodeId node) const {
    return analysis_.packages.owner(node).has_value();
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
