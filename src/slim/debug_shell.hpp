#pragma once

#include <string>
#include <vector>

#include "slimimg/image/writer.hpp"
#include "slimimg/slim/slim.hpp"

namespace slimimg::slim {

/// A layer with a shell, as the :debug tags of distroless's images have it: /busybox/busybox and a
/// symlink for each of its commands.
struct DebugShell {
    Plan plan;
    std::vector<Diagnostic> diagnostics;
};

/// Reads the program, a file of this machine. Throws Error (usage) where it is no statically linked
/// ELF program for `platform`.
DebugShell read_debug_shell(const std::string& file, const image::Platform& platform,
                            std::int64_t time);

/// The commands that a busybox has: its table of names, which is sorted and NUL-separated in its
/// constant data (busybox, libbb/appletlib.c). Nothing where there is no such table.
std::vector<std::string> busybox_commands(Bytes file);

/// The slim image with one more layer, "-debug" at its names and /busybox at the end of PATH.
image::NewImage with_debug_shell(image::NewImage slim, image::NewLayer layer);

}  // namespace slimimg::slim
