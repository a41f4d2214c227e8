#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/report/format.hpp"
#include "slimimg/report/report.hpp"

namespace slimimg::report {

/// Why a path stays or goes: what `slimimg why` tells.
struct Explanation {
    enum class Verdict { kept, made, removed };

    /// A symlink on the way from the path that was asked for.
    struct Link {
        std::string path;
        std::string target;
        bool kept = false;
    };
    /// One step from a root towards the path.
    struct Step {
        std::string path;
        Reason reason;
    };
    /// What stands below a folder, or the names of a rule there.
    struct Below {
        std::size_t kept_files = 0;
        std::size_t files = 0;
        std::uint64_t kept_bytes = 0;
        std::uint64_t bytes = 0;
        std::size_t made_files = 0;  ///< what the new image has there besides, as package records
        std::uint64_t made_bytes = 0;
        std::vector<RuleShare> rules;
        std::vector<std::string> largest;  ///< kept files, most bytes first, at most ten
    };

    std::string image;
    std::string asked;  ///< normalized
    std::string path;   ///< what it leads to
    std::vector<Link> links;
    bool dangles = false;  ///< the last link leads nowhere; `path` is that link
    Verdict verdict = Verdict::removed;
    std::string type;
    std::uint64_t bytes = 0;
    std::optional<std::size_t> layer;
    std::string created_by;      ///< of the layer
    std::string package;         ///< name and version of the owner
    std::vector<Step> chain;     ///< from a root to the path; empty where it goes
    std::vector<Reason> more;    ///< further reasons of the path itself; of one that goes: those
                                 ///< too weak to keep it
    bool excluded = false;       ///< it goes by the user's --exclude
    std::optional<Below> below;  ///< of a folder
};

/// Throws Error (usage) where the image has no such path.
Explanation explain(const slim::Analysis& analysis, std::string_view path,
                    const closure::Request& request = {});

std::string explanation_text(const Explanation& explanation, const RenderOptions& options);
std::string explanation_json(const Explanation& explanation, const RenderOptions& options);
std::span<const FormatOf<Explanation>> explanation_formats();

}  // namespace slimimg::report
