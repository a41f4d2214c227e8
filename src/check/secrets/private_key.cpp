#include <algorithm>
#include <array>
#include <cstdint>

#include "check/secrets/secrets.hpp"

namespace slimimg::check::secrets {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t longest_key = 32768;

/// The labels of RFC 7468 and its elders; ENCRYPTED PRIVATE KEY is left out.
constexpr std::array labels{"PRIVATE KEY"sv, "RSA PRIVATE KEY"sv, "EC PRIVATE KEY"sv,
                            "DSA PRIVATE KEY"sv, "OPENSSH PRIVATE KEY"sv};

/// The text between the lines, its line ends real or written as "\n", as JSON and environment
/// variables have it.
std::string body_of(std::string_view text) {
    std::string body;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == 'n' || text[i + 1] == 'r')) {
            ++i;
            continue;
        }
        body += text[i];
    }
    return body;
}

std::uint8_t byte_of(const std::string& der, std::size_t at) {
    return static_cast<std::uint8_t>(der[at]);
}

/// A SEQUENCE (X.690) that is as long as it says: what sample texts and cut keys are not.
bool is_whole_sequence(const std::string& der) {
    if (der.size() < 40 || byte_of(der, 0) != 0x30) {
        return false;
    }
    const std::uint8_t first = byte_of(der, 1);
    if (first < 0x80) {
        return der.size() == 2U + first;
    }
    const std::size_t digits = first & 0x7fU;
    if (digits == 0 || digits > 3) {
        return false;
    }
    std::size_t length = 0;
    for (std::size_t i = 0; i < digits; ++i) {
        length = length << 8U | byte_of(der, 2 + i);
    }
    return der.size() == 2 + digits + length;
}

/// OpenSSH's own format (PROTOCOL.key): the name of the cipher is behind the magic.
bool is_open_ssh_key(const std::string& key) {
    return key.starts_with("openssh-key-v1\0\0\0\0\4none"sv) && key.size() > 100;
}

}  // namespace

std::optional<std::string> decode_base64(std::string_view text) {
    std::string bytes;
    std::uint32_t bits = 0;
    int held = 0;
    bool padded = false;
    for (const char c : text) {
        std::uint32_t value = 0;
        if (c >= 'A' && c <= 'Z') {
            value = static_cast<std::uint32_t>(c - 'A');
        } else if (c >= 'a' && c <= 'z') {
            value = static_cast<std::uint32_t>(c - 'a') + 26;
        } else if (c >= '0' && c <= '9') {
            value = static_cast<std::uint32_t>(c - '0') + 52;
        } else if (c == '+' || c == '-') {
            value = 62;
        } else if (c == '/' || c == '_') {
            value = 63;
        } else if (c == '=') {
            padded = true;
            continue;
        } else if (c == '\n' || c == '\r' || c == ' ' || c == '\t') {
            continue;
        } else {
            return std::nullopt;
        }
        if (padded) {
            return std::nullopt;
        }
        bits = bits << 6U | value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            bytes += static_cast<char>(bits >> static_cast<unsigned>(held) & 0xffU);
        }
    }
    return bytes;
}

std::optional<std::string_view> match_private_key(std::string_view text, std::size_t at) {
    constexpr std::string_view begin = "-----BEGIN ";
    constexpr std::string_view dashes = "-----";
    const std::string_view rest =
        text.substr(at + begin.size(), std::min(longest_key, text.size() - at - begin.size()));
    const std::size_t label_end = rest.find(dashes);
    if (label_end == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view label = rest.substr(0, label_end);
    if (std::find(labels.begin(), labels.end(), label) == labels.end()) {
        return std::nullopt;
    }
    const std::size_t start = label_end + dashes.size();
    const std::size_t end = rest.find(dashes, start);
    if (end == std::string_view::npos || !rest.substr(end).starts_with("-----END ")) {
        return std::nullopt;
    }
    // Headers of a key with a passphrase (RFC 1421) are no base64.
    const auto key = decode_base64(body_of(rest.substr(start, end - start)));
    if (!key || !(label.starts_with("OPENSSH") ? is_open_ssh_key(*key) : is_whole_sequence(*key))) {
        return std::nullopt;
    }
    return text.substr(at, begin.size() + end);
}

}  // namespace slimimg::check::secrets
