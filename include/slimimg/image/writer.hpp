#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/archive/blob_writer.hpp"
#include "slimimg/image/image.hpp"

namespace slimimg::image {

/// A layer to be written.
struct NewLayer {
    archive::WrittenBlob blob;
    archive::Codec codec = archive::Codec::none;
    HistoryStep history;
};

struct NewImage {
    /// The source's, with what is to differ; its raw text keeps all else. diff_ids are set from
    /// the layers, whose steps are put behind its history.
    Config config;
    std::vector<NewLayer> layers;
    std::vector<std::string> names;
    std::map<std::string, std::string> annotations;  ///< of the OCI manifest
};

/// An image written under a temporary name, where it can be read and proved before it takes its
/// place. Without commit() nothing is left of it.
///
/// A docker-archive is written as Docker 25 does, with the OCI layout beside manifest.json in one
/// tar. Equal input gives equal bytes.
class StagedImage {
  public:
    /// For `target`: a file; a folder for Format::oci_dir; "-" for standard output, for which (as
    /// for a pipe or device) the image waits in `spool_dir` (empty: TMPDIR, else /tmp). Throws
    /// Error (internal; usage for a folder with other things in it).
    StagedImage(const NewImage& image, Format format, const std::string& target,
                const std::filesystem::path& spool_dir = {});
    ~StagedImage();
    StagedImage(const StagedImage&) = delete;
    StagedImage& operator=(const StagedImage&) = delete;

    /// Where read_image finds it until commit().
    [[nodiscard]] const std::string& location() const;
    [[nodiscard]] std::uint64_t bytes() const;
    /// Renames it to the target, which it replaces, or copies it to standard output.
    void commit();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Writes `image` to `target` at once; returns the bytes written.
std::uint64_t write_image(const NewImage& image, Format format, const std::string& target);

/// Throws Error (usage) for what engines do not take for an image's name, with or without a tag.
void demand_name(std::string_view name);

}  // namespace slimimg::image
