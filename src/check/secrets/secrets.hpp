#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Credentials in text: formats that are told by their own make, so that what is found is one.
namespace slimimg::check::secrets {

struct Secret {
    std::string kind;        ///< "a GitHub token"
    std::size_t offset = 0;  ///< in the text
    std::string_view value;  ///< of the text; never shown
};

/// Of one text; one with more is no settings file, and hostile where it is not a test's.
inline constexpr std::size_t most_secrets = 1000;

/// How a format is told: by its first letters, and by looking at what follows.
struct Format {
    std::string_view anchor;  ///< at least three letters
    std::string_view kind;
    /// The secret that begins at `at`, where the anchor stands; nothing where it is none.
    std::optional<std::string_view> (*match)(std::string_view text, std::size_t at) = nullptr;
};

/// Tokens and keys anywhere in a text, in order of place; the first most_secrets.
std::vector<Secret> find_in_text(std::string_view text);
/// Passwords in files that are known by their names: .netrc, .docker/config.json, .npmrc, …
std::vector<Secret> find_by_name(std::string_view path, std::string_view text);

/// True where letters, digits or signs look drawn by chance, not like a word or a placeholder.
bool looks_random(std::string_view token);
/// The bytes of a base64 text (RFC 4648, either alphabet, padding optional, white space skipped);
/// nothing for other text.
std::optional<std::string> decode_base64(std::string_view text);
/// True where the text after "-----BEGIN " is a whole private key that no passphrase protects.
std::optional<std::string_view> match_private_key(std::string_view text, std::size_t at);

/// True for what software brings to show or try itself with: test keys, fixtures, documentation.
bool is_sample_path(std::string_view path);

}  // namespace slimimg::check::secrets
