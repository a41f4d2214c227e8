#include "slimimg/image/reader.hpp"

#include <algorithm>
#include <filesystem>
#include <numeric>

#include <sys/utsname.h>

#include "slimimg/archive/blob_index.hpp"
#include "slimimg/base/error.hpp"
#include "slimimg/base/parallel.hpp"
#include "slimimg/base/path.hpp"

#include "image/config.hpp"
#include "image/json.hpp"

namespace slimimg::image {
namespace {

using archive::BlobIndex;

constexpr int deepest_index = 8;

[[noreturn]] void throw_bad(const std::string& message, std::string hint = {}) {
    throw Error(Exit::bad_input, "image", message,
                hint.empty() ? "the image is damaged; save or pull it again" : std::move(hint));
}

/// What a descriptor (OCI image-spec descriptor.md) says.
struct Descriptor {
    std::string media_type;
    Digest digest;
    std::optional<std::uint64_t> size;
    std::optional<Platform> platform;
    std::map<std::string, std::string> annotations;
};

class Reader {
  public:
    Reader(const std::string& location, const Selection& selection, const RunOptions& options)
        : location_(location), selection_(selection), options_(options) {}

    Image read() {
        image_.source = location_;
        blobs_ = archive::open_blobs(location_, options_, image_.diagnostics);
        if (const auto manifest = blobs_.find("manifest.json")) {
            read_docker(*manifest);
        } else if (const auto index = blobs_.find("index.json")) {
            read_layout(*index);
        } else {
            throw_bad(location_ + " has neither manifest.json nor index.json",
                      "make an image archive with: docker save IMAGE -o image.tar");
        }
        name_layers();
        return std::move(image_);
    }

  private:
    // --- docker-archive ---------------------------------------------------------------------

    void read_docker(const Slice& text) {
        image_.format = Format::docker;
        const Json list = parse_json(text.bytes, options_.limits, "manifest.json of " + location_);
        if (!list.is_array() || list.empty()) {
            throw_bad("manifest.json of " + location_ + " lists no image");
        }
        const Json& entry = choose_docker(list);
        const std::string what = "manifest.json of " + location_;
        image_.names = list_member(entry, "RepoTags", what);
        const std::string config_name = text_member(entry, "Config", what);
        const Slice config = blob_named(config_name);
        image_.config_digest = sha256(config.bytes);
        image_.config = parse_config(config.bytes, options_.limits, config_name);
        if (selection_.platform && !fits(image_.config.platform, *selection_.platform)) {
            throw_no_platform(*selection_.platform, {image_.config.platform.str()});
        }
        const std::vector<std::string> layers = list_member(entry, "Layers", what);
        check_layer_count(layers.size());
        for (std::size_t i = 0; i < layers.size(); ++i) {
            Layer layer;
            layer.diff_id = image_.config.diff_ids[i];
            layer.blob = blob_named(layers[i]);
            image_.layers.push_back(std::move(layer));
        }
        // Docker from 25 on writes an OCI layout into the same tar; its manifest has a digest.
        if (const auto index = blobs_.find("index.json"); index && list.size() == 1) {
            const auto found =
                manifests(parse_json(index->bytes, options_.limits, "index.json"), 0);
            if (found.size() == 1) {
                image_.manifest_digest = found.front().digest;
            }
        }
    }

    const Json& choose_docker(const Json& list) {
        std::vector<std::string> known;
        for (const Json& entry : list) {
            for (const std::string& name :
                 list_member(entry, "RepoTags", "manifest.json of " + location_)) {
                if (name == selection_.tag) {
                    return entry;
                }
                known.push_back(name);
            }
        }
        if (!selection_.tag.empty()) {
            throw_no_tag(known);
        }
        if (list.size() > 1) {
            tell_choice(known);
        }
        return list.front();
    }

    // --- OCI layout -------------------------------------------------------------------------

