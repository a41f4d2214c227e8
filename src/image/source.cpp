#include "image/source.hpp"

#include <algorithm>
#include <filesystem>

#include "slimimg/base/error.hpp"
#include "slimimg/base/limit_names.hpp"
#include "slimimg/base/path.hpp"

namespace slimimg::image {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view damaged = "the image is damaged; save or pull it again";
constexpr std::string_view how_to_make_one =
    "make an image archive with: docker save IMAGE -o image.tar (or podman save)";

std::string blob_name(const Digest& digest) {
    return "blobs/sha256/" + digest.hex();
}

/// Empty for what is too long to be one.
std::string image_name(const JsonView& annotation) {
    constexpr std::size_t longest = 1024;
    std::string name = annotation.text();
    return name.size() > longest ? std::string() : name;
}

/// Before a folder is indexed: it may be any folder, with a whole system in it.
void demand_layout_folder(const std::string& location) {
    std::error_code error;
    if (location == "-" || !fs::is_directory(location, error)) {
        return;
    }
    if (!fs::exists(fs::path(location) / "index.json", error) &&
        !fs::exists(fs::path(location) / "manifest.json", error)) {
        throw Error(Exit::bad_input, "not-an-image",
                    path::printable(location) + " is a folder without an index.json",
                    "name an image archive, or the folder of an OCI layout");
    }
}

}  // namespace

Descriptor parse_descriptor(const JsonView& item) {
    Descriptor descriptor;
    descriptor.media_type = item.member("mediaType").text();
    const JsonView digest = item.member("digest");
    const auto parsed = Digest::parse(digest.text());
    if (!parsed || !digest.text().starts_with("sha256:")) {
        digest.fail("is no SHA-256 digest");
    }
    descriptor.digest = *parsed;
    descriptor.size = item.member("size").size();
    if (const JsonView platform = item.member("platform"); !platform.is_absent()) {
        descriptor.platform =
            Platform{platform.member("os").text(), platform.member("architecture").text(),
                     platform.member("variant").text()};
    }
    const JsonView annotations = item.member("annotations");
    descriptor.full_name = image_name(annotations.member("io.containerd.image.name"));
    descriptor.reference_name = image_name(annotations.member("org.opencontainers.image.ref.name"));
    // BuildKit stores what it attests of an image as further manifests of the index.
    descriptor.is_attestation = !annotations.member("vnd.docker.reference.type").is_absent() ||
                                (descriptor.platform && descriptor.platform->os == "unknown" &&
                                 descriptor.platform->architecture == "unknown");
    return descriptor;
}

Source::Source(const std::string& location, const RunOptions& options,
               std::vector<Diagnostic>& diagnostics)
    : name_(location == "-" ? "standard input" : path::printable(location)), options_(options) {
    demand_layout_folder(location);
    blobs_ = archive::open_blobs(location, options, diagnostics);
    demand_image();
}

void Source::demand_image() const {
    if (has("manifest.json") || has("index.json")) {
        return;
    }
    if (has("repositories")) {
        fail("was saved by a Docker before 1.10, in a form without manifest.json",
             "load it and save it again");
    }
    const auto names = blobs_.names();
    for (const std::string_view name : names) {
        const std::string_view base = path::basename(name);
        if (base.size() < name.size() && (base == "index.json" || base == "manifest.json")) {
            fail("has its " + std::string(base) + " in a folder, as " + path::printable(name),
                 "pack what is in that folder, not the folder itself");
        }
    }
    const bool is_system = std::any_of(names.begin(), names.end(), [](std::string_view name) {
        return name.starts_with("etc/") || name.starts_with("usr/") || name.starts_with("bin/");
    });
    fail(is_system ? "holds the files of a system (docker export?), not an image"
                   : "has neither manifest.json nor index.json",
         how_to_make_one);
}

bool Source::has(std::string_view file) const {
    return blobs_.find(file).has_value();
}

Slice Source::file(std::string_view file) const {
    if (auto found = blobs_.find(file)) {
        return *found;
    }
    fail("lacks " + path::printable(file.substr(0, 200)) + ", which its manifest names");
}

bool Source::has_blob(const Descriptor& descriptor) const {
    return has(blob_name(descriptor.digest));
}

Slice Source::layer_blob(const Descriptor& descriptor) const {
    const Slice blob = file(blob_name(descriptor.digest));
    if (descriptor.size && *descriptor.size != blob.size()) {
        fail("has a blob " + descriptor.digest.str() + " of " + std::to_string(blob.size()) +
             " bytes where its descriptor says " + std::to_string(*descriptor.size));
    }
    return blob;
}

Slice Source::blob(const Descriptor& descriptor) const {
    const Slice blob = layer_blob(descriptor);
    verify(blob.bytes, descriptor.digest, "a blob");
    return blob;
}

void Source::verify(Bytes bytes, const Digest& claimed, std::string_view what) const {
    if (!options_.verify) {
        return;
    }
    if (const Digest found = sha256(bytes); found != claimed) {
        throw Error(Exit::bad_input, "digest-mismatch",
                    name_ + " has " + std::string(what) + " named " + claimed.str() +
                        " whose digest is " + found.str(),
                    std::string(damaged));
    }
}

void Source::check_layer_count(std::size_t layers, const Config& config) const {
    if (layers > options_.limits.layers) {
        fail("has " + std::to_string(layers) + " layers, over the limit of " +
                 std::to_string(options_.limits.layers),
             raise_hint(&Limits::layers));
    }
    if (layers != config.diff_ids.size()) {
        fail("has " + std::to_string(layers) + " layers where its config has " +
             std::to_string(config.diff_ids.size()) + " diff IDs");
    }
}

void Source::fail(std::string_view problem, std::string_view hint) const {
    throw Error(Exit::bad_input, "image", name_ + " " + std::string(problem),
                std::string(hint.empty() ? damaged : hint));
}

}  // namespace slimimg::image
