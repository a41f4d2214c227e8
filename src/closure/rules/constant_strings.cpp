#include "closure/rules/constant_strings.hpp"

#include <algorithm>
#include <array>

#include "closure/elf_reading.hpp"

namespace slimimg::closure {

void for_each_string(Evidence& evidence, rootfs::NodeId node,
                     const std::function<void(std::string_view)>& take) {
    const auto texts = evidence.texts(node);
    if (texts->strings) {
        std::for_each(texts->strings->begin(), texts->strings->end(), take);
    } else {
        elf::for_each_constant_string(as_bytes(evidence.text(node)), take);
    }
}

void for_each_with_slash(Evidence& evidence, rootfs::NodeId node,
                         const std::function<void(std::string_view)>& take) {
    const auto texts = evidence.texts(node);
    if (texts->with_slash) {
        std::for_each(texts->with_slash->begin(), texts->with_slash->end(), take);
        return;
    }
    for (const Bytes part : elf::constant_data(as_bytes(evidence.text(node)))) {
        for_each_with_slash(as_text(part), take);
    }
}

bool has_unterminated_strings(Evidence& evidence, rootfs::NodeId node) {
    return evidence.texts(node)->unterminated;
}

bool is_c_library(Evidence& evidence, rootfs::NodeId node) {
    static constexpr std::array<std::string_view, 8> names{
        "libc.so.", "ld-linux",       "ld-musl",       "ld64.so",
        "ld.so.",   "libpthread.so.", "libresolv.so.", "libc.musl"};
    const elf::ElfFacts* facts = evidence.elf(node);
    if (facts == nullptr || !facts->soname) {
        // musl's loader is its C library and has no SONAME.
        return evidence.rootfs()[node].path.find("/ld-musl-") != std::string::npos;
    }
    return std::any_of(names.begin(), names.end(),
                       [&](std::string_view name) { return facts->soname->starts_with(name); });
}

}  // namespace slimimg::closure