    void read_layout(const Slice& text) {
        std::error_code error;
        image_.format =
            std::filesystem::is_directory(location_, error) ? Format::oci_dir : Format::oci;
        const auto all =
            manifests(parse_json(text.bytes, options_.limits, "index.json of " + location_), 0);
        const Descriptor chosen = choose_manifest(all);
        if (const std::string name = name_of(chosen); !name.empty()) {
            image_.names.push_back(name);
        }
        image_.manifest_digest = chosen.digest;
        read_manifest(chosen);
    }

    void read_manifest(const Descriptor& descriptor) {
        const std::string what = "manifest " + descriptor.digest.str();
        const Json manifest = parse_json(blob_of(descriptor).bytes, options_.limits, what);
        if (!member(manifest, "config").is_object() || !member(manifest, "layers").is_array()) {
            throw_bad(what + " has no config and layers (schema 1 is not read)");
        }
        const Descriptor config = descriptor_of(member(manifest, "config"), what);
        if (config.media_type.find("image") == std::string::npos &&
            config.media_type.find("container") == std::string::npos) {
            throw_bad(what + " is of an artifact (" + config.media_type.substr(0, 80) +
                          "), not of an image",
                      "choose another with --tag");
        }
        const Slice config_text = blob_of(config);
        image_.config_digest = config.digest;
        image_.config =
            parse_config(config_text.bytes, options_.limits, "config " + config.digest.str());
        const Json& layers = member(manifest, "layers");
        check_layer_count(layers.size());
        for (std::size_t i = 0; i < layers.size(); ++i) {
            const Descriptor blob = descriptor_of(layers[i], what);
            Layer layer;
            layer.diff_id = image_.config.diff_ids[i];
            layer.blob_digest = blob.digest;
            layer.blob = blob_of(blob, false);
            image_.layers.push_back(std::move(layer));
        }
    }

    Descriptor descriptor_of(const Json& item, const std::string& what) const {
        Descriptor descriptor;
        descriptor.media_type = text_member(item, "mediaType", what);
        const std::string digest = text_member(item, "digest", what);
        const auto parsed = Digest::parse(digest);
        if (!parsed || !digest.starts_with("sha256:")) {
            throw_bad(what + ": " + path::printable(digest.substr(0, 80)) +
                      " is no SHA-256 digest");
        }
        descriptor.digest = *parsed;
        descriptor.size = size_member(item, "size");
        if (const Json& platform = member(item, "platform"); platform.is_object()) {
            descriptor.platform = Platform{text_member(platform, "os", what),
                                           text_member(platform, "architecture", what),
                                           text_member(platform, "variant", what)};
        }
        if (const Json& annotations = member(item, "annotations"); annotations.is_object()) {
            for (const auto& [key, value] : annotations.items()) {
                if (value.is_string()) {
                    descriptor.annotations[key] = value.get<std::string>();
                }
            }
        }
        return descriptor;
    }

    /// The manifests that an index and the indexes in it name, attestations left out.
    std::vector<Descriptor> manifests(const Json& index, int depth) const {
        const std::string what = "the index of " + location_;
        if (depth > deepest_index) {
            throw_bad(what + " is nested too deep");
        }
        std::vector<Descriptor> found;
        const Json& list = member(index, "manifests");
        if (list.is_null()) {
            return found;  // Docker 25 writes null where the image has no tag
        }
        if (!list.is_array()) {
            throw_bad(what + " lists no manifests");
        }
        for (const Json& item : list) {
            const Descriptor descriptor = descriptor_of(item, what);
            const bool attestation = descriptor.annotations.contains("vnd.docker.reference.type") ||
                                     (descriptor.platform && descriptor.platform->os == "unknown");
            if (attestation) {
                continue;
            }
            const bool nested = descriptor.media_type.find("index") != std::string::npos ||
                                descriptor.media_type.find("manifest.list") != std::string::npos;
            if (!nested) {
                found.push_back(descriptor);
                continue;
            }
            const Json inner = parse_json(blob_of(descriptor).bytes, options_.limits,
                                          "index " + descriptor.digest.str());
            for (Descriptor& each : manifests(inner, depth + 1)) {
                if (name_of(each).empty()) {
                    each.annotations.insert(descriptor.annotations.begin(),
                                            descriptor.annotations.end());
                }
                found.push_back(std::move(each));
            }
        }
        return found;
    }

