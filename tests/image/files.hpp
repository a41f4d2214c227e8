#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "slimimg/image/reader.hpp"

#include "support/command.hpp"

namespace test {

/// The files of an image archive, to be changed and damaged before they are packed.
class Files {
  public:
    void add(const std::string& name, std::string content);
    void add_link(const std::string& name, std::string target);
    /// Under its digest; returns the descriptor's JSON, with `more` in it: `,"annotations":{}`.
    std::string add_blob(const std::string& content, const std::string& type,
                         const std::string& more = {});
    void remove(const std::string& name);
    /// The content of a file that is there.
    std::string& operator[](const std::string& name);
    /// The one file whose content has `part`.
    [[nodiscard]] std::string name_with(const std::string& part) const;

    [[nodiscard]] std::string tar() const;
    void write_to(const std::filesystem::path& folder) const;

  private:
    struct File {
        std::string name;
        std::string content;
        std::string link;
    };
    std::vector<File> files_;
};

inline constexpr const char* index_type = "application/vnd.oci.image.index.v1+json";
inline constexpr const char* manifest_type = "application/vnd.oci.image.manifest.v1+json";
inline constexpr const char* config_type = "application/vnd.oci.image.config.v1+json";
inline constexpr const char* layer_type = "application/vnd.oci.image.layer.v1.tar";

std::string digest_of(const std::string& content);

/// A layer with one file.
std::string layer(const std::string& name, const std::string& content = "x");

/// A config's JSON for these plain layers; `run` is its "config", `more` further keys.
std::string config_json(const std::vector<std::string>& layers,
                        const std::string& architecture = "amd64", const std::string& run = "{}",
                        const std::string& more = {});

/// A docker-archive as engines wrote it before Docker 25: "<hex>.json", "layer0.tar" ….
Files docker_files(const std::string& config, const std::vector<std::string>& layers,
                   const std::string& tags = R"("app:1")");

/// Puts an image's blobs into `files`; returns its manifest's descriptor.
std::string add_image(Files& files, const std::string& config,
                      const std::vector<std::string>& layers, const std::string& more = {});

/// An index over these descriptors.
std::string index_json(const std::vector<std::string>& descriptors);

/// An OCI layout with one image.
Files layout_files(const std::string& config, const std::vector<std::string>& layers);

/// `,"annotations":{"org.opencontainers.image.ref.name":"…"}`
std::string ref_name(const std::string& name);
/// `,"platform":{"os":"linux","architecture":"…"}`
std::string platform_json(const std::string& architecture, const std::string& variant = {});

/// Reads an archive with these bytes.
slimimg::image::Image read(const std::string& tar, const slimimg::image::Selection& selection = {},
                           const slimimg::RunOptions& options = {});

}  // namespace test
