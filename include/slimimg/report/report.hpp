#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/base/diagnostic.hpp"
#include "slimimg/base/text.hpp"
#include "slimimg/slim/slim.hpp"

/// What people and machines are told of an image: plain values, and a renderer for each format.
namespace slimimg::report {

/// A layer of the image that was read.
struct Layer {
    std::size_t index = 0;     ///< from 0, lowest first
    std::string diff_id;       ///< "sha256:…" of the plain tar
    std::string created_by;    ///< the instruction that made it, as the builder recorded it
    std::string codec;         ///< "none", "gzip", "zstd", "xz"
    std::uint64_t stored = 0;  ///< bytes as stored
    std::uint64_t bytes = 0;   ///< content of its files
    std::uint64_t kept = 0;    ///< content of its files that stays
};

struct ImageInfo {
    std::string name;  ///< the first tag; without one the location it was read from
    std::vector<std::string> names;
    std::string source;  ///< the location it was read from
    std::string digest;  ///< of the manifest (OCI), else of the config
    std::string id;      ///< digest of the config
    std::string format;
    std::string platform;
    std::uint64_t archive_bytes = 0;
    std::vector<Layer> layers;
};

/// What is run: the roots of the evidence.
struct Program {
    std::vector<std::vector<std::string>> commands;  ///< the image's, or the user's in its place
    bool by_request = false;                         ///< the commands are the user's
    std::string user;                                ///< as in the config; empty: root
    std::string workdir;
};

/// Sizes in bytes of content, each file once however many names it has.
struct Reduction {
    std::uint64_t before = 0;
    std::uint64_t after = 0;
    std::optional<std::uint64_t> archive_before;  ///< as stored; of a rebuild only
    std::optional<std::uint64_t> archive_after;

    /// 100 * (before - after) / before; 0 for an empty image.
    [[nodiscard]] double percent() const;
};

/// What sort of file it is, for people: by place, content and owner.
enum class Kind {
    program,
    library,
    script,
    module,  ///< of an interpreter: .py, .pm, .class, …
    configuration,
    certificates,
    time_zones,
    application,  ///< of no package and not in the system's folders
    data,
    link,  ///< symlinks, further names of a file, folders, devices
};
inline constexpr std::size_t kind_count = 10;
/// "program", "time-zones": the id in machine-readable reports.
std::string_view kind_id(Kind kind);
/// "programs", "time zones": for people.
std::string_view kind_label(Kind kind);

struct Reason {
    std::string_view rule;        ///< static storage, as `confidence`
    Text from;                    ///< the file that names it; empty: the config or the request
    std::string_view confidence;  ///< "required", "likely", …
    Text detail;
};

/// A path that stays. The bytes of all are the image's size afterwards.
struct Kept {
    Text path;
    std::string_view type;  ///< "file", "directory", "symlink", "hardlink" (a further name), …;
                            ///< static storage
    Kind kind = Kind::data;
    std::uint64_t bytes = 0;           ///< as written; 0 for a further name of a file
    std::uint64_t source_bytes = 0;    ///< in the image that was read; 0 where slimimg made it
    std::optional<std::size_t> layer;  ///< nothing: made by slimimg
    Text package;                      ///< its owner; empty where it has none
    std::vector<Reason> reasons;       ///< the strongest first; never empty
};

/// A path that goes. Its bytes and the source bytes of what stays are the size before.
struct Removed {
    Text path;
    std::string_view type;
    Kind kind = Kind::data;
    std::uint64_t bytes = 0;  ///< 0 where another name of the file stays or stands before it
    std::size_t layer = 0;
    Text package;
    std::vector<Reason> hints;  ///< evidence for it that was too weak
};

struct Unresolved {
    std::string name;
    std::string needed_by;  ///< empty: the image's config or the request
    std::string kind;
    std::string detail;
    bool required = true;
    bool allowed = false;
};

/// How many files and bytes of something stay and go. Names of a file count, folders don't.
struct Share {
    std::size_t kept_files = 0;
    std::uint64_t kept_bytes = 0;
    std::size_t removed_files = 0;
    std::uint64_t removed_bytes = 0;
};

struct KindShare {
    Kind kind = Kind::data;
    Share share;
};

struct PackageShare {
    std::string manager;  ///< "dpkg", "apk", "rpm"; empty for what no package owns
    std::string name;
    std::string version;
    Share share;
};

/// What a rule holds: the files whose strongest reason is the rule's.
struct RuleShare {
    std::string rule;
    std::size_t files = 0;
    std::uint64_t bytes = 0;
};

/// What an intruder would find.
struct Surface {
    std::size_t files = 0;
    std::size_t packages = 0;     ///< with at least one file
    std::size_t executables = 0;  ///< files with an x bit
    std::size_t elf_files = 0;
    std::vector<std::string> shells;            ///< paths
    std::vector<std::string> package_managers;  ///< paths
    std::vector<std::string> set_id_files;      ///< set-user-ID and set-group-ID programs
};

/// How sure the result is: what stays by the strength of its evidence, and what no evidence tells.
struct Certainty {
    std::size_t required_files = 0;
    std::uint64_t required_bytes = 0;
    std::size_t likely_files = 0;
    std::uint64_t likely_bytes = 0;
    std::size_t open_questions = 0;  ///< diagnostics of what could not be known
};

/// What --strip cut from programs and libraries; of `bytes` the files are smaller.
struct Stripped {
    std::size_t files = 0;
    std::uint64_t bytes = 0;
};

struct Proof {
    std::size_t programs = 0;
    std::size_t libraries = 0;
    std::size_t symbols = 0;
};

/// All that a report of analyze or rebuild says; lists are in path or size order.
struct Report {
    std::string command;  ///< "analyze" or "rebuild"
    ImageInfo image;
    Program program;
    std::string base;  ///< the style of the new image, or the name of the image that it stands on
    Reduction reduction;
    std::vector<Kept> kept;
    std::vector<Removed> removed;
    std::vector<Unresolved> unresolved;
    std::vector<Diagnostic> diagnostics;
    std::vector<KindShare> kinds;        ///< those there are, in the order of Kind
    std::vector<PackageShare> packages;  ///< by removed bytes, most first
    std::vector<RuleShare> rules;        ///< by bytes, most first
    Surface surface_before;
    Surface surface_after;
    Certainty certainty;
    std::optional<Stripped> stripped;  ///< where --strip found something to cut
    std::optional<Proof> proof;        ///< of a rebuild
    std::string debug_output;          ///< where the image with the debug shell is; empty: none
    std::vector<std::string> written_names;  ///< tags of the written image
};

/// `request` is what the analysis was asked with.
Report make_report(const slim::Analysis& analysis, const closure::Request& request);
Report make_report(const slim::Rebuild& rebuild, const closure::Request& request);

}  // namespace slimimg::report
