#include "slimimg/slim/slim.hpp"

#include <algorithm>

#include "slimimg/base/error.hpp"
#include "slimimg/base/globs.hpp"
#include "slimimg/base/limit_names.hpp"
#include "slimimg/base/path.hpp"
#include "slimimg/base/progress_step.hpp"
#include "slimimg/base/sizes.hpp"
#include "slimimg/base/staged_folder.hpp"
#include "slimimg/rootfs/unpack.hpp"

#include "slim/bases/parts.hpp"
#include "slim/build_time.hpp"
#include "slim/compare.hpp"
#include "slim/debug_shell.hpp"
#include "slim/layer_writer.hpp"
#include "slim/new_image.hpp"
#include "slim/split.hpp"
#include "slim/stand_on.hpp"

namespace slimimg::slim {
namespace {

constexpr std::string_view automatic_style = "auto";

std::uint64_t content_bytes(const rootfs::Rootfs& rootfs) {
    std::uint64_t bytes = 0;
    for (rootfs::NodeId node = 0; node < rootfs.size(); ++node) {
        bytes +=
            rootfs[node].is_file() && rootfs[node].inode == node ? rootfs[node].header.size : 0;
    }
    return bytes;
}

rootfs::Rootfs merge(std::vector<archive::LayerScan> scans, const RunOptions& run) {
    const ProgressStep step(run, "merge", "the layers", 0);
    return rootfs::Rootfs::merge(std::move(scans), run);
}

rootfs::Rootfs read_tree(const image::Image& image, const RunOptions& run) {
    return merge(image::scan_layers(image, run), run);
}

/// The closure of the program and of what the base style has of the image. Where the style is to be
/// chosen, the closure of the program alone tells which, and `base` becomes its name.
closure::Closure close_with_base(const rootfs::Rootfs& rootfs, const image::Config& config,
                                 const closure::PackageDb& packages, closure::Request request,
                                 std::string& base, const RunOptions& run) {
    const ProgressStep step(run, "closure", "", 0);
    const auto compute = [&] {
        return closure::compute_closure(rootfs, config, packages, request, run);
    };
    if (base == automatic_style) {
        base = bases::choose_style(rootfs, compute()).id;
    }
    const BaseStyle* style = find_base_style(base);
    if (style == nullptr) {
        throw Error(Exit::usage, "unknown-base", "there is no base style " + base);
    }
    request.base = bases::wanted_paths(*style, rootfs, config);
    return compute();
}

Analysis analyze_layers(image::Image image, std::vector<archive::LayerScan> layers,
                        const closure::Request& request, const RunOptions& run,
                        PlanOptions options) {
    rootfs::Rootfs rootfs = merge(std::move(layers), run);
    closure::PackageDb packages = closure::PackageDb::read(rootfs);
    closure::Closure closure =
        close_with_base(rootfs, image.config, packages, request, options.base, run);
    Plan plan = make_plan(rootfs, image.config, packages, closure, options, run);
    const std::uint64_t before = content_bytes(rootfs);
    return {.image = std::move(image),
            .rootfs = std::move(rootfs),
            .packages = std::move(packages),
            .closure = std::move(closure),
            .plan = std::move(plan),
            .options = std::move(options),
            .before_bytes = before};
}

/// Without a program or anything else to keep an image would be written that does nothing.
void demand_content(const Analysis& analysis, const closure::Request& request) {
    const auto& kept = analysis.closure.kept;
    const bool asks = !analysis.image.config.argv().empty() || !request.entrypoints.empty() ||
                      !request.include.empty() || !request.include_packages.empty();
    const bool any = std::any_of(kept.begin(), kept.end(), [&](const auto& node) {
        return !analysis.rootfs[node.first].is_directory();
    });
    if (!any || !asks) {
        throw Error(Exit::usage, "nothing-to-keep",
                    path::printable(analysis.image.source) +
                        " names no program, and so nothing tells what to keep of it",
                    "name the program with --entrypoint, or files with --include");
    }
}

/// "libfoo.so.1 (library of /usr/bin/app)"
std::string told(const closure::Unresolved& what, const rootfs::Rootfs& rootfs) {
    const std::string of = what.needed_by ? " of " + rootfs[*what.needed_by].path : "";
    const auto there = what.kind == "command" ? rootfs.resolve(what.name).node : std::nullopt;
    const bool is_plain = there && rootfs[*there].is_file() && !rootfs[*there].is_executable();
    return path::printable(what.name + " (" + what.kind + of +
                           (is_plain ? ", which is there and not executable)" : ")"));
}

/// Throws where something fatal is among `unresolved`; `problem` begins the error's text.
void demand_resolved(const std::vector<closure::Unresolved>& unresolved,
                     const rootfs::Rootfs& rootfs, const std::string& problem,
                     const std::string& hint) {
    constexpr std::size_t most = 5;
    std::string names;
    std::size_t fatal = 0;
    for (const closure::Unresolved& what : unresolved) {
        if (what.fatal() && fatal++ < most) {
            names += (names.empty() ? "" : ", ") + told(what, rootfs);
        }
    }
    if (fatal == 0) {
        return;
    }
    if (fatal > most) {
        names += " and " + std::to_string(fatal - most) + " more";
    }
    throw Error(Exit::unresolved, "unresolved", problem + names, hint);
}

/// What the user accepts is no failure, but told.
void allow_missing(Proof& proof, const closure::Request& request, const rootfs::Rootfs& rootfs) {
    for (closure::Unresolved& failure : proof.failures) {
        failure.allowed = any_means(request.allow_missing, failure.name);
        if (failure.allowed) {
            proof.diagnostics.push_back({Severity::warning, "missing-allowed",
                                         failure.needed_by ? rootfs[*failure.needed_by].path : "",
                                         "lacks " + failure.kind + " " +
                                             path::printable(failure.name) +
                                             ", as --allow-missing accepts: " + failure.detail});
        }
    }
}

/// An image to stand on.
struct Ground {
    image::Image image;
    rootfs::Rootfs rootfs;
};

std::optional<Ground> read_ground(const Analysis& analysis, const RebuildOptions& options,
                                  RunOptions run) {
    if (options.base_image.empty()) {
        return std::nullopt;
    }
    run.verify = true;  // the new image names these layers by their digests
    const image::Platform& platform = analysis.image.config.platform;
    image::Image image =
        image::read_image(options.base_image, {.platform = platform, .tag = options.base_tag}, run);
    rootfs::Rootfs rootfs = read_tree(image, run);
    return Ground{std::move(image), std::move(rootfs)};
}

/// The base's layers as they are stored, with the steps that made them.
std::vector<image::NewLayer> layers_of(const Ground& ground) {
    std::vector<image::NewLayer> layers;
    const auto scans = ground.rootfs.layers();
    std::vector<image::HistoryStep> steps;
    for (const image::HistoryStep& step : ground.image.config.history) {
        if (!step.empty_layer) {
            steps.push_back(step);
        }
    }
    for (std::size_t i = 0; i < scans.size(); ++i) {
        layers.push_back({.blob = {.diff_id = ground.image.layers[i].diff_id,
                                   .digest = scans[i].blob,
                                   .plain_bytes = scans[i].tar.size(),
                                   .stored = ground.image.layers[i].blob},
                          .codec = scans[i].codec,
                          .history = i < steps.size() ? steps[i] : image::HistoryStep{}});
    }
    return layers;
}

/// Calls `write` with each layer that is written, as a plan.
void for_each_layer(const Plan& plan, const Analysis& analysis, Layers layers,
                    const std::function<void(const Plan&)>& write) {
    if (layers == Layers::single) {
        write(plan);
        return;
    }
    for (const Plan& layer : split_layers(plan, analysis.rootfs, analysis.packages)) {
        if (!layer.items.empty()) {
            write(layer);
        }
    }
}

/// Of the image, whose new layers are written into `staged`.
image::NewImage make_image(image::StagedImage& staged, const Analysis& analysis, const Plan& plan,
                           const std::optional<Ground>& ground, const RebuildOptions& options,
                           image::Format format, const RunOptions& run) {
    const archive::Compression compression = new_compression(analysis, options, format);
    const BuildTime time = build_time(analysis.image.config);
    image::NewImage made;
    made.config = new_config(analysis, time);
    made.names = new_names(analysis.image.names, options.names, format);
    if (ground) {
        made.layers = layers_of(*ground);
        inherit(made, ground->image);
    }
    annotate(made, analysis.image, time);
    for_each_layer(plan, analysis, options.layers, [&](const Plan& layer) {
        made.layers.push_back(
            {write_layer(layer, analysis.rootfs, compression, run, staged.next_layer(layer.bytes)),
             compression.codec, new_step(analysis, layer, time)});
    });
    staged.finish(made);
    return made;
}

/// Reads the image back from where it waits, and holds it against the plan and the source. Returns
/// the tree that it has.
rootfs::Rootfs prove_staged(const image::StagedImage& staged, const image::NewImage& made,
                            const closure::Request& request, const Plan& plan,
                            const std::optional<Ground>& ground, RunOptions run, Rebuild& rebuild) {
    const ProgressStep step(run, "prove", "the new image", 0);
    run.progress = nullptr;  // reading it back is part of the proof,
    run.cache = nullptr;     // which takes nothing for granted
    run.limits = limits_of_own_image(run.limits);
    const Analysis& analysis = rebuild.analysis;
    const image::Selection selection{.platform = analysis.image.config.platform, .tag = ""};
    const image::Image image = image::read_image(staged.location(), selection, run);
    check_stored(image, made, staged);
    // A plain layer is what was hashed, then; of another one its inflated bytes are to be hashed.
    run.verify = std::any_of(made.layers.begin(), made.layers.end(),
                             [](const auto& layer) { return layer.codec != archive::Codec::none; });
    rootfs::Rootfs written = read_tree(image, run);
    check_written(written, plan, analysis.rootfs, run, ground.has_value());
    rebuild.proof = prove(written, analysis.rootfs, analysis.closure, image.config, run,
                          ground ? &ground->rootfs : nullptr);
    rebuild.after_bytes = content_bytes(written);
    rebuild.archive_after_bytes = staged.bytes();
    rebuild.config = image.config;
    allow_missing(rebuild.proof, request, analysis.rootfs);
    return written;
}

/// Where the result goes: the image itself, or in its place a folder with what it holds.
class Target {
  public:
    Target(const RebuildOptions& options, const RunOptions& run) : options_(options), run_(run) {
        if (options.unpacked) {
            folder_.emplace(options.output);
        }
    }

