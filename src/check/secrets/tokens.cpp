#include <algorithm>
#include <array>
#include <cstdint>

#include "check/secrets/secrets.hpp"

namespace slimimg::check::secrets {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_alnum(char c) {
    return is_digit(c) || is_letter(c);
}
bool is_word(char c) {
    return is_alnum(c) || c == '_' || c == '-';
}
bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f');
}

/// How many letters from `at` on are of a kind.
std::size_t run(std::string_view text, std::size_t at, bool (*kind)(char)) {
    std::size_t end = at;
    while (end < text.size() && kind(text[end])) {
        ++end;
    }
    return end - at;
}

bool starts_word(std::string_view text, std::size_t at) {
    return at == 0 || !is_word(text[at - 1]);
}

/// A token of `prefix` and `least` to `most` letters of a kind, that ends there. A kind has letters
/// of words alone, so that no letter is run over for two starts.
std::optional<std::string_view> token(std::string_view text, std::size_t at, std::size_t prefix,
                                      std::size_t least, std::size_t most, bool (*kind)(char)) {
    if (!starts_word(text, at)) {
        return std::nullopt;
    }
    const std::size_t length = run(text, at + prefix, kind);
    const bool ends = at + prefix + length == text.size() || !is_word(text[at + prefix + length]);
    const std::string_view body = text.substr(at + prefix, length);
    if (length < least || length > most || !ends || !looks_random(body)) {
        return std::nullopt;
    }
    return text.substr(at, prefix + length);
}

/// CRC-32 of ISO 3309, as zlib's.
std::uint32_t crc32(std::string_view text) {
    constexpr std::uint32_t polynomial = 0xEDB88320U;
    std::uint32_t crc = 0xFFFFFFFFU;
    for (const char c : text) {
        crc ^= static_cast<std::uint8_t>(c);
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? polynomial : 0);
        }
    }
    return ~crc;
}

/// GitHub's tokens end with the CRC-32 of what stands before, in six digits of base 62
/// (github.blog, "Behind GitHub's new authentication token formats").
std::optional<std::string_view> match_github(std::string_view text, std::size_t at) {
    constexpr std::size_t prefix = 4;
    constexpr std::size_t body = 30;
    constexpr std::size_t check = 6;
    const auto found = token(text, at, prefix, body + check, body + check, is_alnum);
    if (!found) {
        return std::nullopt;
    }
    constexpr std::string_view digits =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    std::uint32_t sum = crc32(found->substr(prefix, body));
    std::array<char, check> expected{};
    for (std::size_t i = check; i-- > 0;) {
        expected.at(i) = digits[sum % digits.size()];
        sum /= static_cast<std::uint32_t>(digits.size());
    }
    return found->substr(prefix + body) == std::string_view(expected.data(), check) ? found
                                                                                    : std::nullopt;
}

std::optional<std::string_view> match_github_fine(std::string_view text, std::size_t at) {
    return token(text, at, 11, 82, 82, is_word);
}

std::optional<std::string_view> match_gitlab(std::string_view text, std::size_t at) {
    // Routable tokens end with a part behind dots, where the run stops.
    return token(text, at, 6, 20, 64, is_word);
}

/// An access key's ID is no secret; the 40 letters that stand near it are.
std::optional<std::string_view> match_aws(std::string_view text, std::size_t at) {
    constexpr std::size_t id_length = 20;
    constexpr std::size_t secret_length = 40;
    constexpr std::size_t reach = 400;
    const auto id = token(text, at, 4, id_length - 4, id_length - 4,
                          [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '2' && c <= '7'); });
    if (!id) {
        return std::nullopt;
    }
    const auto is_key = [](char c) { return is_alnum(c) || c == '/' || c == '+'; };
    const std::size_t first = at > reach ? at - reach : 0;
    const std::size_t last = std::min(text.size(), at + id_length + reach);
    const std::string_view near = text.substr(0, last + secret_length + 1);
    for (std::size_t i = first; i < last;) {
        const std::size_t length = run(near, i, is_key);
        const std::string_view word = text.substr(i, length);
        const bool mixed =
            length == secret_length &&
            std::any_of(word.begin(), word.end(), [](char c) { return c >= 'A' && c <= 'Z'; }) &&
            std::any_of(word.begin(), word.end(), [](char c) { return c > 'f' && c <= 'z'; });
        if (mixed && looks_random(word)) {
            return word;
        }
        i += length + 1;
    }
    return std::nullopt;
}

