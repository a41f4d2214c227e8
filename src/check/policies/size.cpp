#include "slimimg/base/sizes.hpp"

#include "check/policies/policies.hpp"

namespace slimimg::check::policies {
namespace {

void inspect(Inspection& look) {
    const auto limit = look.thresholds().size;
    const std::uint64_t bytes = look.analysis().before_bytes;
    if (!limit || bytes <= *limit) {
        return;
    }
    look.find(
        {.message = "the image has " + human_bytes(bytes) + ", its limit is " + human_bytes(*limit),
         .fix = "slimimg analyze tells what takes the room, and what could go",
         .bytes = bytes});
}

}  // namespace

const Policy size{{.id = "size",
                   .level = Level::error,
                   .distroless = Level::error,
                   .title = "The image is larger than its limit",
                   .reason = "Asked only where limits.size is set. Every byte is pulled and stored "
                             "on every node."},
                  inspect};

}  // namespace slimimg::check::policies
