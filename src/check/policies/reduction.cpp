#include <algorithm>

#include "slimimg/base/sizes.hpp"

#include "check/policies/policies.hpp"
#include "check/words.hpp"

namespace slimimg::check::policies {
namespace {

constexpr double reduction_by_default = 50;

void inspect(Inspection& look) {
    const slim::Analysis& analysis = look.analysis();
    const auto& kept = analysis.closure.kept;
    const auto& unresolved = analysis.closure.unresolved;
    // Without a program nothing is known to be needed, and what lacks something cannot be rebuilt.
    const bool can_be_rebuilt =
        std::any_of(kept.begin(), kept.end(),
                    [&](const auto& node) { return look.rootfs()[node.first].is_file(); }) &&
        std::none_of(unresolved.begin(), unresolved.end(),
                     [](const auto& what) { return what.fatal(); });
    const std::uint64_t before = analysis.before_bytes;
    const std::uint64_t after = analysis.plan.bytes;
    if (!can_be_rebuilt || after >= before) {
        return;
    }
    const double saved = 100 * static_cast<double>(before - after) / static_cast<double>(before);
    if (saved <= look.thresholds().reduction.value_or(reduction_by_default)) {
        return;
    }
    look.find({.message = "the image could be " + percent(saved) + " smaller: " +
                          human_bytes(before) + " now, " + human_bytes(after) + " rebuilt",
               .fix = "slimimg rebuild writes it, slimimg analyze shows what would go",
               .bytes = before - after});
}

}  // namespace

const Policy reduction{
    {.id = "reduction",
     .level = Level::note,
     .distroless = Level::note,
     .title = "The image could be much smaller",
     .reason =
         "What the program does not need is pulled, stored, scanned and patched all the "
         "same. Measured is what slimimg rebuild would leave; where no limit is set, told from "
         "more than 50 % on."},
    inspect};

}  // namespace slimimg::check::policies