    /// Where the image is written and waits for its proof.
    image::StagedImage& stage(image::Format format) {
        return staged_.emplace(format, folder_ ? "-" : options_.output, run_.spool_dir);
    }

    void commit(const rootfs::Rootfs& written, Rebuild& rebuild) {
        if (!folder_) {
            staged_->commit();
            return;
        }
        const ProgressStep step(run_, "write", "the root file system", rebuild.after_bytes);
        rebuild.unpack_diagnostics = rootfs::unpack(written, folder_->temporary());
        rebuild.archive_after_bytes = rebuild.after_bytes;
        folder_->commit();
    }

  private:
    const RebuildOptions& options_;
    const RunOptions& run_;
    std::optional<StagedFolder> folder_;
    std::optional<image::StagedImage> staged_;
};

/// Adds what describes the new image to all plans of it.
void add_descriptions(Rebuild& rebuild, Standing& standing, const std::optional<Ground>& ground,
                      const RebuildOptions& options, image::Format format) {
    if (!options.describe) {
        return;
    }
    Analysis& analysis = rebuild.analysis;
    NewContent content{.analysis = analysis,
                       .plan = ground ? standing.plan : analysis.plan,
                       .base = ground ? &ground->rootfs : nullptr,
                       .names = new_names(analysis.image.names, options.names, format),
                       .base_name = rebuild.base_name,
                       .base_digest = {}};
    if (ground) {
        content.base_digest =
            ground->image.manifest_digest.value_or(ground->image.config_digest).str();
    }
    const std::vector<NewFile> files = options.describe(content);
    const archive::Timestamp time{build_time(analysis.image.config).seconds, 0};
    for (const NewFile& file : files) {
        put_file(analysis.plan, analysis.rootfs, file, time);
        if (ground) {
            put_file(standing.plan, analysis.rootfs, file, time);
        }
    }
}

/// Writes the image with the shell to where it waits, and makes sure that it is there.
void stage_debug(std::optional<image::StagedImage>& staged, const DebugShell& shell,
                 const image::NewImage& slim, const RebuildOptions& options, image::Format format,
                 RunOptions run, Rebuild& rebuild) {
    const Analysis& analysis = rebuild.analysis;
    const archive::Compression compression = new_compression(analysis, options, format);
    const BuildTime time = build_time(analysis.image.config);
    image::HistoryStep step = new_step(analysis, shell.plan, time);
    step.created_by = "slimimg " SLIMIMG_VERSION ": debug shell in /busybox";
    rebuild.debug_output = debug_location(options.output);
    staged.emplace(format, rebuild.debug_output, run.spool_dir);
    const image::NewImage made =
        with_debug_shell(slim, {write_layer(shell.plan, analysis.rootfs, compression, run,
                                            staged->next_layer(shell.plan.bytes)),
                                compression.codec, step});
    staged->finish(made);
    rebuild.debug_names = made.names;
    rebuild.debug_diagnostics = shell.diagnostics;
    run.progress = nullptr;
    run.cache = nullptr;
    run.limits = limits_of_own_image(run.limits);
    const image::Selection selection{.platform = analysis.image.config.platform, .tag = ""};
    const image::Image image = image::read_image(staged->location(), selection, run);
    check_written(read_tree(image, run), shell.plan, analysis.rootfs, run, true);
}

/// A proved image that waits to be put in its place.
struct Staged {
    std::optional<Target> target;
    std::optional<rootfs::Rootfs> written;
    std::optional<image::StagedImage> debug;  ///< with the shell

