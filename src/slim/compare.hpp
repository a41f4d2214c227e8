#pragma once

#include "slimimg/image/writer.hpp"
#include "slimimg/slim/slim.hpp"

namespace slimimg::slim {

/// Makes sure that the layers of an image that was read again are, byte for byte, those that were
/// hashed as they were made, under their digests. Throws Error (internal).
void check_stored(const image::Image& written, const image::NewImage& made,
                  const image::StagedImage& staged);

/// Makes sure that the tree that was written and read again is the plan's to the letter: the same
/// paths, headers, contents and hard links, nothing more and nothing less. Throws Error (internal)
/// naming the first that differs. A stripped file is held against the source's, as loaders and
/// debuggers see both. With `on_base` there may be more, of the image it stands on.
void check_written(const rootfs::Rootfs& written, const Plan& plan, const rootfs::Rootfs& source,
                   const RunOptions& run, bool on_base = false);

}  // namespace slimimg::slim
