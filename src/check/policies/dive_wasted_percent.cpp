#include "slimimg/base/sizes.hpp"

#include "check/policies/policies.hpp"
#include "check/policies/wasted.hpp"
#include "check/words.hpp"

namespace slimimg::check::policies {
namespace {

constexpr double highest_by_default = 0.1;

void inspect(Inspection& look) {
    const Waste& waste = look.waste();
    const auto& limit = look.thresholds().highest_wasted_percent;
    const double highest = limit.value_or(highest_by_default);
    if (waste.figures.wasted_percent <= highest || !is_worth_telling(waste, limit)) {
        return;
    }
    look.find({.message = "the layers above the lowest waste " +
                          percent(100 * waste.figures.wasted_percent) + " of what they hold (" +
                          human_bytes(waste.figures.wasted_bytes) + "), the most is " +
                          percent(100 * highest) + most_wasted(waste),
               .fix = wasted_fix,
               .bytes = waste.figures.wasted_bytes});
}

}  // namespace

const Policy dive_wasted_percent{
    {.id = "dive-wasted-percent",
     .level = Level::warning,
     .distroless = Level::warning,
     .title = "dive's highestUserWastedPercent",
     .reason = "The wasted bytes by what the layers above the lowest hold: those are the image's "
               "own, the lowest is its base. Where no limit is set, told from 5 MB on."},
    inspect};

}  // namespace slimimg::check::policies
