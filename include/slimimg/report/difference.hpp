#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/report/format.hpp"
#include "slimimg/report/report.hpp"

namespace slimimg::report {

/// How an image differs from an earlier one: what `slimimg diff` tells. Sizes are in bytes.
struct Difference {
    enum class Change { added, removed, changed };

    struct Side {
        std::string name;  ///< the first tag; without one the location it was read from
        std::string source;
        std::string digest;
        std::string platform;
        std::uint64_t layer_bytes = 0;    ///< content of the files of all layers, also of those
                                          ///< that a later layer hides: what engines show as size
        std::uint64_t tree_bytes = 0;     ///< content of the merged tree, each file once
        std::uint64_t archive_bytes = 0;  ///< as stored
        std::uint64_t needed_bytes = 0;   ///< what the program needs of it
        std::size_t files = 0;            ///< names of files
        std::size_t packages = 0;         ///< with at least one file
        std::size_t layers = 0;
    };
    /// A layer that only one of the images has.
    struct LayerOf {
        Change change = Change::added;
        std::string diff_id;
        std::string created_by;
        std::uint64_t bytes = 0;
    };
    struct Entry {
        std::string path;
        Change change = Change::changed;
        std::string type;                ///< as of Kept; of what was removed: as it was
        std::vector<std::string> what;   ///< of a changed one: "type", "content", "mode", "owner",
                                         ///< "target", "device", "attributes"
        std::uint64_t before_bytes = 0;  ///< 0 for a further name of a file, here and below
        std::uint64_t after_bytes = 0;
        bool needed_before = false;  ///< by the program
        bool needed_after = false;
        std::string package;  ///< its owner; of what was removed: as it was
    };
    /// What stands below a folder, at most three names deep, but in no deeper one of the list.
    struct Folder {
        std::string path;
        std::uint64_t before_bytes = 0;
        std::uint64_t after_bytes = 0;
        std::size_t added = 0;  ///< entries that are no folders
        std::size_t removed = 0;
        std::size_t changed = 0;
    };
    struct Package {
        std::string manager;
        std::string name;
        std::string architecture;
        std::string before_version;  ///< empty: it is new
        std::string after_version;   ///< empty: it is gone
        std::uint64_t before_bytes = 0;
        std::uint64_t after_bytes = 0;
    };
    /// One setting of the config: "user", "env PATH", "label a.b", "volume /data", "port 80/tcp".
    struct Setting {
        std::string key;
        std::optional<std::string> before;
        std::optional<std::string> after;
    };
    /// A library that programs of both images load by one name from different files.
    struct Library {
        std::string name;
        std::string before;  ///< the file; empty: not loaded, or not found
        std::string after;
        std::vector<std::string> programs;
    };

    Side before;
    Side after;
    std::size_t shared_layers = 0;
    std::vector<LayerOf> layers;    ///< those removed, then those added, lowest first
    std::vector<Entry> entries;     ///< in path order
    std::size_t touched = 0;        ///< files and links of which only the time differs
    std::vector<Folder> folders;    ///< those with a difference, by how much they grew or shrank
    std::vector<Package> packages;  ///< those with a difference, in name order
    std::vector<Setting> config;    ///< in key order
    std::vector<std::string> programs_added;  ///< ELF programs that the image's own runs or calls
    std::vector<std::string> programs_removed;
    std::vector<Library> libraries;       ///< in name order
    std::vector<Unresolved> now_missing;  ///< what the program needs and no longer finds
    std::vector<Unresolved> no_longer_missing;

    /// Nothing that a container could notice differs.
    [[nodiscard]] bool same() const;
    /// By how many bytes the layers grew; negative where they shrank.
    [[nodiscard]] std::int64_t growth() const;
    /// The same in hundredths of the size before; 0 where that is empty.
    [[nodiscard]] double growth_percent() const;
};

/// "added", "removed", "changed"
std::string_view change_name(Difference::Change change);

Difference compare(const slim::Analysis& before, const slim::Analysis& after);

std::string difference_text(const Difference& difference, const RenderOptions& options);
std::string difference_json(const Difference& difference, const RenderOptions& options);
std::string difference_markdown(const Difference& difference, const RenderOptions& options);
std::span<const FormatOf<Difference>> difference_formats();

}  // namespace slimimg::report
