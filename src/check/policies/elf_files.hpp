#pragma once

#include "check/inspection.hpp"

namespace slimimg::check::policies {

/// Calls `ask` with each ELF file that the program needs, once however many names it has.
template <typename F>
void for_each_kept_elf(Inspection& look, F ask) {
    for (const auto& [node, reasons] : look.analysis().closure.kept) {
        if (look.rootfs()[node].inode != node) {
            continue;
        }
        if (const elf::ElfFacts* const facts = look.elf(node)) {
            ask(node, *facts);
        }
    }
}

}  // namespace slimimg::check::policies
