#pragma once

#include <string_view>

#include "slimimg/closure/closure.hpp"

/// Parts of a Python installation that few programs use: those that nothing mentions go.
namespace slimimg::closure {

/// True where a file belongs to a part that stays only where code mentions it: tests, IDLE and
/// Tk, installers, what builds extensions.
bool is_python_part(const rootfs::Node& node);

/// A module of Python itself, not of a package.
bool is_python_standard_library(std::string_view path);

/// Keeps the parts of the libraries kept so far that kept code outside of them mentions.
void keep_mentioned_python_parts(Evidence& evidence, std::string_view rule);

}  // namespace slimimg::closure
