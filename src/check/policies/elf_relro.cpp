#include "check/policies/elf_files.hpp"
#include "check/policies/policies.hpp"

namespace slimimg::check::policies {
namespace {

void inspect(Inspection& look) {
    for_each_kept_elf(look, [&](rootfs::NodeId node, const elf::ElfFacts& facts) {
        if (facts.dynamic && !facts.needed.empty() && !facts.relro &&
            !is_built_by_others(look, node)) {
            look.find_at(node, {.message = look.rootfs()[node].path +
                                           " leaves its relocations writable (no RELRO)",
                                .fix = "link it with -Wl,-z,relro,-z,now"});
        }
    });
}

}  // namespace

const Policy elf_relro{
    {.id = "elf-relro",
     .level = Level::note,
     .distroless = Level::note,
     .title = "A dynamic program or library without RELRO",
     .reason = "The table of the functions that it calls can be overwritten while it runs. What "
               "packages bring is built as its distribution wants it, and not meant."},
    inspect};

}  // namespace slimimg::check::policies
