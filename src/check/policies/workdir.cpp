#include "slimimg/base/path.hpp"

#include "check/policies/policies.hpp"

namespace slimimg::check::policies {
namespace {

void inspect(Inspection& look) {
    const std::string workdir = path::normalize(look.config().workdir);
    const rootfs::Resolution found = look.rootfs().resolve(workdir);
    if (look.config().workdir.empty() ||
        (found.node && look.rootfs()[*found.node].is_directory())) {
        return;
    }
    look.find({.message = "WORKDIR " + workdir +
                          (found.node ? " is not a folder" : " is not in the image"),
               .fix = found.node ? "name a folder in WORKDIR"
                                 : "set WORKDIR in the stage that is shipped, or COPY the folder",
               .path = workdir});
}

}  // namespace

const Policy workdir{
    {.id = "workdir",
     .level = Level::note,
     .distroless = Level::note,
     .title = "WORKDIR is not in the image",
     .reason = "Engines make it, owned by root, where the root file system can be written to; with "
               "--read-only the container does not start."},
    inspect};

}  // namespace slimimg::check::policies
