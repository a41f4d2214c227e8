#pragma once

#include "slimimg/base/path.hpp"

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

/// True for what others have built: a package, or the image that this one stands on.
inline bool is_built_by_others(const Inspection& look, rootfs::NodeId node) {
    const rootfs::Node& file = look.rootfs()[node];
    const bool in_base =
        file.layer == 0 && look.rootfs().layers().size() > 1 &&
        (path::is_within(file.path, "/bin") || path::is_within(file.path, "/lib") ||
         (path::is_within(file.path, "/usr") && !path::is_within(file.path, "/usr/local")));
    return in_base || look.is_packaged(node);
}

}  // namespace slimimg::check::policies