    static std::string name_of(const Descriptor& descriptor) {
        for (const char* const key :
             {"io.containerd.image.name", "org.opencontainers.image.ref.name"}) {
            const auto at = descriptor.annotations.find(key);
            if (at != descriptor.annotations.end()) {
                return at->second;
            }
        }
        return {};
    }

    static bool has_tag(const Descriptor& descriptor, const std::string& tag) {
        const auto at = descriptor.annotations.find("org.opencontainers.image.ref.name");
        return name_of(descriptor) == tag ||
               (at != descriptor.annotations.end() && at->second == tag);
    }

    Descriptor choose_manifest(std::vector<Descriptor> all) {
        if (all.empty()) {
            throw_bad(location_ + " holds no image manifest");
        }
        std::vector<std::string> known;
        for (const Descriptor& descriptor : all) {
            known.push_back(name_of(descriptor));
        }
        if (!selection_.tag.empty()) {
            std::erase_if(all, [&](const Descriptor& d) { return !has_tag(d, selection_.tag); });
            if (all.empty()) {
                throw_no_tag(known);
            }
        }
        const Platform wanted = selection_.platform.value_or(this_machine());
        if (all.size() == 1 && !selection_.platform) {
            return all.front();
        }
        std::vector<std::string> platforms;
        for (Descriptor& descriptor : all) {
            if (!descriptor.platform) {
                descriptor.platform = platform_in_config(descriptor);
            }
            platforms.push_back(descriptor.platform->str());
        }
        std::erase_if(
            all, [&](const Descriptor& descriptor) { return !fits(*descriptor.platform, wanted); });
        if (all.empty()) {
            throw_no_platform(wanted, platforms);
        }
        if (all.size() > 1) {
            tell_choice(known);
        }
        return all.front();
    }

    Platform platform_in_config(const Descriptor& descriptor) const {
        const std::string what = "manifest " + descriptor.digest.str();
        const Json manifest = parse_json(blob_of(descriptor).bytes, options_.limits, what);
        const Descriptor config = descriptor_of(member(manifest, "config"), what);
        return parse_config(blob_of(config).bytes, options_.limits, what).platform;
    }

    static bool fits(const Platform& platform, const Platform& wanted) {
        return platform.os == wanted.os && platform.architecture == wanted.architecture &&
               (wanted.variant.empty() || platform.variant == wanted.variant);
    }

    [[noreturn]] void throw_no_platform(const Platform& wanted,
                                        const std::vector<std::string>& known) const {
        throw Error(selection_.platform ? Exit::usage : Exit::bad_input, "platform",
                    location_ + " has no image for " + wanted.str(),
                    "choose one with --platform: " + joined(known));
    }

    static Platform this_machine() {
        struct utsname names {};
        uname(&names);
        const std::string machine = names.machine;
        const auto architecture = [&]() -> std::string {
            if (machine == "x86_64") {
                return "amd64";
            }
            if (machine == "aarch64") {
                return "arm64";
            }
            return machine.starts_with("arm") ? "arm" : machine;
        };
        return {"linux", architecture(), ""};
    }

    // --- both -------------------------------------------------------------------------------

    Slice blob_named(const std::string& name) const {
        if (auto blob = blobs_.find(name)) {
            return *blob;
        }
        throw_bad(location_ + " lacks " + path::printable(name) + ", which its manifest names");
    }

    /// The blob of a descriptor, its size and (but for layers, which are hashed when they are
    /// scanned) its digest compared.
    Slice blob_of(const Descriptor& descriptor, bool hash = true) const {
        const Slice blob = blob_named("blobs/sha256/" + descriptor.digest.hex());
        if (descriptor.size && *descriptor.size != blob.size()) {
            throw_bad("blob " + descriptor.digest.str() + " of " + location_ + " has " +
                      std::to_string(blob.size()) + " bytes where its descriptor says " +
                      std::to_string(*descriptor.size));
        }
        if (hash && options_.verify && sha256(blob.bytes) != descriptor.digest) {
            throw Error(Exit::bad_input, "digest-mismatch",
                        "blob " + descriptor.digest.str() + " of " + location_ +
                            " has another digest: " + sha256(blob.bytes).str(),
                        "the image is damaged; save or pull it again");
        }
        return blob;
    }

