#include "image/oci_layout.hpp"

#include <algorithm>
#include <functional>
#include <map>

#include "slimimg/base/error.hpp"
#include "slimimg/base/path.hpp"

#include "image/config.hpp"

namespace slimimg::image {
namespace {

constexpr int deepest_index = 8;
constexpr std::size_t most_manifests = 10'000;

bool holds(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

/// A document with both lists is read differently by different readers (CVE-2021-41190).
bool is_index(const JsonView& document) {
    const bool index = !document.member("manifests").is_absent();
    if (index &&
        (!document.member("layers").is_absent() || !document.member("config").is_absent())) {
        document.fail("is an index and a manifest at once");
    }
    return index;
}

/// The name a user knows: the reference name is often the tag alone, and then containerd's is it.
Candidate candidate_of(const Descriptor& descriptor) {
    Candidate candidate;
    for (const std::string& name : {descriptor.full_name, descriptor.reference_name}) {
        if (!name.empty()) {
            candidate.aliases.push_back(name);
        }
    }
    if (descriptor.reference_name.find_first_of(":/") != std::string::npos) {
        candidate.names.push_back(descriptor.reference_name);
    } else if (!candidate.aliases.empty()) {
        candidate.names.push_back(candidate.aliases.front());
    }
    return candidate;
}

/// Walks the indexes; each is read once, whatever names it.
class Lister {
  public:
    explicit Lister(const Source& source) : source_(source) {}

    std::vector<OciManifest> list() {
        const std::string what = "index.json of " + source_.name();
        const Json json =
            parse_json(source_.file("index.json").bytes, source_.options().limits, what);
        std::vector<OciManifest> found;
        for (const Descriptor& descriptor : leaves(JsonView(json, what), 0)) {
            add(found, descriptor);
        }
        return found;
    }

  private:
    std::vector<Descriptor> leaves(const JsonView& index, int depth) {
        if (depth > deepest_index) {
            source_.fail("has indexes nested more than " + std::to_string(deepest_index) + " deep");
        }
        std::vector<Descriptor> found;
        for (const JsonView& item : index.member("manifests").items()) {
            const Descriptor descriptor = parse_descriptor(item);
            if (descriptor.is_attestation) {
                continue;
            }
            for (Descriptor leaf : leaves_of(descriptor, depth)) {
                if (leaf.full_name.empty() && leaf.reference_name.empty()) {
                    leaf.full_name = descriptor.full_name;  // the outer index names all of it
                    leaf.reference_name = descriptor.reference_name;
                }
                found.push_back(std::move(leaf));
            }
            if (found.size() > most_manifests) {
                source_.fail("lists more than " + std::to_string(most_manifests) + " manifests");
            }
        }
        return found;
    }

    /// Itself, where it is of a manifest or of something that the archive lacks.
    std::vector<Descriptor> leaves_of(const Descriptor& descriptor, int depth) {
        const std::string& type = descriptor.media_type;
        const bool told = holds(type, "manifest.v") || holds(type, "manifest.list");
        const bool is_list = holds(type, "index") || holds(type, "manifest.list");
        if (!source_.has_blob(descriptor) || (told && !is_list)) {
            return {descriptor};
        }
        if (const auto known = indexes_.find(descriptor.digest); known != indexes_.end()) {
            return known->second;
        }
        const std::string what = "index " + descriptor.digest.str() + " of " + source_.name();
        const Json json =
            parse_json(source_.blob(descriptor).bytes, source_.options().limits, what);
        const JsonView document(json, what);
        if (!is_index(document)) {
            return {descriptor};
        }
        return indexes_.emplace(descriptor.digest, leaves(document, depth + 1)).first->second;
    }

    /// One manifest may stand under several names.
    static void add(std::vector<OciManifest>& found, const Descriptor& descriptor) {
        Candidate candidate = candidate_of(descriptor);
        const auto known = std::find_if(found.begin(), found.end(), [&](const OciManifest& each) {
            return each.descriptor.digest == descriptor.digest;
        });
        if (known == found.end()) {
            found.push_back({descriptor, std::move(candidate)});
            return;
        }
        const auto append = [](std::vector<std::string>& to, const std::vector<std::string>& from) {
            for (const std::string& name : from) {
                if (std::find(to.begin(), to.end(), name) == to.end()) {
                    to.push_back(name);
                }
            }
        };
        append(known->candidate.names, candidate.names);
        append(known->candidate.aliases, candidate.aliases);
    }

    const Source& source_;
    std::map<Digest, std::vector<Descriptor>> indexes_;
};

std::string named(const Source& source, const Descriptor& manifest) {
    return "manifest " + manifest.digest.str() + " of " + source.name();
}

/// Throws for what is no image of tar layers with a config.
void demand_image_manifest(const JsonView& manifest) {
    if (is_index(manifest)) {
        manifest.fail("is an index where a manifest was promised");
    }
    if (!manifest.member("fsLayers").is_absent()) {
        throw Error(Exit::bad_input, "image-schema-1",
                    "the image has a manifest of schema 1, which engines no longer take",
                    "pull it with a current engine and save it again");
    }
    if (manifest.member("config").is_absent()) {
        manifest.fail("has no config");
    }
}

[[noreturn]] void throw_artifact(const Source& source, const std::string& type) {
    throw Error(Exit::bad_input, "artifact",
                source.name() + " holds an artifact (" + path::printable(type.substr(0, 100)) +
                    "), not an image",
                "choose another with --tag");
}

Descriptor config_of(const Source& source, const JsonView& manifest) {
    const Descriptor config = parse_descriptor(manifest.member("config"));
    const std::string& type = config.media_type;
    if (!type.empty() && !holds(type, "image") && !holds(type, "container")) {
        throw_artifact(source, type);
    }
    return config;
}

Layer read_layer(const Source& source, const JsonView& item, std::size_t number) {
    const Descriptor descriptor = parse_descriptor(item);
    const std::string& type = descriptor.media_type;
    const std::string which = "layer " + std::to_string(number);
    if (holds(type, "encrypted")) {
        source.fail("has an encrypted " + which, "decrypt it first: skopeo copy --decryption-key");
    }
    if (!type.empty() && !holds(type, "tar") && !holds(type, "diff")) {
        throw_artifact(source, type);
    }
    if (!source.has_blob(descriptor)) {
        const bool foreign = holds(type, "foreign") || holds(type, "nondistributable");
        source.fail("lacks " + which + " (" + descriptor.digest.str() +
                        (foreign ? "), which its publisher allows nobody to pass on" : ")"),
                    foreign ? "pull it from its publisher with skopeo copy" : "");
    }
    Layer layer;
    layer.blob_digest = descriptor.digest;
    layer.blob = source.layer_blob(descriptor);
    return layer;
}

void read_manifest(const Source& source, const Descriptor& descriptor, Image& image) {
    const std::string what = named(source, descriptor);
    const Slice text = source.blob(descriptor);
    const Json json = parse_json(text.bytes, source.options().limits, what);
    const JsonView manifest(json, what);
    demand_image_manifest(manifest);
    const Descriptor config = config_of(source, manifest);
    image.manifest_digest = descriptor.digest;
    image.config_digest = config.digest;
    image.config = parse_config(source.blob(config).bytes, source.options().limits,
                                "config " + config.digest.str() + " of " + source.name());
    const std::vector<JsonView> layers = manifest.member("layers").items();
    source.check_layer_count(layers.size(), image.config);
    for (std::size_t i = 0; i < layers.size(); ++i) {
        image.layers.push_back(read_layer(source, layers[i], i));
        image.layers.back().diff_id = image.config.diff_ids[i];
    }
}

Platform platform_of(const Source& source, const Descriptor& descriptor) {
    if (descriptor.platform) {
        return *descriptor.platform;
    }
    const std::string what = named(source, descriptor);
    const Json json = parse_json(source.blob(descriptor).bytes, source.options().limits, what);
    const Descriptor config = parse_descriptor(JsonView(json, what).member("config"));
    return parse_config(source.blob(config).bytes, source.options().limits, what).platform;
}

}  // namespace

std::vector<OciManifest> list_manifests(const Source& source) {
    return Lister(source).list();
}

Digest config_digest_of(const Source& source, const Descriptor& manifest) {
    const std::string what = named(source, manifest);
    const Json json = parse_json(source.blob(manifest).bytes, source.options().limits, what);
    return parse_descriptor(JsonView(json, what).member("config")).digest;
}

void read_layout(const Source& source, const Selection& selection, Image& image) {
    std::vector<OciManifest> manifests = list_manifests(source);
    if (manifests.empty()) {
        source.fail("holds no image manifest");
    }
    // An index may list platforms that were never pulled.
    const auto is_here = [&](const OciManifest& each) { return source.has_blob(each.descriptor); };
    if (std::any_of(manifests.begin(), manifests.end(), is_here)) {
        std::erase_if(manifests, std::not_fn(is_here));
    }
    std::vector<Candidate> candidates;
    for (const OciManifest& each : manifests) {
        candidates.push_back(each.candidate);
    }
    const std::size_t chosen = choose(
        candidates, selection,
        [&](std::size_t i) { return platform_of(source, manifests[i].descriptor); }, source.name(),
        image.diagnostics);
    image.names = candidates[chosen].names;
    read_manifest(source, manifests[chosen].descriptor, image);
}

}  // namespace slimimg::image
