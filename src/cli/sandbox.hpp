#pragma once

#include <string>

#include "access.hpp"

/// The process gives up what it does not need before it looks at an image, which is somebody else's
/// bytes: it has no network, starts no program, and opens no file but those of its command line.
namespace slimimg::cli {

/// Enters for good, with this thread and those that it starts from then on, so before any is.
/// `choice` is "auto": as far as the kernel lets us; "require": throws Error (internal) where
/// Landlock or seccomp is not there; or "none".
void enter_sandbox(const std::string& choice, const Access& access);

}  // namespace slimimg::cli