    void commit(Rebuild& rebuild) {
        target->commit(*written, rebuild);
        if (debug) {
            debug->commit();
        }
    }
};

/// The proof reads an own image whatever it inflates to; others don't.
void tell_if_expanding_too_far(const image::NewImage& made, const Limits& limits,
                               Rebuild& rebuild) {
    std::uint64_t inflated = 0;
    bool any = false;
    for (const image::NewLayer& layer : made.layers) {
        if (layer.codec != archive::Codec::none) {
            inflated += layer.blob.plain_bytes;
            any = any || expands_too_far(layer.blob.plain_bytes, layer.blob.stored.size(), limits);
        }
    }
    if (any || expands_too_far(inflated, rebuild.archive_after_bytes, limits)) {
        rebuild.proof.diagnostics.push_back(
            {Severity::note, "expands-far", "",
             "the image written inflates to more than " + std::to_string(limits.expansion_ratio) +
                 " times its size, which slimimg and others take for a bomb; --compress none "
                 "writes it plain"});
    }
}

/// From the analysis in `rebuild` to an image that waits.
void stage(Staged& staged, Rebuild& rebuild, const closure::Request& request,
           const RebuildOptions& options, const std::optional<DebugShell>& shell,
           const RunOptions& run) {
    const Analysis& analysis = rebuild.analysis;
    demand_resolved(analysis.closure.unresolved, analysis.rootfs,
                    "the image lacks what its program needs: ",
                    "nothing was written; --allow-missing NAME accepts one");
    demand_content(analysis, request);

    Target& target = staged.target.emplace(options, run);
    const image::Format format =
        options.format.value_or(options.unpacked ? image::Format::docker : analysis.image.format);
    const std::optional<Ground> ground = read_ground(analysis, options, run);
    Standing standing;
    if (ground) {
        standing = stand_on(analysis.plan, analysis.rootfs, ground->rootfs, run);
        rebuild.base_name =
            ground->image.names.empty() ? ground->image.source : ground->image.names.front();
        rebuild.base_bytes = content_bytes(ground->rootfs);
        rebuild.base_diagnostics = std::move(standing.diagnostics);
    }
    add_descriptions(rebuild, standing, ground, options, format);
    const Plan& plan = ground ? standing.plan : analysis.plan;
    image::StagedImage& waiting = target.stage(format);
    const image::NewImage made = make_image(waiting, analysis, plan, ground, options, format, run);
    staged.written = prove_staged(waiting, made, request, plan, ground, run, rebuild);
    demand_resolved(rebuild.proof.failures, analysis.rootfs,
                    "the new image would not link as the source does: ",
                    "nothing was written; --include PATH keeps more, --allow-missing NAME accepts "
                    "one");
    tell_if_expanding_too_far(made, run.limits, rebuild);
    if (shell) {
        stage_debug(staged.debug, *shell, made, options, format, run, rebuild);
    }
}

void tell_if_not_smaller(Rebuild& rebuild) {
    if (rebuild.archive_after_bytes >= rebuild.analysis.image.archive_bytes) {
        rebuild.proof.diagnostics.push_back(
            {Severity::note, "not-smaller", "",
             rebuild.base_name.empty()
                 ? "the image written is not smaller than the one read; --compress changes how its "
                   "layer is stored"
                 : "the image written is not smaller than the one read: the base that it stands on "
                   "is " +
                       human_bytes(rebuild.base_bytes) + " of it"});
    }
}

}  // namespace

Analysis analyze(const std::string& location, const AnalyzeOptions& options,
                 const RunOptions& run) {
    return analyze(image::read_image(location, options.selection, run), options.request, run,
                   options.plan);
}

Analysis analyze(const image::Image& image, const closure::Request& request, const RunOptions& run,
                 const PlanOptions& plan_options) {
    std::optional<Analysis> analysis;
    image::with_layers(image, run, [&](std::vector<archive::LayerScan> layers) {
        analysis.reset();
        analysis = analyze_layers(image, std::move(layers), request, run, plan_options);
    });
    return std::move(*analysis);
}

Rebuild rebuild(const std::string& location, const AnalyzeOptions& options,
                const RebuildOptions& rebuild_options, const RunOptions& run) {
    return rebuild(image::read_image(location, options.selection, run), options.request,
                   rebuild_options, run);
}

Rebuild rebuild(const image::Image& source, const closure::Request& request,
                const RebuildOptions& rebuild_options, const RunOptions& run) {
    for (const std::string& name : rebuild_options.names) {
        image::demand_name(name);
    }
    std::optional<DebugShell> shell;
    if (!rebuild_options.debug_shell.empty()) {
        shell = read_debug_shell(rebuild_options.debug_shell, source.config.platform,
                                 build_time(source.config).seconds);
    }
    std::optional<Staged> staged;
    std::optional<Rebuild> rebuild;
    // The new image is written while the source is still hashed; where that is not what it claims
    // to be, what was written goes again.
    image::with_layers(source, run, [&](std::vector<archive::LayerScan> layers) {
        staged.reset();
        rebuild.reset();
        rebuild.emplace(Rebuild{.analysis = analyze_layers(source, std::move(layers), request, run,
                                                           rebuild_options.plan)});
        stage(staged.emplace(), *rebuild, request, rebuild_options, shell, run);
    });
    staged->commit(*rebuild);
    if (!rebuild->base_name.empty()) {
        rebuild->written = std::move(staged->written);
    }
    tell_if_not_smaller(*rebuild);
    return std::move(*rebuild);
}

}  // namespace slimimg::slim
