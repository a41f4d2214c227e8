#include "closure/rules/constant_strings.hpp"

#include <algorithm>
#include <array>

namespace slimimg::closure {
namespace {

/// The path of the standard library's sources in panic messages: "/rustc/HASH/…", or
/// "…/library/std/src/…" where a distribution built it.
bool names_rust_source(std::string_view text) {
    for (std::size_t at = text.find('/'); at != text.npos; at = text.find('/', at + 1)) {
        const std::string_view rest = text.substr(at);
        if (rest.starts_with("/rustc/") ||
            (rest.starts_with("/std/src") && text.substr(0, at).ends_with("library"))) {
            return true;
        }
    }
    return false;
}

}  // namespace

void for_each_string(Evidence& evidence, rootfs::NodeId node,
                     const std::function<void(std::string_view)>& take) {
    if (const auto known = evidence.strings(node)) {
        std::for_each(known->begin(), known->end(), take);
    } else {
        elf::for_each_constant_string(as_bytes(evidence.text(node)), take);
    }
}

bool has_unterminated_strings(Evidence& evidence, rootfs::NodeId node) {
    const auto parts = elf::constant_data(as_bytes(evidence.text(node)));
    return std::any_of(parts.begin(), parts.end(), [](Bytes part) {
        return contains(part, "\xff Go buildinf:") || names_rust_source(as_text(part));
    });
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
