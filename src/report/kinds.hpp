#pragma once

#include <string_view>

#include "slimimg/report/report.hpp"
#include "slimimg/rootfs/rootfs.hpp"

namespace slimimg::report {

/// "file", "directory", "symlink", "hardlink", …: as reports call them.
std::string_view type_name(archive::EntryType type);

/// Content of the files that a layer lists, in bytes.
std::uint64_t content_bytes(const archive::LayerScan& layer);

/// The first bytes of a file, wherever they stand; empty for anything else and for a sparse file,
/// which is not laid out just to be sorted.
std::string_view head_of(const rootfs::Rootfs& rootfs, const rootfs::Node& node);

/// Sorts a file by its path, its head and whether a package owns it.
Kind kind_of_file(std::string_view path, std::string_view head, bool owned);

/// Adds what one path means to an intruder.
void add_to_surface(Surface& surface, std::string_view path, const archive::Header& header,
                    bool elf);

}  // namespace slimimg::report
