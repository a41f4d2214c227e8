#pragma once

#include <string>
#include <vector>

#include "slimimg/closure/loader.hpp"

namespace slimimg::slim::proof {

/// A program with all that its loader maps, or a module in some program's process.
struct Process {
    closure::Link link;  ///< of a module: link.program is the module
    bool is_module = false;

    /// What has no loader has nothing to find.
    [[nodiscard]] bool is_static() const {
        return link.kind == closure::Link::Kind::none && !link.missing_interpreter;
    }
};

/// libc.so.6 can be started too: what has a SONAME is a library first.
bool is_library(const elf::ElfFacts& facts);

/// The ELF files among `files` (paths of the tree), one node each, in path order.
std::vector<rootfs::NodeId> elf_files(closure::ElfStore& store,
                                      const std::vector<std::string>& files);

/// Links each program as its loader does, and each shared object that is part of no program as a
/// module: by itself, as `ld.so --list` would do it, and where something is missing so, in the
/// first program in which nothing is, whose libraries and RPATH then count too.
std::vector<Process> link_all(closure::ElfStore& store, const std::vector<rootfs::NodeId>& files,
                              const closure::LoaderEnvironment& environment);

}  // namespace slimimg::slim::proof