    void check_layer_count(std::size_t layers) const {
        if (layers > options_.limits.layers) {
            throw_bad(location_ + " has " + std::to_string(layers) + " layers, over the limit of " +
                      std::to_string(options_.limits.layers));
        }
        if (layers != image_.config.diff_ids.size()) {
            throw_bad(location_ + " has " + std::to_string(layers) +
                      " layers where its config has " +
                      std::to_string(image_.config.diff_ids.size()) + " diff IDs");
        }
    }

    void name_layers() {
        std::size_t next = 0;
        for (const HistoryStep& step : image_.config.history) {
            if (!step.empty_layer && next < image_.layers.size()) {
                image_.layers[next++].created_by = step.created_by;
            }
        }
        std::error_code error;
        const auto size = std::filesystem::file_size(location_, error);
        if (image_.format != Format::oci_dir && !error) {
            image_.archive_bytes = size;
            return;
        }
        image_.archive_bytes = std::accumulate(
            image_.layers.begin(), image_.layers.end(), std::uint64_t{image_.config.raw.size()},
            [](std::uint64_t sum, const Layer& layer) { return sum + layer.blob.size(); });
    }

    static std::string joined(const std::vector<std::string>& names) {
        std::string text;
        for (const std::string& name : names) {
            text += (text.empty() ? "" : ", ") + path::printable(name);
        }
        return text;
    }

    [[noreturn]] void throw_no_tag(const std::vector<std::string>& known) const {
        throw Error(Exit::usage, "tag-unknown",
                    location_ + " has no image tagged " + selection_.tag,
                    "it has " + joined(known));
    }

    void tell_choice(const std::vector<std::string>& known) {
        image_.diagnostics.push_back({Severity::note, "several-images", "",
                                      "the archive holds several images (" + joined(known) +
                                          "); this is the first, choose with --tag"});
    }

    std::string location_;
    const Selection& selection_;
    const RunOptions& options_;
    BlobIndex blobs_;
    Image image_;
};

}  // namespace

Image read_image(const std::string& location, const Selection& selection,
                 const RunOptions& options) {
    return Reader(location, selection, options).read();
}

std::vector<archive::LayerScan> scan_layers(const Image& image, const RunOptions& options) {
    const std::size_t count = image.layers.size();
    std::vector<std::size_t> first(count);  // the layer that has the same blob
    std::map<const std::byte*, std::size_t> seen;
    for (std::size_t i = 0; i < count; ++i) {
        const Bytes blob = image.layers[i].blob.bytes;
        first[i] = blob.empty() ? i : seen.try_emplace(blob.data(), i).first->second;
    }
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < count; ++i) {
        if (first[i] == i) {
            order.push_back(i);
        }
    }
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return image.layers[a].blob.size() > image.layers[b].blob.size();
    });
    std::vector<archive::LayerScan> scans(count);
    parallel_for(options.threads, order.size(), [&](std::size_t at) {
        const std::size_t i = order[at];
        scans[i] = archive::scan_layer(
            image.layers[i].blob, options,
            "layer " + std::to_string(i + 1) + " of " + path::printable(image.source));
    });
    for (std::size_t i = 0; i < count; ++i) {
        const Layer& layer = image.layers[i];
        if (first[i] != i) {
            scans[i] = scans[first[i]];
        }
        const bool wrong = scans[i].diff_id != layer.diff_id ||
                           (layer.blob_digest && scans[i].blob != *layer.blob_digest);
        if (options.verify && wrong) {
            throw Error(Exit::bad_input, "digest-mismatch",
                        "layer " + std::to_string(i + 1) + " of " + path::printable(image.source) +
                            " is not what the image claims: it is " + scans[i].diff_id.str() +
                            ", the config says " + layer.diff_id.str(),
                        "the image is damaged; save or pull it again");
        }
    }
    return scans;
}

}  // namespace slimimg::image
