#pragma once

#include <string_view>

/// Programs that an intruder would be glad of, told by name and folder.
namespace slimimg::check {

/// True for a path in a folder of programs that is named like a shell.
bool is_shell_path(std::string_view path);
/// The same for what installs packages of a distribution.
bool is_package_manager_path(std::string_view path);

}  // namespace slimimg::check
