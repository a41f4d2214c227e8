#include "slimimg/base/path.hpp"

namespace slimimg::path {
namespace {

/// Length of the well-formed UTF-8 sequence at the start of `text`; 0 where there is none
/// (Unicode 15, table 3-7).
std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
    const unsigned first = byte(0);
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xC2 && first <= 0xDF) {
        return tail(1) ? 2 : 0;
    }
    if (first >= 0xE0 && first <= 0xEF) {
        const bool overlong = first == 0xE0 && byte(1) < 0xA0;
        const bool surrogate = first == 0xED && byte(1) > 0x9F;
        return tail(1) && tail(2) && !overlong && !surrogate ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        const bool overlong = first == 0xF0 && byte(1) < 0x90;
        const bool too_high = first == 0xF4 && byte(1) > 0x8F;
        return tail(1) && tail(2) && tail(3) && !overlong && !too_high ? 4 : 0;
    }
    return 0;
}

/// C0 and C1 control characters, the bidirectional marks, overrides and isolates, which reorder
/// what is around them (UAX 9), and the line and paragraph separators.
bool is_command(std::string_view sequence) {
    if (sequence.size() == 1) {
        const auto c = static_cast<unsigned char>(sequence[0]);
        return c < 0x20 || c == 0x7F;
    }
    if (sequence.size() == 2) {
        return (sequence[0] == '\xC2' && static_cast<unsigned char>(sequence[1]) < 0xA0) ||
               sequence == "\xD8\x9C";
    }
    const auto within = [&](std::string_view first, std::string_view last) {
        return sequence.size() == 3 && sequence >= first && sequence <= last;
    };
    return within("\xE2\x80\x8E", "\xE2\x80\x8F") || within("\xE2\x80\xA8", "\xE2\x80\xAE") ||
           within("\xE2\x81\xA6", "\xE2\x81\xA9");
}

/// Matches a bracket expression at pattern[at] == '['; sets `next` past it. Without an end the
/// bracket is an ordinary character.
bool match_bracket(std::string_view pattern, std::size_t at, char c, std::size_t& next) {
    std::size_t i = at + 1;
    const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
    i += negated ? 1 : 0;
    bool matched = false;
    for (const std::size_t first = i; i < pattern.size(); ++i) {
        if (pattern[i] == ']' && i != first) {
            next = i + 1;
            return matched != negated && c != '/';
        }
        if (i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']') {
            matched = matched || (c >= pattern[i] && c <= pattern[i + 2]);
            i += 2;
        } else {
            matched = matched || c == pattern[i];
        }
    }
    next = at + 1;
    return c == '[';
}

}  // namespace

std::vector<std::string_view> components(std::string_view path) {
    std::vector<std::string_view> parts;
    std::size_t start = 0;
    while (start < path.size()) {
        const std::size_t end = std::min(path.find('/', start), path.size());
        const std::string_view part = path.substr(start, end - start);
        if (!part.empty() && part != ".") {
            parts.push_back(part);
        }
        start = end + 1;
    }
    return parts;
}

std::string normalize(std::string_view path) {
    std::string result;
    result.reserve(path.size() + 1);
    for (std::size_t start = 0; start < path.size();) {
        const std::size_t end = std::min(path.find('/', start), path.size());
        const std::string_view part = path.substr(start, end - start);
        start = end + 1;
        if (part == "..") {
            result.resize(result.empty() ? 0 : result.rfind('/'));
        } else if (!part.empty() && part != ".") {
            result += '/';
            result += part;
        }
    }
    return result.empty() ? "/" : result;
}

std::string join(std::string_view folder, std::string_view name) {
    if (name.starts_with('/')) {
        return std::string(name);
    }
    std::string result(folder);
    if (!result.ends_with('/')) {
        result += '/';
    }
    result += name;
    return result;
}

std::string_view parent(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos || slash == 0 ? "/" : path.substr(0, slash);
}

std::string_view basename(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

bool is_within(std::string_view path, std::string_view folder) {
    if (folder == "/") {
        return path.starts_with('/');
    }
    return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

bool glob_match(std::string_view pattern, std::string_view path) {
    // Backtracks to the last star only: what an earlier star could take, the last one can too.
    // A "**" may take slashes, a "*" may not, so one of each is remembered.
    struct Star {
        std::size_t pattern;
        std::size_t path;
    };
    constexpr std::size_t none = std::string_view::npos;
    Star single{none, 0};
    Star deep{none, 0};
    std::size_t p = 0;
    std::size_t s = 0;
    while (true) {
        if (p < pattern.size() && pattern.substr(p).starts_with("**")) {
            p += 2;
            deep = {p, s};
            single.pattern = none;
            continue;
        }
        if (p < pattern.size() && pattern[p] == '*') {
            single = {++p, s};
            continue;
        }
        if (s == path.size() && p == pattern.size()) {
            return true;
        }
        if (s < path.size() && p < pattern.size()) {
            std::size_t next = p + 1;
            bool same = pattern[p] == path[s];
            if (pattern[p] == '?') {
                same = path[s] != '/';
            } else if (pattern[p] == '[') {
                same = match_bracket(pattern, p, path[s], next);
            } else if (pattern[p] == '\\' && p + 1 < pattern.size()) {
                same = pattern[p + 1] == path[s];
                next = p + 2;
            }
            if (same) {
                p = next;
                ++s;
                continue;
            }
        }
        if (single.pattern != none && single.path < path.size() && path[single.path] != '/') {
            s = ++single.path;
            p = single.pattern;
        } else if (deep.pattern != none && deep.path < path.size()) {
            s = ++deep.path;
            p = deep.pattern;
            single.pattern = none;
        } else {
            return false;
        }
    }
}

bool is_glob(std::string_view text) {
    return text.find_first_of("*?[\\") != text.npos;
}

std::string printable(std::string_view text) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        const std::string_view sequence = text.substr(0, length == 0 ? 1 : length);
        if (length == 0 || is_command(sequence)) {
            for (const char c : sequence) {
                const auto byte = static_cast<unsigned char>(c);
                result += "\\x";
                result += digits[byte >> 4];
                result += digits[byte & 15];
            }
        } else {
            result += sequence;
        }
        text.remove_prefix(sequence.size());
    }
    return result;
}

}  // namespace slimimg::path
