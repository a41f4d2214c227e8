#include "image/platform.hpp"

#include <array>
#include <utility>

#include <sys/utsname.h>

namespace slimimg::image {
namespace {

/// GOARCH names for those of uname(2) and other spellings (containerd's platforms package).
std::string normal_architecture(std::string_view name) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 10> other_names{{
        {"x86_64", "amd64"},
        {"x86-64", "amd64"},
        {"i386", "386"},
        {"i586", "386"},
        {"i686", "386"},
        {"aarch64", "arm64"},
        {"armhf", "arm"},
        {"armel", "arm"},
        {"loongarch64", "loong64"},
        {"mips64el", "mips64le"},
    }};
    for (const auto& [other, normal] : other_names) {
        if (name == other) {
            return std::string(normal);
        }
    }
    return std::string(name.starts_with("armv") ? "arm" : name);
}

/// arm64 has no other variant than v8 in practice, and amd64's first is v1.
std::string normal_variant(const std::string& architecture, const std::string& variant) {
    const bool usual = (architecture == "arm64" && variant == "v8") ||
                       (architecture == "amd64" && variant == "v1");
    return usual ? "" : variant;
}

}  // namespace

bool serves(const Platform& offered, const Platform& wanted) {
    const std::string architecture = normal_architecture(wanted.architecture);
    if (offered.os != wanted.os || normal_architecture(offered.architecture) != architecture) {
        return false;
    }
    const std::string variant = normal_variant(architecture, wanted.variant);
    const std::string has = normal_variant(architecture, offered.variant);
    return variant.empty() || has.empty() || variant == has;
}

Platform this_machine() {
    struct utsname names {};
    uname(&names);
    return {"linux", normal_architecture(names.machine), ""};
}

std::string Platform::str() const {
    return os + "/" + architecture + (variant.empty() ? "" : "/" + variant);
}

std::optional<Platform> Platform::parse(std::string_view text) {
    Platform platform;
    const std::array parts{&platform.os, &platform.architecture, &platform.variant};
    std::size_t part = 0;
    for (const char c : text) {
        if (c != '/') {
            *parts[part] += c;
        } else if (++part == parts.size()) {
            return std::nullopt;
        }
    }
    if (part == 0 || platform.os.empty() || platform.architecture.empty() ||
        (part == 2 && platform.variant.empty())) {
        return std::nullopt;
    }
    return platform;
}

}  // namespace slimimg::image
