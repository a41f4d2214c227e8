#include "closure/loader/tokens.hpp"

#include <algorithm>

namespace slimimg::closure::loader {
namespace {

bool is_name_character(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/// The length of `name` or "{name}" at the start of `text`, which follows a "$"; 0 for anything
/// else.
std::size_t token_length(std::string_view text, std::string_view name) {
    const bool curly = text.starts_with('{');
    if (curly) {
        text.remove_prefix(1);
    }
    if (!text.starts_with(name)) {
        return 0;
    }
    text.remove_prefix(name.size());
    if (curly) {
        return text.starts_with('}') ? name.size() + 2 : 0;
    }
    return !text.empty() && is_name_character(text.front()) ? 0 : name.size();
}

bool has_any_token(std::string_view text, std::initializer_list<std::string_view> names) {
    for (std::size_t at = text.find('$'); at != std::string_view::npos;
         at = text.find('$', at + 1)) {
        const std::string_view rest = text.substr(at + 1);
        if (std::any_of(names.begin(), names.end(),
                        [&](std::string_view name) { return token_length(rest, name) != 0; })) {
            return true;
        }
    }
    return false;
}

/// The path with ".", ".." and repeated slashes taken out as text, and a "/" at the end; that is
/// how glibc compares with the trusted folders (is_trusted_path_normalize).
std::string plain_folder(std::string_view path) {
    std::string plain;
    while (!path.empty()) {
        if (path.starts_with("/../") || path == "/..") {
            const std::size_t slash = plain.rfind('/');
            plain.resize(slash == std::string::npos ? 0 : slash);
            path.remove_prefix(3);
        } else if (path.starts_with("/./") || path == "/.") {
            path.remove_prefix(2);
        } else if (path.front() == '/' && plain.ends_with('/')) {
            path.remove_prefix(1);
        } else {
            plain += path.front();
            path.remove_prefix(1);
        }
    }
    if (!plain.ends_with('/')) {
        plain += '/';
    }
    return plain;
}

bool is_trusted(std::string_view path, std::span<const std::string> system_folders) {
    const std::string plain = plain_folder(path);
    return !path.empty() &&
           std::any_of(system_folders.begin(), system_folders.end(),
                       [&](const std::string& folder) { return plain.starts_with(folder); });
}

}  // namespace

bool has_token(std::string_view text) {
    return has_any_token(text, {"ORIGIN", "PLATFORM", "LIB"});
}

bool has_platform_token(std::string_view text) {
    return has_any_token(text, {"PLATFORM"});
}

std::optional<std::string> expand_tokens(std::string_view text, const Tokens& tokens) {
    std::string result;
    bool must_be_trusted = false;
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] != '$') {
            result += text[at++];
            continue;
        }
        const std::string_view rest = text.substr(at + 1);
        if (const std::size_t length = token_length(rest, "ORIGIN")) {
            const bool whole_first_part = at == 0 && (rest.size() == length || rest[length] == '/');
            if (tokens.secure && !whole_first_part) {
                return std::nullopt;
            }
            must_be_trusted = tokens.secure && tokens.program;
            result += tokens.origin;
            at += 1 + length;
        } else if (const std::size_t platform = token_length(rest, "PLATFORM")) {
            if (!tokens.platform) {
                return std::nullopt;
            }
            result += *tokens.platform;
            at += 1 + platform;
        } else if (const std::size_t lib = token_length(rest, "LIB")) {
            result += tokens.lib;
            at += 1 + lib;
        } else {
            result += '$';
            ++at;
        }
    }
    if (must_be_trusted && !is_trusted(result, tokens.system_folders)) {
        return std::nullopt;
    }
    return result;
}

std::optional<std::string> expand_musl_origin(std::string_view rpath, std::string_view origin) {
    std::string result;
    while (!rpath.empty()) {
        const std::size_t dollar = std::min(rpath.find('$'), rpath.size());
        result += rpath.substr(0, dollar);
        rpath.remove_prefix(dollar);
        if (rpath.empty()) {
            break;
        }
        const bool curly = rpath.starts_with("${ORIGIN}");
        if (!curly && !rpath.starts_with("$ORIGIN")) {
            return std::nullopt;
        }
        result += origin;
        rpath.remove_prefix(curly ? 9 : 7);
    }
    return result;
}

}  // namespace slimimg::closure::loader
