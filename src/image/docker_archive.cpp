#include "image/docker_archive.hpp"

#include <algorithm>

#include "slimimg/base/error.hpp"
#include "slimimg/base/path.hpp"

#include "image/choice.hpp"
#include "image/config.hpp"
#include "image/oci_layout.hpp"
#include "image/platform.hpp"

namespace slimimg::image {
namespace {

/// The digest in a config's file name: "blobs/sha256/<hex>" (Docker from 25 on), "<hex>.json",
/// "sha256:<hex>" (kaniko). Other names promise nothing.
std::optional<Digest> digest_in_name(std::string_view name) {
    name = path::basename(name);
    return Digest::parse(name.ends_with(".json") ? name.substr(0, name.size() - 5) : name);
}

/// One image of manifest.json.
struct Entry {
    std::string config;
    std::vector<std::string> layers;
    Candidate candidate;
};

std::vector<Entry> list_entries(const Source& source) {
    const std::string what = "manifest.json of " + source.name();
    const Json json = parse_json(source.file("manifest.json").bytes, source.options().limits, what);
    std::vector<Entry> entries;
    for (const JsonView& item : JsonView(json, what).items()) {
        entries.push_back({item.member("Config").text(),
                           item.member("Layers").texts(),
                           {item.member("RepoTags").texts(), {}}});
    }
    if (entries.empty()) {
        source.fail("lists no image in its manifest.json");
    }
    return entries;
}

Config read_config(const Source& source, const Entry& entry) {
    const Slice text = source.file(entry.config);
    if (const auto claimed = digest_in_name(entry.config)) {
        source.verify(text.bytes, *claimed, "a config");
    }
    return parse_config(text.bytes, source.options().limits,
                        "config " + path::printable(entry.config) + " of " + source.name());
}

/// Docker from 25 on writes an OCI layout into the same tar. It only adds a digest, so what is
/// wrong with it is a note.
void find_manifest_digest(const Source& source, Image& image) {
    if (!source.has("index.json")) {
        return;
    }
    try {
        for (const OciManifest& each : list_manifests(source)) {
            if (source.has_blob(each.descriptor) &&
                config_digest_of(source, each.descriptor) == image.config_digest) {
                image.manifest_digest = each.descriptor.digest;
                return;
            }
        }
    } catch (const Error& error) {
        image.diagnostics.push_back({Severity::note, "oci-part-damaged", "",
                                     "the archive's OCI part is not used: " + error.message()});
    }
}

/// True where manifest.json has nothing for the platform asked for, and the OCI part may have.
bool is_only_in_layout(const Source& source, const std::vector<Entry>& entries,
                       const Selection& selection) {
    return selection.platform && source.has("index.json") &&
           std::none_of(entries.begin(), entries.end(), [&](const Entry& entry) {
               return serves(read_config(source, entry).platform, *selection.platform);
           });
}

}  // namespace

void read_docker_archive(const Source& source, const Selection& selection, Image& image) {
    const std::vector<Entry> entries = list_entries(source);
    if (is_only_in_layout(source, entries, selection)) {
        read_layout(source, selection, image);
        return;
    }
    std::vector<Candidate> candidates;
    for (const Entry& entry : entries) {
        candidates.push_back(entry.candidate);
    }
    const Entry& entry = entries[choose(
        candidates, selection,
        [&](std::size_t i) { return read_config(source, entries[i]).platform; }, source.name(),
        image.diagnostics)];
    image.names = entry.candidate.names;
    image.config = read_config(source, entry);
    image.config_digest = sha256(as_bytes(image.config.raw));
    source.check_layer_count(entry.layers.size(), image.config);
    for (std::size_t i = 0; i < entry.layers.size(); ++i) {
        Layer layer;
        layer.diff_id = image.config.diff_ids[i];
        layer.blob = source.file(entry.layers[i]);
        image.layers.push_back(std::move(layer));
    }
    find_manifest_digest(source, image);
}

}  // namespace slimimg::image
