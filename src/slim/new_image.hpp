#pragma once

#include <string>
#include <vector>

#include "slimimg/slim/slim.hpp"

#include "slim/build_time.hpp"

namespace slimimg::slim {

/// The names of the new image: those asked for, else the source's with "-slim" at the tag.
std::vector<std::string> new_names(const std::vector<std::string>& source,
                                   const std::vector<std::string>& wanted, image::Format format);

/// How the layer is compressed: as asked for, else as the source's largest layer. Docker's older
/// versions load nothing but plain and gzip layers, and xz is nothing that registries take.
archive::Compression new_compression(const Analysis& analysis, const RebuildOptions& options,
                                     image::Format format);

/// The source's config with its time and history. All of the source's steps stay, marked as
/// without a layer, so that `docker history` still tells how the program was made; the step of
/// the new layer comes behind them.
image::Config new_config(const image::Config& source, const BuildTime& time);
image::HistoryStep new_step(const Analysis& analysis, const BuildTime& time);

}  // namespace slimimg::slim
