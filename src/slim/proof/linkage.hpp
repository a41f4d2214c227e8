#pragma once

#include <string>
#include <tuple>
#include <vector>

#include "slimimg/base/diagnostic.hpp"
#include "slimimg/base/run_options.hpp"

#include "slim/proof/processes.hpp"

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

/// Links the ELF files among `files` (paths; what is no ELF file of the tree is passed over) and
/// checks libraries, versions and symbols in every process.
Linkage check_linkage(closure::ElfStore& store, const std::vector<std::string>& files,
                      const closure::LoaderEnvironment& environment, const RunOptions& run);

/// Interpreters and libraries that the loaders do not find.
void check_libraries(const std::vector<Process>& processes, const rootfs::Rootfs& tree,
                     Linkage& linkage);

/// Versions that glibc's loader demands of libraries (elf/dl-version.c, _dl_check_map_versions).
/// musl's does not look at them.
void check_versions(const std::vector<Process>& processes, closure::ElfStore& store,
                    Linkage& linkage);

/// Strong undefined symbols. In a program's process its objects in order are the scope; those of
/// a module may come from any ELF file here, as which program loads it, together with what else,
/// is not known.
void check_symbols(const std::vector<Process>& processes, const std::vector<rootfs::NodeId>& files,
                   closure::ElfStore& store, const RunOptions& run, Linkage& linkage);

}  // namespace slimimg::slim::proof
