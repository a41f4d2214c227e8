#include "closure/rules/constant_strings.hpp"

#include <algorithm>
#include <array>

namespace slimimg::closure {
namespace {

constexpr std::size_t shortest = 4;

bool is_text(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte != 0x7F;
}

}  // namespace

void for_each_string(Evidence& evidence, rootfs::NodeId node,
                     const std::function<void(std::string_view)>& take) {
    for (const Bytes part : elf::constant_data(as_bytes(evidence.text(node)))) {
        const std::string_view data = as_text(part);
        std::size_t at = 0;
        while (at + shortest <= data.size()) {
            // Most of the data is no text: where the last of four bytes isn't, none of them starts
            // a text that is long enough.
            std::size_t last = shortest;
            while (last > 0 && is_text(data[at + last - 1])) {
                --last;
            }
            if (last > 0) {
                at += last;
                continue;
            }
            // What stands before the last byte that is no text belongs to other data.
            const auto* const end =
                std::find_if_not(data.begin() + at + shortest, data.end(), is_text);
            const auto length = static_cast<std::size_t>(end - data.begin()) - at;
            if (end == data.end() || *end == '\0') {
                take(data.substr(at, length));
            }
            at += length + 1;
        }
    }
}

bool has_unterminated_strings(Evidence& evidence, rootfs::NodeId node) {
    // The path of the standard library's sources in panic messages; the magic of Go's build info.
    static constexpr std::array<std::string_view, 3> marks{"/rustc/", "library/std/src",
                                                           "\xff Go buildinf:"};
    const auto parts = elf::constant_data(as_bytes(evidence.text(node)));
    return std::any_of(parts.begin(), parts.end(), [&](Bytes part) {
        return std::any_of(marks.begin(), marks.end(), [&](std::string_view mark) {
            return as_text(part).find(mark) != std::string_view::npos;
        });
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
