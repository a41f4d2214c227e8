#pragma once

#include <optional>
#include <string>
#include <vector>

#include "slimimg/archive/layer.hpp"
#include "slimimg/base/run_options.hpp"
#include "slimimg/image/image.hpp"
#include "slimimg/image/verification.hpp"

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

/// Layers that can be worked with, while some are still hashed: they have the digests that the
/// image claims, and verification.finish() tells whether these are true.
struct ListedLayers {
    std::vector<archive::LayerScan> scans;
    Verification verification;
};

/// As scan_layers, but hashing goes on. What is done with the scans meanwhile is of use only once
/// verification.finish() has come back.
ListedLayers list_layers(const Image& image, const RunOptions& options);

/// Scans all layers of an image, the largest first, each once even where it is listed twice.
/// Throws Error (bad_input) where a layer is damaged, or with options.verify where its digest or
/// diff ID is not the one that the manifest or config claims.
std::vector<archive::LayerScan> scan_layers(const Image& image, const RunOptions& options);

}  // namespace slimimg::image
