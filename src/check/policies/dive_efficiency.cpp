#include "slimimg/base/sizes.hpp"

#include "check/policies/policies.hpp"
#include "check/policies/wasted.hpp"
#include "check/words.hpp"

namespace slimimg::check::policies {
namespace {

constexpr double lowest_by_default = 0.9;

void inspect(Inspection& look) {
    const Waste& waste = look.waste();
    const auto& limit = look.thresholds().lowest_efficiency;
    const double lowest = limit.value_or(lowest_by_default);
    if (waste.figures.efficiency >= lowest || !is_worth_telling(waste, limit)) {
        return;
    }
    look.find({.message = "the layers' efficiency is " + percent(100 * waste.figures.efficiency) +
                          ", the least is " + percent(100 * lowest) + most_wasted(waste),
               .fix = wasted_fix,
               .bytes = waste.figures.wasted_bytes});
}

}  // namespace

const Policy dive_efficiency{
    {.id = "dive-efficiency",
     .level = Level::warning,
     .distroless = Level::warning,
     .title = "dive's lowestEfficiency",
     .reason =
         "The smallest copies of all paths, by the copies that the layers hold: what layers "
         "repeat or later delete is pulled in vain. Where no limit is set, told from 5 MB on."},
    inspect};

}  // namespace slimimg::check::policies
