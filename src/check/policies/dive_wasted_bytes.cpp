#include "slimimg/base/sizes.hpp"

#include "check/policies/policies.hpp"
#include "check/policies/wasted.hpp"

namespace slimimg::check::policies {
namespace {

void inspect(Inspection& look) {
    const Waste& waste = look.waste();
    const auto highest = look.thresholds().highest_wasted_bytes;
    if (!highest || waste.figures.wasted_bytes <= *highest) {
        return;
    }
    look.find({.message = "the layers waste " + human_bytes(waste.figures.wasted_bytes) +
                          ", the most is " + human_bytes(*highest) + most_wasted(waste),
               .fix = wasted_fix,
               .bytes = waste.figures.wasted_bytes});
}

}  // namespace

const Policy dive_wasted_bytes{
    {.id = "dive-wasted-bytes",
     .level = Level::warning,
     .distroless = Level::warning,
     .title = "dive's highestWastedBytes",
     .reason =
         "Asked only where a limit is set, as in dive. Counted are the bytes of copies that a "
         "later layer replaces or deletes."},
    inspect};

}  // namespace slimimg::check::policies
