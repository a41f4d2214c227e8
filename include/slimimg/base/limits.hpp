#pragma once

#include <cstdint>

namespace slimimg {

/// What an image may ask of the machine before it is refused. Named here and nowhere else; the
/// user can set each with --limit (limit_names.hpp).
struct Limits {
    std::uint64_t entries = 5'000'000;           ///< files of one layer
    std::uint64_t implied_folders = 1'000'000;   ///< that an image's files stand in, unlisted
    std::uint64_t implied_bytes = 128ULL << 20;  ///< of the paths of those folders
    std::uint64_t layers = 50'000;               ///< layers of one image
    std::uint64_t path_bytes = 4096;             ///< PATH_MAX of Linux
    std::uint64_t layer_bytes = 64ULL << 30;     ///< one layer, inflated
    std::uint64_t expansion_ratio = 1100;        ///< inflated / stored; deflate's own limit is 1032
    std::uint64_t expansion_floor = 64ULL << 20;  ///< below this size the ratio is not asked
    std::uint64_t json_bytes = 32ULL << 20;       ///< a manifest, index or config
    std::uint64_t json_depth = 64;
    std::uint64_t elf_bytes = 8ULL << 30;     ///< an ELF file that is looked into
    std::uint64_t sparse_bytes = 1ULL << 30;  ///< a sparse file that must be laid out to be read
    std::uint64_t symlinks = 40;              ///< MAXSYMLINKS of Linux, in one look-up
};

}  // namespace slimimg
