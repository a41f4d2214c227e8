#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "slimimg/archive/blob_writer.hpp"
#include "slimimg/closure/closure.hpp"
#include "slimimg/image/image.hpp"
#include "slimimg/image/reader.hpp"
#include "slimimg/image/writer.hpp"
#include "slimimg/rootfs/rootfs.hpp"

/// From an image to a minimal one: the plan, the write, the proof.
namespace slimimg::slim {

/// One entry of the image to be written.
struct PlanItem {
    Text path;
    std::optional<rootfs::NodeId> source;  ///< nothing: made by slimimg
    archive::Header header;                ///< what will be written
    std::optional<Slice> content;          ///< in place of the source's; set where source is not
    Text why;                              ///< of a made or changed entry
    bool stripped = false;                 ///< content is the source's ELF file without debug data
};

struct Plan {
    std::vector<PlanItem> items;  ///< in path order
    std::uint64_t bytes = 0;      ///< content, each inode once
    std::size_t stripped_files = 0;
    std::uint64_t stripped_bytes = 0;  ///< what those files are smaller by
    std::vector<Diagnostic> diagnostics;
};

/// What the plan adds to what the program needs.
struct PlanOptions {
    bool records = true;           ///< what scanners know the distribution and its packages by
    std::string base = "scratch";  ///< a style's id, or "auto": by what the program links
    bool nonroot = false;          ///< runs as, and lets write, distroless's user 65532
    bool strip = false;            ///< ELF files without debug sections and symbol tables
};

/// All that is known of an image after its closure: what the reports are made from.
struct Analysis {
    image::Image image;
    rootfs::Rootfs rootfs;
    closure::PackageDb packages;
    closure::Closure closure;
    Plan plan;
    PlanOptions options;             ///< with the base style as chosen
    std::uint64_t before_bytes = 0;  ///< content of the merged tree, each inode once
};

struct AnalyzeOptions {
    image::Selection selection;
    closure::Request request;
    PlanOptions plan;
};

/// Reads, scans, merges, computes the closure and the plan. Throws Error; an unresolved need is
/// in the result and not thrown.
Analysis analyze(const std::string& location, const AnalyzeOptions& options, const RunOptions& run);
/// The same of an image that has been read.
Analysis analyze(const image::Image& image, const closure::Request& request, const RunOptions& run,
                 const PlanOptions& plan = {});

/// single: one layer. split: what packages own below, all else above it.
enum class Layers { single, split };

/// What a new image will hold, before it is written.
struct NewContent {
    const Analysis& analysis;
    const Plan& plan;                      ///< what is written
    const rootfs::Rootfs* base = nullptr;  ///< of the image below; null where there is none
    std::vector<std::string> names;        ///< of the new image
    std::string base_name;                 ///< of the image that it stands on
    std::string base_digest;
};

/// A file that describes the new image, put into it.
struct NewFile {
    std::string path;
    std::string content;
    std::string why;
};

struct RebuildOptions {
    std::string output;                   ///< file, folder, or "-"
    std::optional<image::Format> format;  ///< absent: the input's
    bool unpacked = false;  ///< in place of an image, its root file system in a new folder
    std::optional<archive::Compression> compression;  ///< absent: the input's codec
    std::vector<std::string> names;  ///< absent: the input's with "-slim" at the tag
    PlanOptions plan;
    std::string base_image;  ///< location of an image to stand on; empty: none
    std::string base_tag;    ///< which, where there are several
    Layers layers = Layers::single;
    /// Called when all else of the new image is known; what it returns is added. Called again where
    /// a layer turns out not to be the one that the cache knew. May be null.
    std::function<std::vector<NewFile>(const NewContent&)> describe;
    std::string debug_shell;  ///< a static busybox or shell of this machine, for a second image
                              ///< beside the output that has it; empty: none
};

/// What the proof found: the written image read again, every kept ELF file linked in it.
struct Proof {
    std::size_t programs = 0;
    std::size_t libraries = 0;
    std::size_t symbols = 0;                    ///< strong undefined symbols that were resolved
    std::vector<closure::Unresolved> failures;  ///< what links in the source and not here
    std::vector<Diagnostic> diagnostics;
};

struct Rebuild {
    Analysis analysis;
    Proof proof;
    std::uint64_t after_bytes = 0;          ///< content of the written tree, each inode once
    std::uint64_t archive_after_bytes = 0;  ///< what was written
    image::Config config;                   ///< as written
    std::string base_name;                  ///< of the image it stands on; empty: none
    std::uint64_t base_bytes = 0;           ///< of those, in that image's layers
    std::vector<Diagnostic> base_diagnostics;
    /// All of the new image where it stands on another.
    std::optional<rootfs::Rootfs> written;
    std::vector<Diagnostic> unpack_diagnostics;  ///< what the user may not set
    std::string debug_output;  ///< where the image with the shell is; empty: not asked for
    std::vector<std::string> debug_names;
    std::vector<Diagnostic> debug_diagnostics;
};

/// Analyzes, writes, reopens, proves, and only then puts the image in its place. Throws Error with
/// Exit::unresolved, and writes nothing, where something required is missing or the proof fails.
Rebuild rebuild(const std::string& location, const AnalyzeOptions& options,
                const RebuildOptions& rebuild_options, const RunOptions& run);
/// The same of an image that has been read.
Rebuild rebuild(const image::Image& image, const closure::Request& request,
                const RebuildOptions& rebuild_options, const RunOptions& run);

/// Where the image with the shell goes: "slim-debug.tar" for "slim.tar", "out-debug" for "out/".
std::string debug_location(const std::string& output);

/// The time that what is made of an image carries, in whole seconds as "2026-01-31T12:00:00Z":
/// SOURCE_DATE_EPOCH, else the image's own, else 1970. Throws Error (usage) for an epoch that is no
/// number.
std::string made_at(const image::Config& config);

/// What to keep, what any program expects of a root, and what the options add.
Plan make_plan(const rootfs::Rootfs& rootfs, const image::Config& config,
               const closure::PackageDb& packages, const closure::Closure& closure,
               const PlanOptions& options = {}, const RunOptions& run = {});

/// Links every ELF file of `written` in it, and compares with `source`, and with `base` (may be
/// null) where the written image stands on one.
Proof prove(const rootfs::Rootfs& written, const rootfs::Rootfs& source,
            const closure::Closure& closure, const image::Config& config, const RunOptions& run,
            const rootfs::Rootfs* base = nullptr);

}  // namespace slimimg::slim
