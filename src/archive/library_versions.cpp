#include "slimimg/archive/library_versions.hpp"

#include <archive.h>
#include <isa-l.h>
#include <libdeflate.h>
#include <lzma.h>
#include <zstd.h>

namespace slimimg::archive {
namespace {

/// "3.6.2" of 3006002.
std::string libarchive_version(int number) {
    return std::to_string(number / 1000000) + '.' + std::to_string(number / 1000 % 1000) + '.' +
           std::to_string(number % 1000);
}

}  // namespace

std::vector<LibraryVersion> library_versions() {
    const std::string isal = std::to_string(ISAL_MAJOR_VERSION) + '.' +
                             std::to_string(ISAL_MINOR_VERSION) + '.' +
                             std::to_string(ISAL_PATCH_VERSION);
    return {
        {"libarchive", libarchive_version(ARCHIVE_VERSION_NUMBER),
         libarchive_version(archive_version_number())},
        {"ISA-L", isal, isal},
        {"libdeflate", LIBDEFLATE_VERSION_STRING, LIBDEFLATE_VERSION_STRING},
        {"libzstd", ZSTD_VERSION_STRING, ZSTD_versionString()},
        {"liblzma", LZMA_VERSION_STRING, lzma_version_string()},
    };
}

}  // namespace slimimg::archive
