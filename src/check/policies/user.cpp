#include <algorithm>
#include <string>

#include "slimimg/base/quoting.hpp"

#include "check/policies/accounts.hpp"
#include "check/policies/policies.hpp"

namespace slimimg::check::policies {
namespace {

void inspect(Inspection& look) {
    const User user = user_of(look.config());
    const auto demand = [&](const std::string& name, const char* file, const char* what) {
        if (name.empty() || is_number(name) || has_account(look.rootfs(), file, name)) {
            return;
        }
        look.find({.message = std::string(what) + ' ' + name + " of USER " + look.config().user +
                              " is not in " + file,
                   .fix = "RUN useradd " + shell_word(name) +
                          " in the stage that is shipped, COPY " + file +
                          ", or give USER as a number",
                   .path = file,
                   .subject = name});
    };
    demand(user.name, "/etc/passwd", "the user");
    demand(user.group, "/etc/group", "the group");
}

}  // namespace

const Policy user{
    {.id = "user",
     .level = Level::error,
     .distroless = Level::error,
     .title = "The user or group of USER is not in the image",
     .reason =
         "Engines look names up in the image's /etc/passwd and /etc/group and refuse to start "
         "the container: \"unable to find user app: no matching entries in passwd file\"."},
    inspect};

}  // namespace slimimg::check::policies