std::optional<std::string_view> match_slack(std::string_view text, std::size_t at) {
    const auto found = token(text, at, 5, 30, 250, is_word);
    if (!found) {
        return std::nullopt;
    }
    // xoxb-<digits>-<digits>-<letters>
    const std::size_t digits = run(*found, 5, is_digit);
    return digits >= 8 && 5 + digits < found->size() && (*found)[5 + digits] == '-' ? found
                                                                                    : std::nullopt;
}

std::optional<std::string_view> match_slack_hook(std::string_view text, std::size_t at) {
    constexpr std::string_view anchor = "hooks.slack.com/services/T";
    const std::string_view rest = text.substr(at + anchor.size());
    const std::size_t team = run(rest, 0, is_alnum);
    if (team < 7 || team > 12 || !rest.substr(team).starts_with("/B")) {
        return std::nullopt;
    }
    const std::size_t hook = run(rest, team + 2, is_alnum);
    const std::size_t key = team + 2 + hook + 1;
    if (hook < 7 || hook > 12 || key >= rest.size() || rest[key - 1] != '/') {
        return std::nullopt;
    }
    const std::size_t length = run(rest, key, is_alnum);
    if (length != 24 || !looks_random(rest.substr(key, length))) {
        return std::nullopt;
    }
    return text.substr(at, anchor.size() + key + length);
}

std::optional<std::string_view> match_stripe(std::string_view text, std::size_t at) {
    return token(text, at, 8, 24, 247, is_alnum);
}

std::optional<std::string_view> match_npm(std::string_view text, std::size_t at) {
    return token(text, at, 4, 36, 36, is_alnum);
}

std::optional<std::string_view> match_pypi(std::string_view text, std::size_t at) {
    return token(text, at, 5, 100, 1000, is_word);
}

std::optional<std::string_view> match_google_client(std::string_view text, std::size_t at) {
    return token(text, at, 7, 28, 28, is_word);
}

std::optional<std::string_view> match_docker(std::string_view text, std::size_t at) {
    return token(text, at, 9, 27, 32, is_word);
}

std::optional<std::string_view> match_digital_ocean(std::string_view text, std::size_t at) {
    return token(text, at, 7, 64, 64, is_hex);
}

std::optional<std::string_view> match_hugging_face(std::string_view text, std::size_t at) {
    return token(text, at, 3, 34, 34, is_letter);
}

std::optional<std::string_view> match_sendgrid(std::string_view text, std::size_t at) {
    const std::size_t first = run(text, at + 3, is_word);
    if (first != 22 || !text.substr(at + 3 + first).starts_with('.')) {
        return std::nullopt;
    }
    return token(text, at, 3 + first + 1, 43, 43, is_word);
}

std::optional<std::string_view> match_anthropic(std::string_view text, std::size_t at) {
    const auto found = token(text, at, 13, 95, 95, is_word);
    return found && found->ends_with("AA") ? found : std::nullopt;
}

std::optional<std::string_view> match_openai(std::string_view text, std::size_t at) {
    // The mark stands in the middle of the token.
    constexpr std::size_t longest = 203;
    std::size_t start = at;
    while (start > 0 && at - start <= longest && is_word(text[start - 1])) {
        --start;
    }
    return text.substr(start).starts_with("sk-") && at - start >= 20
               ? token(text, start, 3, 45, 200, is_word)
               : std::nullopt;
}

std::optional<std::string_view> match_azure(std::string_view text, std::size_t at) {
    constexpr std::size_t prefix = 11;
    const std::size_t length =
        run(text, at + prefix, [](char c) { return is_alnum(c) || c == '/' || c == '+'; });
    const bool whole = length == 86 && text.substr(at + prefix + length).starts_with("==");
    return whole && looks_random(text.substr(at + prefix, length))
               ? std::optional(text.substr(at + prefix, length + 2))
               : std::nullopt;
}

std::optional<std::string_view> match_vault(std::string_view text, std::size_t at) {
    return token(text, at, 4, 90, 200, is_word);
}

std::optional<std::string_view> match_age(std::string_view text, std::size_t at) {
    return token(text, at, 16, 58, 58, is_alnum);
}

