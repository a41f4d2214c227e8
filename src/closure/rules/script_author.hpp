#pragma once

#include <cstddef>

#include "slimimg/closure/closure.hpp"

namespace slimimg::closure {

/// Scripts beyond this are data; in bytes.
constexpr std::size_t largest_script = 2UL << 20;

/// Who wrote a script decides how much its calls tell.
enum class Author {
    application,
    dependency,  ///< a library: most programs that use it make few of its calls
    runtime,     ///< the interpreter's own library, for all systems that there are
};
Author author_of(Evidence& evidence, rootfs::NodeId node);

/// Whether a script has a word by which its language starts programs. Read once per file.
bool script_starts_programs(Evidence& evidence, rootfs::NodeId node);

}  // namespace slimimg::closure
