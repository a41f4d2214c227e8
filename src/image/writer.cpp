#include "slimimg/image/writer.hpp"

#include <filesystem>
#include <memory>

#include <unistd.h>

#include "slimimg/archive/tar_writer.hpp"
#include "slimimg/base/error.hpp"
#include "slimimg/base/file.hpp"

#include "image/config.hpp"
#include "image/json.hpp"

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
struct Files {
    std::vector<std::pair<std::string, Slice>> files;

    Digest add_blob(const std::string& text) {
        const Digest digest = sha256(as_bytes(text));
        files.emplace_back(blob_name(digest), slice_of(text));
        return digest;
    }
};

Config config_of(const NewImage& image) {
    Config config = image.config;
    config.diff_ids.clear();
    for (const NewLayer& layer : image.layers) {
        config.diff_ids.push_back(layer.blob.diff_id);
        config.history.push_back(layer.history);
    }
    return config;
}

Json index_of(const NewImage& image, const Json& manifest) {
    Json entry = manifest;
    entry["platform"] = {{"architecture", image.config.platform.architecture},
                         {"os", image.config.platform.os}};
    if (!image.config.platform.variant.empty()) {
        entry["platform"]["variant"] = image.config.platform.variant;
    }
    Json manifests = Json::array();
    for (const std::string& name : image.names) {
        entry["annotations"] = {{"io.containerd.image.name", name},
                                {"org.opencontainers.image.ref.name", name}};
        manifests.push_back(entry);
    }
    if (image.names.empty()) {
        manifests.push_back(entry);
    }
    return {{"schemaVersion", 2}, {"mediaType", index_type}, {"manifests", manifests}};
}

Files files_of(const NewImage& image, Format format) {
    Files result;
    const std::string config = render_config(config_of(image));
    const Digest config_digest = result.add_blob(config);
    Json layers = Json::array();
    Json layer_names = Json::array();
    for (const NewLayer& layer : image.layers) {
        const Digest& digest = layer.blob.digest;
        result.files.emplace_back(blob_name(digest), layer.blob.stored);
        layers.push_back(descriptor(layer_type(layer.codec), digest, layer.blob.stored.size()));
        layer_names.push_back(blob_name(digest));
    }
    Json manifest = {{"schemaVersion", 2},
                     {"mediaType", manifest_type},
                     {"config", descriptor(config_type, config_digest, config.size())},
                     {"layers", layers}};
    if (!image.annotations.empty()) {
        manifest["annotations"] = image.annotations;
    }
    const std::string manifest_text = manifest.dump();
    const Digest manifest_digest = result.add_blob(manifest_text);
    const Json index =
        index_of(image, descriptor(manifest_type, manifest_digest, manifest_text.size()));
    result.files.emplace_back("index.json", slice_of(index.dump()));
    if (format == Format::docker) {
        const Json list = Json::array({{{"Config", blob_name(config_digest)},
                                        {"RepoTags", image.names},
                                        {"Layers", layer_names}}});
        result.files.emplace_back("manifest.json", slice_of(list.dump()));
    }
    result.files.emplace_back("oci-layout", slice_of(R"({"imageLayoutVersion":"1.0.0"})"));
    return result;
}

archive::Header header(archive::EntryType type, std::uint16_t mode) {
    archive::Header header;
    header.type = type;
    header.mode = mode;
    return header;
}

void write_tar(const Files& files, const archive::ByteSink& sink) {
    archive::TarWriter tar(sink);
    const archive::Header folder = header(archive::EntryType::directory, 0755);
    const archive::Header file = header(archive::EntryType::file, 0644);
    tar.entry("/blobs", folder, {});
    tar.entry("/blobs/sha256", folder, {});
    for (const auto& [name, content] : files.files) {
        tar.entry("/" + name, file, content.bytes);
    }
    tar.finish();
}

/// A folder that takes its name only when it is whole.
class StagedFolder {
  public:
    explicit StagedFolder(const fs::path& target) : target_(target) {
        replaces_ = fs::exists(target);
        if (replaces_ && !fs::is_empty(target) && !fs::exists(target / "oci-layout")) {
            throw Error(Exit::usage, "target-not-empty",
                        target.string() + " is a folder with other things in it",
                        "name a new folder");
        }
        std::string name = target.string() + ".XXXXXX";
        if (mkdtemp(name.data()) == nullptr) {
            throw_errno("cannot write", target.string());
        }
        temporary_ = name;
        fs::permissions(temporary_, fs::perms(0755));
    }
    ~StagedFolder() {
        std::error_code ignored;
        fs::remove_all(temporary_, ignored);
    }
    StagedFolder(const StagedFolder&) = delete;
    StagedFolder& operator=(const StagedFolder&) = delete;

    [[nodiscard]] const fs::path& temporary() const { return temporary_; }

    void write(const Files& files) const {
        fs::create_directories(temporary_ / "blobs" / "sha256");
        for (const auto& [name, content] : files.files) {
            AtomicFile file(temporary_ / name);
            file.write(content.bytes);
            file.commit();
        }
    }

    void commit() const {
        if (!replaces_) {
            fs::rename(temporary_, target_);
            return;
        }
        // What stood there goes only once the new one is complete.
        const fs::path old = temporary_.string() + ".old";
        fs::rename(target_, old);
        fs::rename(temporary_, target_);
        fs::remove_all(old);
    }

  private:
    fs::path target_;
    fs::path temporary_;
    bool replaces_ = false;
};

[[noreturn]] void throw_io(const std::string& target, const fs::filesystem_error& failure) {
    throw Error(Exit::internal, "io", "cannot write " + target + ": " + failure.code().message());
}

}  // namespace

struct StagedImage::State {
    std::string target;
    std::string location;
    std::uint64_t bytes = 0;
    std::unique_ptr<AtomicFile> file;
    std::unique_ptr<StagedFolder> folder;
    std::unique_ptr<SpoolFile> spool;

    void write_folder(const Files& files) {
        folder = std::make_unique<StagedFolder>(target);
        folder->write(files);
        location = folder->temporary().string();
        for (const auto& [name, content] : files.files) {
            bytes += content.size();
        }
    }

    void write_archive(const Files& files, const fs::path& spool_dir) {
        if (target == "-") {
            spool = std::make_unique<SpoolFile>(spool_dir);
            location = "/proc/self/fd/" + std::to_string(spool->fd());
        } else {
            file = std::make_unique<AtomicFile>(target);
            location = file->temporary().string();
        }
        write_tar(files, [&](Bytes part) {
            spool ? spool->write(part) : file->write(part);
            bytes += part.size();
        });
    }
};

StagedImage::StagedImage(const NewImage& image, Format format, const std::string& target,
                         const fs::path& spool_dir)
    : state_(std::make_unique<State>()) {
    state_->target = target;
    const Files files = files_of(image, format);
    if (format != Format::oci_dir) {
        state_->write_archive(files, spool_dir);
        return;
    }
    try {
        state_->write_folder(files);
    } catch (const fs::filesystem_error& failure) {
        throw_io(target, failure);
    }
}

StagedImage::~StagedImage() = default;

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
        write_all(STDOUT_FILENO, state_->spool->map().bytes, "standard output");
    } else {
        try {
            state_->folder->commit();
        } catch (const fs::filesystem_error& failure) {
            throw_io(state_->target, failure);
        }
    }
}

std::uint64_t write_image(const NewImage& image, Format format, const std::string& target) {
    StagedImage staged(image, format, target);
    staged.commit();
    return staged.bytes();
}

}  // namespace slimimg::image
