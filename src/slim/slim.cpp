#include "slimimg/slim/slim.hpp"

#include <algorithm>

#include "slimimg/base/error.hpp"
#include "slimimg/base/path.hpp"
#include "slimimg/base/progress_step.hpp"

#include "slim/compare.hpp"
#include "slim/layer_writer.hpp"
#include "slim/new_image.hpp"

namespace slimimg::slim {
namespace {

std::uint64_t content_bytes(const rootfs::Rootfs& rootfs) {
    std::uint64_t bytes = 0;
    for (rootfs::NodeId node = 0; node < rootfs.size(); ++node) {
        bytes +=
            rootfs[node].is_file() && rootfs[node].inode == node ? rootfs[node].header.size : 0;
    }
    return bytes;
}

rootfs::Rootfs read_tree(const image::Image& image, const RunOptions& run) {
    return rootfs::Rootfs::merge(image::scan_layers(image, run), run);
}

/// Without a program or anything else to keep an image would be written that holds nothing.
void demand_content(const Analysis& analysis) {
    const auto& kept = analysis.closure.kept;
    const bool any = std::any_of(kept.begin(), kept.end(), [&](const auto& node) {
        return !analysis.rootfs[node.first].is_directory();
    });
    if (!any) {
        throw Error(Exit::usage, "nothing-to-keep",
                    path::printable(analysis.image.source) +
                        " names no program, and so nothing tells what to keep of it",
                    "name the program with --entrypoint, or files with --include");
    }
}

/// "libfoo.so.1 (library of /usr/bin/app)"
std::string told(const closure::Unresolved& what, const rootfs::Rootfs& rootfs) {
    const std::string of = what.needed_by ? " of " + rootfs[*what.needed_by].path : "";
    return path::printable(what.name + " (" + what.kind + of + ")");
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
        failure.allowed =
            std::any_of(request.allow_missing.begin(), request.allow_missing.end(),
                        [&](const std::string& glob) {
                            return glob == failure.name || path::glob_match(glob, failure.name);
                        });
        if (failure.allowed) {
            proof.diagnostics.push_back({Severity::warning, "missing-allowed",
                                         failure.needed_by ? rootfs[*failure.needed_by].path : "",
                                         "lacks " + failure.kind + " " +
                                             path::printable(failure.name) +
                                             ", as --allow-missing accepts: " + failure.detail});
        }
    }
}

image::NewImage make_image(const Analysis& analysis, const RebuildOptions& options,
                           image::Format format, const RunOptions& run) {
    const archive::Compression compression = new_compression(analysis, options, format);
    const BuildTime time = build_time(analysis.image.config);
    image::NewImage made;
    made.config = new_config(analysis.image.config, time);
    made.names = new_names(analysis.image.names, options.names, format);
    made.layers.push_back({write_layer(analysis.plan, analysis.rootfs, compression, run),
                           compression.codec, new_step(analysis, time)});
    return made;
}

/// Reads the image back from where it waits, and holds it against the plan and the source.
void prove_staged(const image::StagedImage& staged, const closure::Request& request, RunOptions run,
                  Rebuild& rebuild) {
    const ProgressStep step(run, "prove", "the new image", 0);
    run.progress = nullptr;  // reading it back is part of the proof
    const Analysis& analysis = rebuild.analysis;
    const image::Selection selection{.platform = analysis.image.config.platform, .tag = ""};
    const image::Image image = image::read_image(staged.location(), selection, run);
    const rootfs::Rootfs written = read_tree(image, run);
    check_written(written, analysis.plan, analysis.rootfs, run);
    rebuild.proof = prove(written, analysis.rootfs, analysis.closure, image.config, run);
    rebuild.after_bytes = content_bytes(written);
    rebuild.archive_after_bytes = staged.bytes();
    rebuild.config = image.config;
    allow_missing(rebuild.proof, request, analysis.rootfs);
}

void tell_if_not_smaller(Rebuild& rebuild) {
    if (rebuild.archive_after_bytes >= rebuild.analysis.image.archive_bytes) {
        rebuild.proof.diagnostics.push_back(
            {Severity::note, "not-smaller", "",
             "the image written is not smaller than the one read; --compress changes how its "
             "layer is stored"});
    }
}

}  // namespace

Analysis analyze(const std::string& location, const AnalyzeOptions& options,
                 const RunOptions& run) {
    return analyze(image::read_image(location, options.selection, run), options.request, run,
                   options.plan);
}

Analysis analyze(image::Image image, const closure::Request& request, const RunOptions& run,
                 const PlanOptions& plan_options) {
    rootfs::Rootfs rootfs = read_tree(image, run);
    closure::PackageDb packages = closure::PackageDb::read(rootfs);
    closure::Closure closure =
        closure::compute_closure(rootfs, image.config, packages, request, run);
    Plan plan = make_plan(rootfs, image.config, packages, closure, plan_options);
    const std::uint64_t before = content_bytes(rootfs);
    return {std::move(image),   std::move(rootfs), std::move(packages),
            std::move(closure), std::move(plan),   before};
}

Rebuild rebuild(const std::string& location, const AnalyzeOptions& options,
                const RebuildOptions& rebuild_options, const RunOptions& run) {
    return rebuild(image::read_image(location, options.selection, run), options.request,
                   rebuild_options, run);
}

Rebuild rebuild(image::Image source, const closure::Request& request,
                const RebuildOptions& rebuild_options, const RunOptions& run) {
    Rebuild rebuild{.analysis = analyze(std::move(source), request, run, rebuild_options.plan)};
    const Analysis& analysis = rebuild.analysis;
    demand_resolved(analysis.closure.unresolved, analysis.rootfs,
                    "the image lacks what its program needs: ",
                    "nothing was written; --allow-missing NAME accepts one");
    demand_content(analysis);

    const image::Format format = rebuild_options.format.value_or(analysis.image.format);
    const image::NewImage made = make_image(analysis, rebuild_options, format, run);
    image::StagedImage staged(made, format, rebuild_options.output, run.spool_dir);
    prove_staged(staged, request, run, rebuild);
    demand_resolved(rebuild.proof.failures, analysis.rootfs,
                    "the new image would not link as the source does: ",
                    "nothing was written; --include PATH keeps more, --allow-missing NAME accepts "
                    "one");
    staged.commit();
    tell_if_not_smaller(rebuild);
    return rebuild;
}

}  // namespace slimimg::slim
