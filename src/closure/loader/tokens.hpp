#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace slimimg::closure::loader {

/// What the dynamic string tokens of one object stand for in a glibc process.
struct Tokens {
    std::string_view origin;                   ///< folder of the object
    std::string_view lib;                      ///< "lib/x86_64-linux-gnu", "lib64"
    std::optional<std::string_view> platform;  ///< nothing: the kernel names none
    bool secure = false;                       ///< AT_SECURE: $ORIGIN is restricted
    bool program = false;                      ///< the object is the program itself
    /// glibc's own folders, each with a "/" at the end: the trusted ones under AT_SECURE.
    std::span<const std::string> system_folders;
};

/// True where glibc would replace something in `text` (_dl_dst_count).
bool has_token(std::string_view text);
/// True where `text` has $PLATFORM: it stands for another folder on another CPU.
bool has_platform_token(std::string_view text);

/// `text` with its tokens replaced (_dl_dst_substitute). Nothing where the path must not be used.
std::optional<std::string> expand_tokens(std::string_view text, const Tokens& tokens);

/// musl's expansion of a whole RPATH (fixup_rpath): $ORIGIN and ${ORIGIN} only. Nothing where
/// another "$" voids it.
std::optional<std::string> expand_musl_origin(std::string_view rpath, std::string_view origin);

}  // namespace slimimg::closure::loader
