#pragma once

#include <optional>
#include <string>
#include <vector>

#include "slimimg/archive/blob_writer.hpp"
#include "slimimg/image/image.hpp"

namespace slimimg::image {

/// A layer to be written.
struct NewLayer {
    archive::WrittenBlob blob;
    archive::Codec codec = archive::Codec::none;
    HistoryStep history;
};

struct NewImage {
    Config config;  ///< the source's; diff_ids and history are set from layers
    std::vector<NewLayer> layers;
    std::vector<std::string> names;
    std::map<std::string, std::string> annotations;  ///< of the OCI manifest
};

/// Writes `image` to `target` (a file; a folder for Format::oci_dir; "-" for standard output).
/// A docker-archive is written as Docker 25 does, with the OCI layout beside manifest.json in one
/// tar. Equal input gives equal bytes. Returns the bytes written. Throws Error (internal).
std::uint64_t write_image(const NewImage& image, Format format, const std::string& target);

}  // namespace slimimg::image
