#pragma once

#include "slimimg/closure/closure.hpp"

namespace slimimg::closure {

/// Keeps the programs that were installed by name and that what starts programs names. Wrappers of
/// programs have the name in one file and start it in another, or in a variable (fluent-ffmpeg,
/// pytesseract, an application's lib/run.js and its settings).
void keep_wanted_programs(Evidence& evidence);

}  // namespace slimimg::closure
