#include "slim/new_image.hpp"

#include <algorithm>

#include "slim/plan.hpp"

namespace slimimg::slim {
namespace {

constexpr std::string_view suffix = "-slim";

// Keys of the OCI image specification, annotations.md.
constexpr const char* base_name = "org.opencontainers.image.base.name";
constexpr const char* base_digest = "org.opencontainers.image.base.digest";

std::string slim_name(std::string name, image::Format format) {
    name = name.substr(0, name.find('@'));
    const std::size_t folder = name.rfind('/');
    const std::size_t from = folder == std::string::npos ? 0 : folder;
    const bool tagged = name.find(':', from) != std::string::npos;
    // An OCI layout may name an image by its tag alone; Docker loads no such name.
    const bool needs_tag = !tagged && format == image::Format::docker;
    return name + std::string(suffix) + (needs_tag ? ":latest" : "");
}

std::size_t count_files(const rootfs::Rootfs& rootfs) {
    const auto nodes = rootfs.nodes();
    return static_cast<std::size_t>(std::count_if(
        nodes.begin(), nodes.end(), [](const rootfs::Node& node) { return node.is_file(); }));
}

/// Names of files that come from the source; what slimimg makes is not among them.
std::size_t count_files(const Plan& plan, const rootfs::Rootfs& rootfs) {
    return static_cast<std::size_t>(std::count_if(
        plan.items.begin(), plan.items.end(),
        [&](const PlanItem& item) { return item.source && rootfs[*item.source].is_file(); }));
}

/// What distroless's images set, where the source sets nothing.
void add_environment(image::Config& config, const Plan& plan) {
    constexpr std::string_view bundle = "/etc/ssl/certs/ca-certificates.crt";
    if (!config.env_value("PATH")) {
        config.env.emplace_back(
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    }
    if (!config.env_value("SSL_CERT_FILE") && find_item(plan, bundle) != nullptr) {
        config.env.push_back("SSL_CERT_FILE=" + std::string(bundle));
    }
}

std::string counted(std::size_t count, std::string_view what) {
    return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

}  // namespace

std::vector<std::string> new_names(const std::vector<std::string>& source,
                                   const std::vector<std::string>& wanted, image::Format format) {
    std::vector<std::string> names;
    for (const std::string& name : wanted) {
        if (std::find(names.begin(), names.end(), name) == names.end()) {
            names.push_back(name);
        }
    }
    if (!names.empty()) {
        return names;
    }
    for (const std::string& name : source) {
        names.push_back(slim_name(name, format));
    }
    return names;
}

archive::Compression new_compression(const Analysis& analysis, const RebuildOptions& options,
                                     image::Format format) {
    if (options.compression) {
        return *options.compression;
    }
    if (options.unpacked) {
        return {};
    }
    const auto layers = analysis.rootfs.layers();
    const auto largest =
        std::max_element(layers.begin(), layers.end(),
                         [](const auto& a, const auto& b) { return a.tar.size() < b.tar.size(); });
    const archive::Codec codec = largest == layers.end() ? archive::Codec::none : largest->codec;
    if (codec == archive::Codec::xz ||
        (codec == archive::Codec::zstd && format == image::Format::docker)) {
        return {archive::Codec::gzip, std::nullopt};
    }
    return {codec, std::nullopt};
}

image::Config new_config(const Analysis& analysis, const BuildTime& time) {
    image::Config config = analysis.image.config;
    config.created = time.text;
    for (image::HistoryStep& step : config.history) {
        step.empty_layer = true;
    }
    if (!find_base_style(analysis.options.base)->is_empty()) {
        add_environment(config, analysis.plan);
    }
    if (analysis.options.nonroot) {
        config.user = std::to_string(nonroot_id);
    }
    return config;
}

image::HistoryStep new_step(const Analysis& analysis, const Plan& layer, const BuildTime& time) {
    return {.created = time.text,
            .created_by = "slimimg " SLIMIMG_VERSION ": kept " +
                          std::to_string(count_files(layer, analysis.rootfs)) + " of " +
                          counted(count_files(analysis.rootfs), "file") + " of " +
                          counted(analysis.rootfs.layers().size(), "layer"),
            .comment = "",
            .empty_layer = false};
}

void inherit(image::NewImage& made, const image::Image& base) {
    for (const std::string& variable : base.config.env) {
        if (!made.config.env_value(variable.substr(0, variable.find('=')))) {
            made.config.env.push_back(variable);
        }
    }
    made.config.labels.insert(base.config.labels.begin(), base.config.labels.end());
    for (const image::HistoryStep& step : base.config.history) {
        if (step.empty_layer) {
            made.config.history.push_back(step);
        }
    }
    // As labels too, which engines show; the source's tell of another base.
    made.config.labels.erase(base_name);
    made.config.labels[base_digest] = base.manifest_digest.value_or(base.config_digest).str();
    if (!base.names.empty()) {
        made.config.labels[base_name] = base.names.front();
    }
    for (const char* const key : {base_name, base_digest}) {
        if (const auto label = made.config.labels.find(key); label != made.config.labels.end()) {
            made.annotations[key] = label->second;
        }
    }
}

void annotate(image::NewImage& made, const image::Image& source, const BuildTime& time) {
    made.annotations["slimimg.version"] = SLIMIMG_VERSION;
    made.annotations["slimimg.source.digest"] =
        source.manifest_digest.value_or(source.config_digest).str();
    if (!source.names.empty()) {
        made.annotations["slimimg.source.name"] = source.names.front();
    }
    if (!time.text.empty()) {
        made.annotations["org.opencontainers.image.created"] = time.text;
    }
    made.config.labels["slimimg.version"] = SLIMIMG_VERSION;
}

}  // namespace slimimg::slim
