#include "slimimg/base/sizes.hpp"

#include "check/policies/policies.hpp"

namespace slimimg::check::policies {
namespace {

constexpr std::uint64_t bytes_by_default = 1'000'000;

void inspect(Inspection& look) {
    const std::uint64_t least = look.thresholds().debug_bytes.value_or(bytes_by_default);
    for (const auto& [node, reasons] : look.analysis().closure.kept) {
        const elf::ElfFacts* const facts =
            look.rootfs()[node].inode == node ? look.elf(node) : nullptr;
        if (facts == nullptr || facts->debug_bytes < least || facts->debug_bytes == 0) {
            continue;
        }
        const Text& path = look.rootfs()[node].path;
        look.find_at(node, {.message = path + " has " + human_bytes(facts->debug_bytes) +
                                       " of debug sections",
                            .fix = "strip --strip-debug it (go build -ldflags=-w, cargo's "
                                   "strip = \"debuginfo\"), and keep the symbols elsewhere",
                            .bytes = facts->debug_bytes});
    }
}

}  // namespace

const Policy debug_sections{
    {.id = "debug-sections",
     .level = Level::note,
     .distroless = Level::note,
     .title = "Debug sections in a program that is needed",
     .reason = "They are read by debuggers alone, and often more than the program itself. Told "
               "from 1 MB in a file on; limits.debug sets another size."},
    inspect};

}  // namespace slimimg::check::policies
