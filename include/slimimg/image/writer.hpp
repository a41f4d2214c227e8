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

/// An image on its way to where it is wanted: its layers, then all else; then it waits under a
/// temporary name, where it can be read and proved before it takes its place. Without commit()
/// nothing is left of it.
///
/// A docker-archive is written as Docker 25 does, with the OCI layout beside manifest.json in one
/// tar. Equal input gives equal bytes.
class StagedImage {
  public:
    /// For `target`: a file; a folder for Format::oci_dir; "-" for standard output, for which (as
    /// for a pipe or device) the image waits in `spool_dir` (empty: TMPDIR, else /tmp). Throws
    /// Error (internal; usage for a folder with other things in it).
    StagedImage(Format format, const std::string& target,
                const std::filesystem::path& spool_dir = {});
    ~StagedImage();
    StagedImage(const StagedImage&) = delete;
    StagedImage& operator=(const StagedImage&) = delete;

    /// Where a layer of about so many plain bytes is best written: in the archive itself, where it
    /// then stays; null for one that is to wait elsewhere. The one before must be written.
    std::unique_ptr<archive::BlobPlace> next_layer(std::uint64_t plain_bytes);
    /// True for a layer that was written so.
    [[nodiscard]] bool holds(const Slice& stored) const;
    /// Writes what is left of `image`, which has all layers that were written so.
    void finish(const NewImage& image);

    /// Where read_image finds it from finish() to commit().
    [[nodiscard]] const std::string& location() const;
    [[nodiscard]] std::uint64_t bytes() const;
    /// Renames it to the target, which it replaces, or copies it to standard output.
    void commit();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Throws Error (usage) for what engines do not take for an image's name, with or without a tag.
void demand_name(std::string_view name);

}  // namespace slimimg::image
