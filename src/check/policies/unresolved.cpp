#include "slimimg/base/quoting.hpp"

#include "check/policies/policies.hpp"

namespace slimimg::check::policies {
namespace {

void inspect(Inspection& look) {
    for (const closure::Unresolved& what : look.analysis().closure.unresolved) {
        // A command that cannot be started is the entrypoint's own policy.
        if (!what.fatal() || (what.kind == "command" && !what.needed_by)) {
            continue;
        }
        const std::string named = what.kind + ' ' + what.name;
        const std::string detail = what.detail.empty() ? "" : " (" + what.detail + ")";
        // What ends in a carriage return cannot be typed, nor installed.
        const std::string remedy = what.name.ends_with('\r')
                                       ? "save the script with Unix line ends"
                                       : "install the package that has " + what.name +
                                             "; --allow-missing " + shell_word(what.name) +
                                             " accepts it";
        Found found{.message = named + " is missing" + detail, .fix = remedy, .subject = named};
        if (what.needed_by) {
            found.message = look.rootfs()[*what.needed_by].path + " needs " + named +
                            ", which is missing" + detail;
            look.find_at(*what.needed_by, std::move(found));
        } else {
            look.find(std::move(found));
        }
    }
}

}  // namespace

const Policy unresolved{
    {.id = "unresolved",
     .level = Level::error,
     .distroless = Level::error,
     .title = "A library, interpreter or command that the program needs is missing",
     .reason = "The loader or the kernel refuses to start the program, or it ends when it comes to "
               "need it. Looked at is what the entrypoint leads to, not every file."},
    inspect};

}  // namespace slimimg::check::policies
