#include "slimimg/base/path.hpp"
#include "slimimg/base/quoting.hpp"

#include "check/policies/accounts.hpp"
#include "check/policies/policies.hpp"

namespace slimimg::check::policies {
namespace {

void inspect(Inspection& look) {
    const User user = user_of(look.config());
    for (const std::string& volume : look.config().volumes) {
        const std::string folder = path::normalize(volume);
        const rootfs::Resolution found = look.rootfs().resolve(folder);
        if (found.node && !look.rootfs()[*found.node].is_directory()) {
            look.find({.message = "VOLUME " + folder + " is not a folder",
                       .fix = "name a folder in VOLUME",
                       .path = folder});
        } else if (!found.node && !user.is_root()) {
            look.find({.message = "VOLUME " + folder +
                                  " is not in the image, so that it will be "
                                  "root's and USER " +
                                  look.config().user + " cannot write to it",
                       .fix = "RUN install -d -o " + shell_word(user.name) + ' ' +
                              shell_word(folder) + " before VOLUME",
                       .path = folder});
        }
    }
}

}  // namespace

const Policy volume{
    {.id = "volume",
     .level = Level::warning,
     .distroless = Level::warning,
     .title = "A VOLUME is missing that the user is to write to",
     .reason = "A volume takes owner and mode of the folder in the image. Where there is none the "
               "engine makes it, as root, and a program that is not root cannot write."},
    inspect};

}  // namespace slimimg::check::policies
