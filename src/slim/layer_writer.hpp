#pragma once

#include <memory>

#include "slimimg/archive/blob_writer.hpp"
#include "slimimg/slim/slim.hpp"

namespace slimimg::slim {

/// Writes the items of a plan as one layer, in their order. What is as it was in the source is
/// copied as it stands there, byte for byte. Into a spool file where there is no `place`.
archive::WrittenBlob write_layer(const Plan& plan, const rootfs::Rootfs& rootfs,
                                 const archive::Compression& compression, const RunOptions& run,
                                 std::unique_ptr<archive::BlobPlace> place = nullptr);

}  // namespace slimimg::slim
