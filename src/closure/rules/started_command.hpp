#pragma once

#include "slimimg/closure/closure.hpp"
#include "slimimg/closure/shell.hpp"

#include "closure/rules/shell_script.hpp"

namespace slimimg::closure {

/// Keeps the programs that code starts which a shell's words give to an interpreter.
void keep_started_by(Evidence& evidence, const ShellCode& code, const ShellOrigin& origin);

}  // namespace slimimg::closure
