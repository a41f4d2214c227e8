#pragma once

#include <functional>
#include <string_view>

#include "slimimg/closure/closure.hpp"

namespace slimimg::closure {

/// Calls `take` for each NUL-terminated text of at least four printable bytes in the constant data
/// of an ELF file. Views stay valid as long as the evidence.
void for_each_string(Evidence& evidence, rootfs::NodeId node,
                     const std::function<void(std::string_view)>& take);

/// Calls `take` for what stands between two NULs of the constant data and has a "/".
void for_each_with_slash(Evidence& evidence, rootfs::NodeId node,
                         const std::function<void(std::string_view)>& take);

/// True where the compiler writes strings end to end without NULs (Go, Rust): a text's end can't
/// be seen then.
bool has_unterminated_strings(Evidence& evidence, rootfs::NodeId node);

/// True for the C library and the loader: what they name is their rules' business, since every
/// program has them.
bool is_c_library(Evidence& evidence, rootfs::NodeId node);

}  // namespace slimimg::closure
