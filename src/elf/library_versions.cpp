#include "slimimg/elf/library_versions.hpp"

#include <LIEF/version.h>

namespace slimimg::elf {

std::vector<LibraryVersion> library_versions() {
    // The header's version ends in a dash where there is no commit to name.
    const std::string lief(LIEF_VERSION);
    const std::string number = lief.substr(0, lief.find('-'));
    return {{"LIEF", number, number}};
}

}  // namespace slimimg::elf
