#include "version.hpp"

#include <CLI/Version.hpp>

#include "slimimg/archive/library_versions.hpp"
#include "slimimg/base/library_version.hpp"
#include "slimimg/check/library_versions.hpp"
#include "slimimg/elf/library_versions.hpp"
#include "slimimg/image/library_versions.hpp"

namespace slimimg::cli {

std::string version_text() {
    std::string text = "slimimg " SLIMIMG_VERSION;
    for (const auto& libraries :
         {archive::library_versions(), crypto_library_versions(), elf::library_versions(),
          image::library_versions(), check::library_versions(),
          std::vector<LibraryVersion>{{"CLI11", CLI11_VERSION, CLI11_VERSION}}}) {
        for (const LibraryVersion& library : libraries) {
            text += '\n' + library.name + ' ' + library.running;
            text += library.running == library.built ? "" : " (built with " + library.built + ')';
        }
    }
    return text;
}

}  // namespace slimimg::cli
