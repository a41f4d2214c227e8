#include "slimimg/image/writer.hpp"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "slimimg/base/file.hpp"
#include "slimimg/base/staged_folder.hpp"

#include "image/archive_file.hpp"
#include "image/config.hpp"
#include "image/json.hpp"
#include "image/reference.hpp"

namespace slimimg::image {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view manifest_type = "application/vnd.oci.image.manifest.v1+json";
constexpr std::string_view index_type = "application/vnd.oci.image.index.v1+json";
constexpr std::string_view config_type = "application/vnd.oci.image.config.v1+json";

std::string layer_type(archive::Codec codec) {
    const std::string plain = "application/vnd.oci.image.layer.v1.tar";
    return codec == archive::Codec::none ? plain
                                         : plain + "+" + std::string(archive::codec_name(codec));
}

std::string blob_name(const Digest& digest) {
    return "blobs/sha256/" + digest.hex();
}

Json descriptor(std::string_view type, const Digest& digest, std::uint64_t size) {
    return {{"mediaType", type}, {"digest", digest.str()}, {"size", size}};
}

/// The files of an image, in the order in which they are written.
class Files {
  public:
    void add(const std::string& name, const Slice& content) {
        if (names_.insert(name).second) {  // equal layers are one blob
            files_.emplace_back(name, content);
        }
    }

    /// Returns the descriptor of a JSON blob.
    Json add_json(std::string_view type, const std::string& text) {
        const Digest digest = sha256(as_bytes(text));
        add(blob_name(digest), slice_of(text));
        return descriptor(type, digest, text.size());
    }

    [[nodiscard]] auto begin() const { return files_.begin(); }
    [[nodiscard]] auto end() const { return files_.end(); }

  private:
    std::vector<std::pair<std::string, Slice>> files_;
    std::set<std::string> names_;
};

std::string render_config_of(const NewImage& image) {
    Config config = image.config;
    config.diff_ids.clear();
    for (const NewLayer& layer : image.layers) {
        config.diff_ids.push_back(layer.blob.diff_id);
        config.history.push_back(layer.history);
    }
    return render_config(config);
}

Json manifest_of(const NewImage& image, const Json& config) {
    Json layers = Json::array();
    for (const NewLayer& layer : image.layers) {
        layers.push_back(
            descriptor(layer_type(layer.codec), layer.blob.digest, layer.blob.stored.size()));
    }
    Json manifest = {{"schemaVersion", 2},
                     {"mediaType", manifest_type},
                     {"config", config},
                     {"layers", std::move(layers)}};
    if (!image.annotations.empty()) {
        manifest["annotations"] = image.annotations;
    }
    return manifest;
}

Json platform_of(const Platform& platform) {
    Json json = {{"architecture", platform.architecture}, {"os", platform.os}};
    if (!platform.variant.empty()) {
        json["variant"] = platform.variant;
    }
    return json;
}

/// The manifest once for each of the image's names: skopeo and podman look for the reference name,
/// containerd for its own.
Json index_of(const NewImage& image, Json manifest) {
    const Platform& platform = image.config.platform;
    if (!platform.os.empty() && !platform.architecture.empty()) {
        manifest["platform"] = platform_of(platform);
    }
    Json manifests = Json::array();
    for (const std::string& name : image.names) {
        Json entry = manifest;
        entry["annotations"] = {{"io.containerd.image.name", qualified(name)},
                                {"org.opencontainers.image.ref.name", name}};
        manifests.push_back(std::move(entry));
    }
    if (manifests.empty()) {
        manifests.push_back(std::move(manifest));
    }
    return {{"schemaVersion", 2}, {"mediaType", index_type}, {"manifests", std::move(manifests)}};
}

/// Docker's list of images, by the files of the layout beside it.
Json docker_list_of(const NewImage& image, const Digest& config) {
    Json tags = Json::array();
    for (const std::string& name : image.names) {
        tags.push_back(with_tag(name));  // Docker loads no name without one
    }
    Json layers = Json::array();
    for (const NewLayer& layer : image.layers) {
        layers.push_back(blob_name(layer.blob.digest));
    }
    return Json::array({{{"Config", blob_name(config)},
                         {"RepoTags", std::move(tags)},
                         {"Layers", std::move(layers)}}});
}

/// JSON is UTF-8, also where a user's name or annotation is not.
std::string text_of(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Files files_of(const NewImage& image, Format format) {
    Files files;
    const std::string config_text = render_config_of(image);
    const Json config = files.add_json(config_type, config_text);
    for (const NewLayer& layer : image.layers) {
        files.add(blob_name(layer.blob.digest), layer.blob.stored);
    }
    const Json manifest = files.add_json(manifest_type, text_of(manifest_of(image, config)));
    files.add("index.json", slice_of(text_of(index_of(image, manifest))));
    if (format == Format::docker) {
        const Digest digest = sha256(as_bytes(config_text));
        files.add("manifest.json", slice_of(text_of(docker_list_of(image, digest))));
    }
    files.add("oci-layout", slice_of(R"({"imageLayoutVersion":"1.0.0"})"));
    return files;
}

/// Standard output, or a device or pipe, which must not be replaced by a file.
bool goes_to_stream(const std::string& target) {
    return target == "-" || is_stream(target);
}

void copy_to_stream(Bytes bytes, const std::string& target) {
    if (target == "-") {
        write_all(STDOUT_FILENO, bytes, "standard output");
    } else {
        write_stream(target, bytes);
    }
}

}  // namespace

struct StagedImage::State {
    Format format;
    std::string target;
    std::string location;
    std::uint64_t bytes = 0;
    std::unique_ptr<AtomicFile> file;
    std::unique_ptr<StagedFolder> folder;
    std::unique_ptr<SpoolFile> spool;
    std::optional<ArchiveFile> archive;  ///< in the file or the spool file

