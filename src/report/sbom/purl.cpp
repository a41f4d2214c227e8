#include "report/sbom/purl.hpp"

namespace slimimg::report {
namespace {

/// All but letters, digits and ".-_~:" is encoded; a slash parts what is around it.
std::string encoded(std::string_view text) {
    static constexpr std::string_view digits = "0123456789ABCDEF";
    std::string result;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_' || c == '~' ||
                           c == ':' || c == '/';
        const auto byte = static_cast<unsigned char>(c);
        if (plain) {
            result += c;
        } else {
            result += {'%', digits[byte >> 4U], digits[byte & 15U]};
        }
    }
    return result;
}

}  // namespace

std::string package_url(std::string_view type, std::string_view folder, std::string_view name,
                        std::string_view version,
                        const std::map<std::string, std::string>& qualifiers) {
    std::string url = "pkg:" + std::string(type) + '/';
    if (!folder.empty()) {
        url += encoded(folder) + '/';
    }
    url += encoded(name);
    if (!version.empty()) {
        url += '@' + encoded(version);
    }
    char mark = '?';
    for (const auto& [key, value] : qualifiers) {
        if (!value.empty()) {
            url += mark + key + '=' + encoded(value);
            mark = '&';
        }
    }
    return url;
}

}  // namespace slimimg::report
