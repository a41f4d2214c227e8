#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "slimimg/archive/layer.hpp"
#include "slimimg/base/run_options.hpp"
#include "slimimg/image/image.hpp"

namespace slimimg::image {

/// Which image, where an archive holds several.
struct Selection {
    std::optional<Platform> platform;  ///< absent: the only one, or that of this machine
    std::string tag;                   ///< empty: the only one, or the first with a note
};

/// Opens an image: docker-archive of both generations, oci-archive, OCI layout folder, or "-".
/// Layers are not inflated yet; digests of manifests and configs are verified, those of layers
/// when they are scanned. Throws Error (bad_input, usage for a choice that isn't there).
Image read_image(const std::string& location, const Selection& selection,
                 const RunOptions& options);

/// Scans all layers of an image, the largest first, each once even where it is listed twice.
/// Throws Error (bad_input) where a layer is damaged, or with options.verify where its digest or
/// diff ID is not the one that the manifest or config claims.
std::vector<archive::LayerScan> scan_layers(const Image& image, const RunOptions& options);

/// Calls `work` with the scans of all layers while their bytes are still looked at, and comes back
/// once they are known to be as scan_layers would have them; what `work` made is of use only then.
/// It is called a second time where a layer that the cache knew is not the one that the image has,
/// and then replaces what it made.
/// Throws what scan_layers throws, whatever `work` has thrown: it may have met the damage.
void with_layers(const Image& image, const RunOptions& options,
                 const std::function<void(std::vector<archive::LayerScan>)>& work);

}  // namespace slimimg::image
