#pragma once

#include <string>
#include <string_view>
#include <vector>

/// Paths inside an image: absolute, "/"-separated bytes, never the host's file system.
namespace slimimg::path {

/// "/a/b" for any of "a/b", "./a//b/", "/a/x/../b". ".." at the root stays at the root, as the
/// kernel does it. The root itself is "/".
std::string normalize(std::string_view path);

/// `name` below `folder`; `name` where that is absolute. Not normalized.
std::string join(std::string_view folder, std::string_view name);

/// "/a" of "/a/b"; "/" of "/a" and of "/".
std::string_view parent(std::string_view path);

/// "b" of "/a/b"; empty of "/".
std::string_view basename(std::string_view path);

/// True where `path` is `folder` or below it.
bool is_within(std::string_view path, std::string_view folder);

/// The non-empty components, "." left out and ".." kept.
std::vector<std::string_view> components(std::string_view path);

/// Shell pattern match over a whole path: `*` and `?` stop at "/", `**` doesn't, `[a-z]`, `[!x]`.
bool glob_match(std::string_view pattern, std::string_view path);

/// True where `text` has a character that makes glob_match more than an equality.
bool is_glob(std::string_view text);

/// `text` with every byte that a terminal, a log or a report could take for a command (control
/// characters, DEL, bytes that are not UTF-8) written as \xNN.
std::string printable(std::string_view text);

}  // namespace slimimg::path
