#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "slimimg/elf/elf.hpp"
#include "slimimg/rootfs/rootfs.hpp"

namespace slimimg::closure::loader {

/// What a dynamic loader was built to do, as its own bytes tell.
struct LoaderInfo {
    enum class Kind { glibc, musl, unknown } kind = Kind::unknown;
    elf::Abi abi;

    // glibc
    std::vector<std::string> system_folders;  ///< in search order, each with a "/" at the end
    std::string lib;                          ///< what $LIB stands for
    bool legacy_hardware = true;              ///< up to 2.36: "tls" and the like are searched
    std::vector<std::string> hwcaps_folders;  ///< below glibc-hwcaps, the best first

    // musl
    std::string architecture;  ///< of "/etc/ld-musl-<architecture>.path"

    // gcompat's interpreter for glibc programs on musl: it starts another loader, with a library
    // to preload. Both empty for anything else.
    std::string real_loader;
    std::string preload;
};

/// Reads the tables in a loader's constant data: for any distribution and machine what it says
/// itself. Kind::unknown where the bytes are of neither loader.
LoaderInfo read_loader_info(Bytes file, const elf::Abi& abi);

/// A guess where there is no loader to read, by the folders that the image has.
LoaderInfo guess_loader_info(const rootfs::Rootfs& rootfs, const elf::Abi& abi);

}  // namespace slimimg::closure::loader
