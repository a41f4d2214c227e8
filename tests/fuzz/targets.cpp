#include "fuzz/targets.hpp"

#include <array>

namespace fuzz {

std::span<const Target> targets() {
    static constexpr std::array list{
        Target{"archive", archive, archive_seeds},    Target{"layer", layer, layer_seeds},
        Target{"image", image, image_seeds},          Target{"elf", elf, elf_seeds},
        Target{"ld_cache", ld_cache, ld_cache_seeds}, Target{"packages", packages, packages_seeds},
        Target{"shell", shell, shell_seeds},          Target{"settings", settings, settings_seeds},
        Target{"cache", cache, cache_seeds},          Target{"tool", tool, tool_seeds},
        Target{"literals", literals, literals_seeds}, Target{"code", code, code_seeds},
    };
    return list;
}

}  // namespace fuzz
