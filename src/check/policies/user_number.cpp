#include "check/policies/accounts.hpp"
#include "check/policies/policies.hpp"

namespace slimimg::check::policies {
namespace {

void inspect(Inspection& look) {
    const User user = user_of(look.config());
    if (user.is_root() || !is_number(user.name) ||
        has_account(look.rootfs(), "/etc/passwd", user.name)) {
        return;
    }
    look.find({.message = "USER " + user.name + " has no entry in /etc/passwd",
               .fix = "add one where the program asks for its name or home; many do not",
               .path = "/etc/passwd",
               .subject = user.name});
}

}  // namespace

const Policy user_number{
    {.id = "user-number",
     .level = Level::note,
     .distroless = Level::note,
     .title = "USER is a number without an entry in /etc/passwd",
     .reason = "The container starts, and programs that ask who they are (ssh, git, postgres, "
               "Java's user.name) get no answer; the home is /."},
    inspect};

}  // namespace slimimg::check::policies
