#pragma once

#include <compare>
#include <string>
#include <vector>

#include "slimimg/base/run_options.hpp"
#include "slimimg/closure/closure.hpp"

namespace slimimg::slim::proof {

/// A need that nothing in a tree answers. Told in paths, so that those of two trees compare.
struct Gap {
    std::string program;  ///< whose process it is; of a module, the module
    std::string object;   ///< the file that needs it
    std::string kind;     ///< "library", "interpreter", "version", "symbol"
    std::string name;
    std::string detail;

    /// Without the detail, which may differ where the gap is the same.
    [[nodiscard]] auto key() const { return std::tie(program, object, kind, name); }
};

/// What linking the ELF files of a tree showed.
struct Linkage {
    std::size_t programs = 0;
    std::size_t libraries = 0;
    std::size_t symbols = 0;  ///< strong undefined ones that something defines
    std::vector<Gap> gaps;    ///< in order of their keys
    std::vector<Diagnostic> diagnostics;
};

/// Links each program of `files` (paths; what is no ELF file of the tree is passed over) as its
/// loader does, and each shared object that is part of no program as a module of some program:
/// libraries, versions, symbols. A module's symbols may come from any of the files, as which
/// program loads it together with what else is not known.
Linkage link_all(const rootfs::Rootfs& tree, const std::vector<std::string>& files,
                 closure::ElfStore& store, const closure::LoaderEnvironment& environment,
                 const RunOptions& run);

}  // namespace slimimg::slim::proof
