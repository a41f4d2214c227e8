#include "closure/exclusions.hpp"

#include <algorithm>
#include <optional>

#include "slimimg/base/globs.hpp"

namespace slimimg::closure {
namespace {

using rootfs::Node;
using rootfs::NodeId;

/// "named-path: /etc/nginx/nginx.conf, names /usr/lib/module.so"
std::string text_of(const Reason& reason, const rootfs::Rootfs& rootfs) {
    return std::string(reason.rule) + ": " +
           (reason.from ? rootfs[*reason.from].path.str() + ", " : "") + reason.detail.str();
}

/// What one glob leaves out.
struct LeftOut {
    std::size_t files = 0;
    std::string example;  ///< the first, and what names it
};

LeftOut left_out(const rootfs::Rootfs& rootfs, const std::string& glob, Confidence needed,
                 const ReasonsOf& kept, const ReasonsOf& hinted) {
    LeftOut result;
    for (const auto& [node, reasons] : hinted) {
        const Node& file = rootfs[node];
        const auto strong = std::find_if(reasons.begin(), reasons.end(), [&](const Reason& reason) {
            return reason.confidence >= needed;
        });
        if (strong == reasons.end() || file.is_directory() || kept.contains(node) ||
            !means(glob, file.path)) {
            continue;
        }
        if (++result.files == 1) {
            result.example = file.path.str() + " (" + text_of(*strong, rootfs) + ")";
        }
    }
    return result;
}

std::optional<NodeId> first_kept(const rootfs::Rootfs& rootfs, const std::string& glob,
                                 const ReasonsOf& kept) {
    const auto at = std::find_if(kept.begin(), kept.end(), [&](const auto& entry) {
        const Node& file = rootfs[entry.first];
        return !file.is_directory() && means(glob, file.path);
    });
    return at == kept.end() ? std::nullopt : std::optional(at->first);
}

bool matches_something(const rootfs::Rootfs& rootfs, const std::string& glob) {
    const auto nodes = rootfs.nodes();
    return std::any_of(nodes.begin(), nodes.end(),
                       [&](const Node& node) { return means(glob, node.path); });
}

}  // namespace

std::vector<Diagnostic> exclusion_notes(const rootfs::Rootfs& rootfs,
                                        const std::vector<std::string>& globs, Confidence needed,
                                        const ReasonsOf& kept, const ReasonsOf& hinted) {
    std::vector<Diagnostic> notes;
    for (const std::string& glob : globs) {
        const std::string option = "--exclude " + path::printable(glob) + " ";
        const LeftOut gone = left_out(rootfs, glob, needed, kept, hinted);
        if (gone.files > 0) {
            notes.push_back({Severity::note, "excluded", "",
                             option + "leaves out " + std::to_string(gone.files) +
                                 (gone.files == 1 ? " file that the program may need: "
                                                  : " files that the program may need, such as ") +
                                 gone.example,
                             true});
        } else if (const auto stays = first_kept(rootfs, glob, kept)) {
            notes.push_back({Severity::warning, "exclude-required", "",
                             option + "does not leave out " + rootfs[*stays].path.str() +
                                 ": the program fails without it",
                             false});
        } else if (!matches_something(rootfs, glob)) {
            notes.push_back({Severity::warning, "exclude-unknown", "",
                             option + "matches nothing in the image; * stops at /, ** does not",
                             false});
        }
    }
    return notes;
}

}  // namespace slimimg::closure