/// Each is one that its service alone makes, and that opens something: public keys that pages
/// carry (Google's AIza, Stripe's pk_live) and test keys are left out.
constexpr std::array formats{
    Format{"-----BEGIN ", "a private key", match_private_key},
    Format{"AKIA", "an AWS access key with its secret", match_aws},
    Format{"ASIA", "an AWS access key with its secret", match_aws},
    Format{"ghp_", "a GitHub token", match_github},
    Format{"gho_", "a GitHub token", match_github},
    Format{"ghu_", "a GitHub token", match_github},
    Format{"ghs_", "a GitHub token", match_github},
    Format{"ghr_", "a GitHub token", match_github},
    Format{"github_pat_", "a GitHub token", match_github_fine},
    Format{"glpat-", "a GitLab token", match_gitlab},
    Format{"xoxb-", "a Slack token", match_slack},
    Format{"xoxp-", "a Slack token", match_slack},
    Format{"xoxa-", "a Slack token", match_slack},
    Format{"xoxr-", "a Slack token", match_slack},
    Format{"xoxs-", "a Slack token", match_slack},
    Format{"hooks.slack.com/services/T", "a Slack webhook", match_slack_hook},
    Format{"sk_live_", "a Stripe key", match_stripe},
    Format{"rk_live_", "a Stripe key", match_stripe},
    Format{"npm_", "an npm token", match_npm},
    Format{"pypi-AgE", "a PyPI token", match_pypi},
    Format{"GOCSPX-", "a Google OAuth client secret", match_google_client},
    Format{"dckr_pat_", "a Docker Hub token", match_docker},
    Format{"dop_v1_", "a DigitalOcean token", match_digital_ocean},
    Format{"hf_", "a Hugging Face token", match_hugging_face},
    Format{"SG.", "a SendGrid key", match_sendgrid},
    Format{"sk-ant-api03-", "an Anthropic key", match_anthropic},
    Format{"T3BlbkFJ", "an OpenAI key", match_openai},
    Format{"AccountKey=", "an Azure storage key", match_azure},
    Format{"hvs.", "a Vault token", match_vault},
    Format{"AGE-SECRET-KEY-1", "an age key", match_age},
};
static_assert(formats.size() <= 64);

/// Which formats may have a letter at their first, second and third place: bits of a word each.
using Places = std::array<std::array<std::uint64_t, 256>, 3>;

Places places_of_formats() {
    Places places{};
    for (std::size_t format = 0; format < formats.size(); ++format) {
        for (std::size_t place = 0; place < places.size(); ++place) {
            const auto letter = static_cast<std::uint8_t>(formats.at(format).anchor[place]);
            places.at(place).at(letter) |= std::uint64_t{1} << format;
        }
    }
    return places;
}

}  // namespace

bool looks_random(std::string_view token) {
    static constexpr std::array<std::string_view, 12> placeholders{
        "example", "EXAMPLE", "Example", "xxxx",    "XXXX",    "your",
        "YOUR",    "0000000", "1234567", "abcdefg", "ABCDEFG", "placeholder"};
    if (std::any_of(placeholders.begin(), placeholders.end(), [&](std::string_view word) {
            return token.find(word) != std::string_view::npos;
        })) {
        return false;
    }
    std::array<bool, 256> seen{};
    for (const char c : token) {
        seen.at(static_cast<std::uint8_t>(c)) = true;
    }
    const auto distinct = static_cast<std::size_t>(std::count(seen.begin(), seen.end(), true));
    return distinct >= std::min<std::size_t>(10, token.size() / 2 + 1);
}

std::vector<Secret> find_in_text(std::string_view text) {
    static const Places places = places_of_formats();
    std::vector<Secret> secrets;
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    for (std::size_t at = 0; at + 2 < text.size(); ++at) {
        // NOLINTNEXTLINE(cppcoreguidelines-pro-bounds-constant-array-index)
        std::uint64_t candidates =
            places[0][bytes[at]] & places[1][bytes[at + 1]] & places[2][bytes[at + 2]];
        for (; candidates != 0; candidates &= candidates - 1) {
            const Format& format =
                formats.at(static_cast<std::size_t>(__builtin_ctzll(candidates)));
            if (!text.substr(at).starts_with(format.anchor)) {
                continue;
            }
            if (const auto value = format.match(text, at)) {
                secrets.push_back({std::string(format.kind), at, *value});
                if (secrets.size() == most_secrets) {
                    return secrets;
                }
            }
        }
    }
    return secrets;
}

}  // namespace slimimg::check::secrets
