#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "slimimg/closure/closure.hpp"

/// Libraries that code for an interpreter or a virtual machine opens by name.
namespace slimimg::closure {

/// The program whose interpreter runs the script: the nearest one up the chain of reasons.
std::optional<rootfs::NodeId> interpreter_of(Evidence& evidence, rootfs::NodeId script);

/// The virtual machine that runs compiled code, or where the config names both any program: each
/// finds the same libraries.
std::optional<rootfs::NodeId> machine_of(Evidence& evidence, rootfs::NodeId code);

/// Keeps what `program` opens as `name` for the code that it runs: the whole name of a file, or
/// without "lib" and ".so" ("magic" for libmagic.so.1). False where nothing answers the name.
bool keep_called_library(Evidence& evidence, rootfs::NodeId program, std::string_view name,
                         const Reason& reason);

/// The image's libraries as code may call them: by file name, and without "lib" and ".so…".
const std::set<std::string, std::less<>>& callable_libraries(Evidence& evidence);

}  // namespace slimimg::closure
