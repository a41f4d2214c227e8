#include "reasons.hpp"

namespace slimimg::report {

Reason told(const closure::Reason& reason, const rootfs::Rootfs& rootfs) {
    return {.rule = reason.rule,
            .from = reason.from ? rootfs[*reason.from].path : Text(),
            .confidence = closure::confidence_name(reason.confidence),
            .detail = reason.detail};
}

std::vector<Reason> told_of(const std::map<rootfs::NodeId, std::vector<closure::Reason>>& reasons,
                            rootfs::NodeId node, const rootfs::Rootfs& rootfs) {
    std::vector<Reason> result;
    if (const auto found = reasons.find(node); found != reasons.end()) {
        for (const closure::Reason& reason : found->second) {
            result.push_back(told(reason, rootfs));
        }
    }
    return result;
}

Reason reason_of_plan(const slim::PlanItem& item) {
    return {.rule = item.source && !item.content ? "root" : "made",
            .from = {},
            .confidence = "required",
            .detail = item.why};
}

std::vector<Unresolved> unresolved_of(const slim::Analysis& analysis) {
    std::vector<Unresolved> result;
    for (const closure::Unresolved& what : analysis.closure.unresolved) {
        result.push_back({.name = what.name,
                          .needed_by = what.needed_by ? analysis.rootfs[*what.needed_by].path : "",
                          .kind = what.kind,
                          .detail = what.detail,
                          .required = what.required,
                          .allowed = what.allowed});
    }
    return result;
}

}  // namespace slimimg::report
