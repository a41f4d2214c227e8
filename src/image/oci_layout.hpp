#pragma once

#include <vector>

#include "image/choice.hpp"
#include "image/source.hpp"

/// The OCI image layout (image-spec image-layout.md, image-index.md, manifest.md).
namespace slimimg::image {

/// An image manifest that an index leads to.
struct OciManifest {
    Descriptor descriptor;
    Candidate candidate;
};

/// Those of index.json and of the indexes it names, each once, attestations left out.
std::vector<OciManifest> list_manifests(const Source& source);

/// The digest of an image's config, as its manifest claims it.
Digest config_digest_of(const Source& source, const Descriptor& manifest);

/// Reads the image that `selection` asks for. Throws Error.
void read_layout(const Source& source, const Selection& selection, Image& image);

}  // namespace slimimg::image
