#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/archive/codec.hpp"
#include "slimimg/base/bytes.hpp"
#include "slimimg/base/diagnostic.hpp"
#include "slimimg/base/digest.hpp"

/// The OCI or Docker image as plain values (OCI image-spec v1.1; moby's image/spec v1.3).
namespace slimimg::image {

struct Platform {
    std::string os;
    std::string architecture;  ///< GOARCH names: amd64, arm64, arm, riscv64, ppc64le, s390x
    std::string variant;

    /// "linux/arm64/v8"
    [[nodiscard]] std::string str() const;
    /// Reads os/arch[/variant]; nothing for anything else.
    static std::optional<Platform> parse(std::string_view text);
    bool operator==(const Platform&) const = default;
};

/// One step of the image's history.
struct HistoryStep {
    std::string created;     ///< RFC 3339
    std::string created_by;  ///< the Dockerfile instruction, as the builder recorded it
    std::string comment;
    bool empty_layer = false;
};

/// The config: what an engine runs and how.
struct Config {
    Platform platform;
    std::string created;  ///< RFC 3339; empty where absent
    std::string user;
    std::string workdir;
    std::vector<std::string> env;  ///< "NAME=value"
    std::vector<std::string> entrypoint;
    std::vector<std::string> cmd;
    std::vector<std::string> volumes;
    std::vector<std::string> exposed_ports;
    std::map<std::string, std::string> labels;
    std::string stop_signal;
    /// HEALTHCHECK's command as stored: ["NONE"], ["CMD", …], ["CMD-SHELL", "line"]; or empty.
    std::vector<std::string> healthcheck;
    std::vector<std::string> shell;  ///< SHELL of the Dockerfile; empty: /bin/sh -c
    std::vector<HistoryStep> history;
    std::vector<Digest> diff_ids;
    std::string raw;  ///< the JSON text; unknown keys survive a rebuild through it

    /// The value of an environment variable; nothing where it is not set.
    [[nodiscard]] std::optional<std::string_view> env_value(std::string_view name) const;
    /// What an engine runs: entrypoint followed by cmd.
    [[nodiscard]] std::vector<std::string> argv() const;
};

struct Layer {
    Digest diff_id;                     ///< as the config claims it
    Slice blob;                         ///< as stored
    std::optional<Digest> blob_digest;  ///< as the manifest claims it (OCI)
    std::string created_by;             ///< of the history step that made it; empty where unknown
};

enum class Format { docker, oci, oci_dir };
std::string_view format_name(Format format);

struct Image {
    std::string source;  ///< the location it was read from
    Format format = Format::docker;
    std::vector<std::string> names;         ///< "app:1.0", as tagged in the archive
    std::optional<Digest> manifest_digest;  ///< OCI; absent in a docker-archive
    Digest config_digest;                   ///< the image ID
    Config config;
    std::vector<Layer> layers;        ///< lowest first
    std::uint64_t archive_bytes = 0;  ///< the file as stored; of a folder, the blobs of this image
    std::vector<Diagnostic> diagnostics;

    /// What people know it by: the first name; without one the location it was read from.
    [[nodiscard]] const std::string& name() const { return names.empty() ? source : names.front(); }
    /// What registries know it by: of the manifest, where there is one, else of the config.
    [[nodiscard]] const Digest& digest() const {
        return manifest_digest ? *manifest_digest : config_digest;
    }
};

}  // namespace slimimg::image
