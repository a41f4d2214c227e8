#include "check/policies/elf_files.hpp"
#include "check/policies/policies.hpp"

namespace slimimg::check::policies {
namespace {

void inspect(Inspection& look) {
    for_each_kept_elf(look, [&](rootfs::NodeId node, const elf::ElfFacts& facts) {
        if (facts.type == elf::ElfFacts::Type::executable && !is_built_by_others(look, node)) {
            look.find_at(node, {.message = look.rootfs()[node].path +
                                           " is loaded at a fixed address (no PIE)",
                                .fix = "build it with -fPIE -pie (go build -buildmode=pie)"});
        }
    });
}

}  // namespace

const Policy elf_pie{
    {.id = "elf-pie",
     .level = Level::note,
     .distroless = Level::note,
     .title = "A program that is not position-independent",
     .reason = "Its code stands at the same addresses in every process, which exploits build on. "
               "What packages bring is built as its distribution wants it, and not meant."},
    inspect};

}  // namespace slimimg::check::policies
