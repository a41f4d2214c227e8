#include "slimimg/base/path.hpp"

#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

/// The same zones once more, counted with and without leap seconds; no program asks for them by
/// itself.
bool is_wanted(const rootfs::Node& node) {
    return !path::is_within(node.path, "/usr/share/zoneinfo/right") &&
           !path::is_within(node.path, "/usr/share/zoneinfo/posix");
}

void start(Evidence& evidence) {
    for (const BasePath& wanted : evidence.request().base) {
        const Reason reason{base.id, std::nullopt, Confidence::required, wanted.why};
        const rootfs::Resolution found = evidence.rootfs().resolve(wanted.path);
        for (const rootfs::NodeId link : found.links) {
            evidence.keep(link, reason);
        }
        if (found.node) {
            evidence.keep_tree(*found.node, reason, is_wanted);
        }
    }
}

}  // namespace

const Rule base{.id = "base", .summary = "the chosen base style has it", .start = start};

}  // namespace slimimg::closure::rules
