#include "slimimg/base/sizes.hpp"

#include "check/policies/policies.hpp"
#include "check/words.hpp"

namespace slimimg::check::policies {
namespace {

constexpr double growth_by_default = 10;

void inspect(Inspection& look) {
    const auto baseline = look.thresholds().baseline_bytes;
    const double limit = look.thresholds().growth.value_or(growth_by_default);
    const std::uint64_t bytes = look.analysis().before_bytes;
    if (!baseline || bytes <= *baseline) {
        return;
    }
    const auto base = static_cast<double>(*baseline);
    const double grown = *baseline == 0 ? 100 : 100 * (static_cast<double>(bytes) - base) / base;
    if (grown <= limit) {
        return;
    }
    look.find({.message = "the image has grown by " + percent(grown) + ", from " +
                          human_bytes(*baseline) + " to " + human_bytes(bytes) + "; its limit is " +
                          percent(limit),
               .fix = "slimimg diff tells what has grown; a new baseline accepts it",
               .bytes = bytes - *baseline});
}

}  // namespace

const Policy growth{{.id = "growth",
                     .level = Level::error,
                     .distroless = Level::error,
                     .title = "The image has grown too much since its baseline",
                     .reason = "Asked only where a baseline is given. Images grow by accident: a "
                               "cache, a compiler, a second copy."},
                    inspect};

}  // namespace slimimg::check::policies
