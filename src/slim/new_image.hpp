#pragma once

#include <string>
#include <vector>

#include "slimimg/image/writer.hpp"
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
/// A base style brings distroless's Env (PATH, SSL_CERT_FILE) where the source has none, nonroot
/// its user and folder.
image::Config new_config(const Analysis& analysis, const BuildTime& time);
image::HistoryStep new_step(const Analysis& analysis, const Plan& layer, const BuildTime& time);

/// What an image that stands on another takes over: variables and labels that it does not set, the
/// base's steps without a layer; and the annotations and labels that name it.
void inherit(image::NewImage& made, const image::Image& base);

/// When and of what it was made, by which version: annotations of the OCI manifest, the version as
/// a label too. Labels of the source stay.
void annotate(image::NewImage& made, const image::Image& source, const BuildTime& time);

}  // namespace slimimg::slim
