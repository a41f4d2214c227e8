#pragma once

#include <string_view>

#include "slimimg/closure/closure.hpp"

namespace slimimg::closure {

/// True for a program that imports what starts others: calls of the C library (execve, posix_spawn)
/// and those of others that stand before them (skalibs' xexec, GLib's g_spawn_async). One that
/// imports nothing may.
bool starts_programs(Evidence& evidence, rootfs::NodeId node);

/// True for "env", "timeout" and the like: the names that they hold are those of their help, which
/// coreutils shares among its programs.
bool starts_what_it_is_given(std::string_view path);

/// True where Go's linker says so.
bool is_go_program(Evidence& evidence, rootfs::NodeId node);

/// As starts_programs, and of a Go program, which imports nothing, what its functions are called.
bool may_start_programs(Evidence& evidence, rootfs::NodeId node);

}  // namespace slimimg::closure