    void open_archive(const fs::path& spool_dir) {
        if (goes_to_stream(target)) {
            spool = std::make_unique<SpoolFile>(spool_dir);
            location = "/proc/self/fd/" + std::to_string(spool->fd());
            archive.emplace(spool->fd(), spool->name());
        } else {
            file = std::make_unique<AtomicFile>(target);
            location = file->temporary().string();
            archive.emplace(file->fd(), target);
        }
    }

    void write_folder(const Files& files) {
        folder = std::make_unique<StagedFolder>(target, "oci-layout");
        folder->make_folder("blobs/sha256");
        for (const auto& [name, content] : files) {
            AtomicFile blob(folder->temporary() / name);
            blob.write(content.bytes);
            blob.commit();
            bytes += content.size();
        }
        location = folder->temporary().string();
    }

    void finish_archive(const NewImage& image, const Files& files) {
        for (const NewLayer& layer : image.layers) {
            if (archive->holds(layer.blob.stored)) {
                archive->add("/" + blob_name(layer.blob.digest), layer.blob.stored);
            }
        }
        for (const auto& [name, content] : files) {
            if (!archive->holds(content)) {
                archive->add("/" + name, content);
            }
        }
        archive->finish();
        bytes = archive->bytes();
    }
};

StagedImage::StagedImage(Format format, const std::string& target, const fs::path& spool_dir)
    : state_(std::make_unique<State>()) {
    state_->format = format;
    state_->target = target;
    if (format != Format::oci_dir) {
        state_->open_archive(spool_dir);
    }
}

StagedImage::~StagedImage() = default;

std::unique_ptr<archive::BlobPlace> StagedImage::next_layer(std::uint64_t plain_bytes) {
    const bool here = state_->archive && plain_bytes <= ArchiveFile::most_plain_bytes;
    return here ? state_->archive->next_blob() : nullptr;
}

bool StagedImage::holds(const Slice& stored) const {
    return state_->archive && state_->archive->holds(stored);
}

void StagedImage::finish(const NewImage& image) {
    const Files files = files_of(image, state_->format);
    if (state_->archive) {
        state_->finish_archive(image, files);
    } else {
        state_->write_folder(files);
    }
}

const std::string& StagedImage::location() const {
    return state_->location;
}

std::uint64_t StagedImage::bytes() const {
    return state_->bytes;
}

void StagedImage::commit() {
    if (state_->file) {
        state_->file->commit();
    } else if (state_->spool) {
        copy_to_stream(map_descriptor(state_->spool->fd(), state_->bytes).bytes, state_->target);
    } else {
        state_->folder->commit();
    }
}

}  // namespace slimimg::image
