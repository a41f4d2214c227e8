#include "check/policies/elf_files.hpp"
#include "check/policies/policies.hpp"

namespace slimimg::check::policies {
namespace {

void inspect(Inspection& look) {
    for_each_kept_elf(look, [&](rootfs::NodeId node, const elf::ElfFacts& facts) {
        if (facts.executable_stack && (facts.is_program() || facts.dynamic) &&
            !is_built_by_others(look, node)) {
            look.find_at(node, {.message = look.rootfs()[node].path +
                                           " asks for a stack that can be executed",
                                .fix = "link it with -Wl,-z,noexecstack; assembly files need a "
                                       ".note.GNU-stack section"});
        }
    });
}

}  // namespace

const Policy elf_executable_stack{
    {.id = "elf-executable-stack",
     .level = Level::warning,
     .distroless = Level::warning,
     .title = "An executable stack",
     .reason = "One such file makes the stacks of the whole process executable, and an overflow on "
               "the stack into code. glibc 2.41 refuses to dlopen such a library."},
    inspect};

}  // namespace slimimg::check::policies
