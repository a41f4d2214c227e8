#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace slimimg::closure::shell {

/// What an awk program gives a shell to run (POSIX awk): `system("…")`, `print | "…"`,
/// `"…" | getline`.
std::vector<std::string> awk_commands(std::string_view program);

}  // namespace slimimg::closure::shell
