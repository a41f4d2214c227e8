#pragma once

#include "slimimg/image/reader.hpp"

#include "image/source.hpp"

/// The docker-archive (moby image/spec v1.2 and later): manifest.json names configs and layers by
/// their files.
namespace slimimg::image {

/// Reads the image that `selection` asks for. Throws Error.
void read_docker_archive(const Source& source, const Selection& selection, Image& image);

}  // namespace slimimg::image
