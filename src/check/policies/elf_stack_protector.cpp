#include <algorithm>
#include <array>

#include "check/policies/elf_files.hpp"
#include "check/policies/policies.hpp"

namespace slimimg::check::policies {
namespace {

using namespace std::string_view_literals;

/// C functions that fill a caller's buffer, which is often on the stack.
constexpr std::array fillers{"strcpy"sv, "strcat"sv, "sprintf"sv, "gets"sv,
                             "scanf"sv,  "sscanf"sv, "fscanf"sv,  "vsprintf"sv};

void inspect(Inspection& look) {
    for_each_kept_elf(look, [&](rootfs::NodeId node, const elf::ElfFacts& facts) {
        if (!facts.dynamic || is_built_by_others(look, node)) {
            return;
        }
        std::vector<Diagnostic> ignored;
        const Slice content = look.rootfs().content(node);
        const auto symbols = elf::read_dynamic_symbols(content.bytes, look.run().limits, ignored);
        const auto imports = [&](std::string_view name) {
            return std::any_of(symbols.begin(), symbols.end(), [&](const auto& symbol) {
                return !symbol.defined && symbol.name == name;
            });
        };
        if (std::any_of(fillers.begin(), fillers.end(), imports) && !imports("__stack_chk_fail") &&
            !imports("__stack_chk_guard")) {
            look.find_at(node, {.message = look.rootfs()[node].path +
                                           " has no stack protector and fills buffers without "
                                           "regard to their size",
                                .fix = "compile it with -fstack-protector-strong"});
        }
    });
}

}  // namespace

const Policy elf_stack_protector{
    {.id = "elf-stack-protector",
     .level = Level::off,
     .distroless = Level::off,
     .title = "A C program or library without stack protector",
     .reason = "An overflow on the stack is not noticed. Off by default: from outside it cannot be "
               "told whether a file has a function that wants protection. Looked at are files that "
               "call strcpy, sprintf and their kin."},
    inspect};

}  // namespace slimimg::check::policies
