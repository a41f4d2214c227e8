#include "report/sbom/documents.hpp"

#include <array>

#include "slimimg/base/digest.hpp"

namespace slimimg::report {
namespace {

constexpr auto spdx_endings = std::to_array<std::string_view>({".spdx.json", ".spdx"});
constexpr auto cyclonedx_endings =
    std::to_array<std::string_view>({".cdx.json", ".cdx", "bom.json"});

constexpr std::array<SbomFormat, 2> all{{
    {"spdx", spdx_endings, "/var/lib/db/sbom/image.spdx.json", render_spdx},
    {"cyclonedx", cyclonedx_endings, "/var/lib/db/sbom/image.cdx.json", render_cyclonedx},
}};

}  // namespace

std::span<const SbomFormat> sbom_formats() {
    return all;
}

std::string uuid_of(std::string_view text) {
    std::string hex = sha256(as_bytes(text)).hex().substr(0, 32);
    hex[12] = '8';  // the version, and the variant in the upper bits of the 17th digit
    static constexpr std::string_view variants = "89ab";
    const char digit = hex[16];
    hex[16] = variants[static_cast<std::size_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10) % 4];
    for (const unsigned at : {8U, 13U, 18U, 23U}) {
        hex.insert(at, 1, '-');
    }
    return hex;
}

std::string id_text(std::string_view text) {
    std::string id;
    for (const char c : text) {
        const bool fits =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.';
        id += fits ? c : '-';
    }
    return id;
}

}  // namespace slimimg::report
