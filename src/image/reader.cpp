#include "slimimg/image/reader.hpp"

#include <filesystem>

#include "image/docker_archive.hpp"
#include "image/oci_layout.hpp"
#include "image/source.hpp"

namespace slimimg::image {
namespace {

namespace fs = std::filesystem;

/// The steps of the history that made a layer stand in the layers' order.
void name_layers(Image& image) {
    std::size_t next = 0;
    for (const HistoryStep& step : image.config.history) {
        if (!step.empty_layer && next < image.layers.size()) {
            image.layers[next++].created_by = step.created_by;
        }
    }
}

std::uint64_t blob_bytes(const Image& image) {
    std::uint64_t sum = image.config.raw.size();
    for (const Layer& layer : image.layers) {
        sum += layer.blob.size();
    }
    return sum;
}

}  // namespace

Image read_image(const std::string& location, const Selection& selection,
                 const RunOptions& options) {
    Image image;
    image.source = location;
    const Source source(location, options, image.diagnostics);
    if (source.has("manifest.json")) {
        image.format = Format::docker;
        read_docker_archive(source, selection, image);
    } else {
        std::error_code error;
        image.format = fs::is_directory(location, error) ? Format::oci_dir : Format::oci;
        read_layout(source, selection, image);
    }
    name_layers(image);
    image.archive_bytes = source.archive_bytes().value_or(blob_bytes(image));
    return image;
}

}  // namespace slimimg::image
