#pragma once

#include "slimimg/slim/slim.hpp"

namespace slimimg::slim {

/// Makes sure that the tree that was written and read again is the plan's to the letter: the same
/// paths, headers, contents and hard links, nothing more and nothing less. Throws Error (internal)
/// naming the first that differs. A stripped file is held against the source's, as loaders and
/// debuggers see both. With `on_base` there may be more, of the image it stands on.
void check_written(const rootfs::Rootfs& written, const Plan& plan, const rootfs::Rootfs& source,
                   const RunOptions& run, bool on_base = false);

}  // namespace slimimg::slim
