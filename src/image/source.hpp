#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "slimimg/archive/blob_index.hpp"
#include "slimimg/base/digest.hpp"
#include "slimimg/base/run_options.hpp"
#include "slimimg/image/image.hpp"

#include "image/json.hpp"

namespace slimimg::image {

/// What a descriptor (OCI image-spec descriptor.md) says.
struct Descriptor {
    std::string media_type;
    Digest digest;
    std::optional<std::uint64_t> size;
    std::optional<Platform> platform;
    // Of its annotations, those that are asked for:
    std::string full_name;       ///< io.containerd.image.name
    std::string reference_name;  ///< org.opencontainers.image.ref.name
    bool is_attestation = false;
};

Descriptor parse_descriptor(const JsonView& item);

/// The files of an image archive or layout, and the words to tell of what is wrong with them.
class Source {
  public:
    /// Opens what `location` names; notes of its tar go to `diagnostics`.
    Source(const std::string& location, const RunOptions& options,
           std::vector<Diagnostic>& diagnostics);

    /// The location, fit for a message.
    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] const RunOptions& options() const { return options_; }

    /// See BlobIndex::archive_bytes.
    [[nodiscard]] std::optional<std::uint64_t> archive_bytes() const {
        return blobs_.archive_bytes;
    }

    [[nodiscard]] bool has(std::string_view file) const;
    /// Throws Error (bad_input) where it isn't there.
    [[nodiscard]] Slice file(std::string_view file) const;

    [[nodiscard]] bool has_blob(const Descriptor& descriptor) const;
    /// A manifest, index or config: its size is compared, and with options.verify its digest.
    [[nodiscard]] Slice blob(const Descriptor& descriptor) const;
    /// A layer: its size is compared; its digest is when it is scanned.
    [[nodiscard]] Slice layer_blob(const Descriptor& descriptor) const;

    /// Throws Error (bad_input) with options.verify where `bytes` have another digest than
    /// `claimed`; `what` names them.
    void verify(Bytes bytes, const Digest& claimed, std::string_view what) const;

    /// Compares the number of layers with the limit and with the config's diff IDs.
    void check_layer_count(std::size_t layers, const Config& config) const;

    [[noreturn]] void fail(std::string_view problem, std::string_view hint = {}) const;

  private:
    /// Says what else the archive seems to be where it holds no image.
    void demand_image() const;

    std::string name_;
    const RunOptions& options_;
    archive::BlobIndex blobs_;
};

}  // namespace slimimg::image
