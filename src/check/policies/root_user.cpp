#include <algorithm>
#include <array>

#include "slimimg/base/path.hpp"

#include "check/policies/accounts.hpp"
#include "check/policies/policies.hpp"

namespace slimimg::check::policies {
namespace {

using namespace std::string_view_literals;

/// What entrypoints that start as root call to become another user.
constexpr std::array droppers{"gosu"sv,     "su-exec"sv,      "setpriv"sv, "runuser"sv,
                              "chpst"sv,    "s6-setuidgid"sv, "su"sv,      "start-stop-daemon"sv,
                              "setuidgid"sv};

bool drops_root(const Inspection& look) {
    const auto& kept = look.analysis().closure.kept;
    return std::any_of(kept.begin(), kept.end(), [&](const auto& node) {
        const rootfs::Node& file = look.rootfs()[node.first];
        return !file.is_directory() && std::find(droppers.begin(), droppers.end(),
                                                 path::basename(file.path)) != droppers.end();
    });
}

void inspect(Inspection& look) {
    if (look.config().argv().empty() || !user_of(look.config()).is_root() || drops_root(look)) {
        return;
    }
    look.find({.message = "the program runs as root",
               .fix = "end the Dockerfile with USER and a number, as USER 65532"});
}

}  // namespace

const Policy root_user{
    {.id = "root-user",
     .level = Level::note,
     .distroless = Level::error,
     .title = "The program runs as root",
     .reason = "Whoever takes it over has root in the container, and one mistake of the kernel or "
               "the engine away, on the host. Not told where the entrypoint has a program that "
               "gives root up (gosu, su-exec, setpriv); servers that do so themselves are told."},
    inspect};

}  // namespace slimimg::check::policies
