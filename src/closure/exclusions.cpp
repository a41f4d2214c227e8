#include "closure/exclusions.hpp"

#include <algorithm>

#include "slimimg/base/path.hpp"

namespace slimimg::closure {
namespace {

bool matches(const std::string& glob, std::string_view path) {
    return glob == path || path::glob_match(glob, path);
}

bool matches_something(const rootfs::Rootfs& rootfs, const std::string& glob) {
    const auto nodes = rootfs.nodes();
    return std::any_of(nodes.begin(), nodes.end(),
                       [&](const rootfs::Node& node) { return matches(glob, node.path); });
}

}  // namespace

bool matches_any(const std::vector<std::string>& globs, std::string_view path) {
    return std::any_of(globs.begin(), globs.end(),
                       [&](const std::string& glob) { return matches(glob, path); });
}

bool Exclusions::leave_out(const rootfs::Rootfs& rootfs, rootfs::NodeId node,
                           const Reason& reason) {
    const rootfs::Node& file = rootfs[node];
    for (const std::string& glob : globs_) {
        if (!matches(glob, file.path)) {
            continue;
        }
        Use& use = uses_[glob];
        if (reason.confidence == Confidence::required) {
            use.required = use.required.empty() ? file.path.str() : use.required;
            return false;
        }
        if (!file.is_directory() && !use.files.contains(node)) {
            use.files.emplace(node,
                              std::string(reason.rule) + ": " +
                                  (reason.from ? rootfs[*reason.from].path.str() + ", " : "") +
                                  reason.detail.str());
        }
        return true;
    }
    return false;
}

std::vector<Diagnostic> Exclusions::told(
    const rootfs::Rootfs& rootfs, const std::map<rootfs::NodeId, std::vector<Reason>>& kept) {
    std::vector<Diagnostic> all;
    const auto add = [&](Severity severity, const char* code, const std::string& glob,
                         const std::string& what, bool open) {
        all.push_back(
            {severity, code, "", "--exclude " + path::printable(glob) + " " + what, open});
    };
    for (const std::string& glob : globs_) {
        const auto use = uses_.find(glob);
        if (use != uses_.end()) {
            std::erase_if(use->second.files,
                          [&](const auto& file) { return kept.contains(file.first); });
        }
        if (use != uses_.end() && !use->second.files.empty()) {
            const std::size_t count = use->second.files.size();
            add(Severity::note, "excluded", glob,
                "leaves out " + std::to_string(count) +
                    (count == 1 ? " file that the program may need: "
                                : " files that the program may need, such as ") +
                    rootfs[use->second.files.begin()->first].path.str() + " (" +
                    use->second.files.begin()->second + ")",
                true);
        } else if (use != uses_.end() && !use->second.required.empty()) {
            add(Severity::warning, "exclude-required", glob,
                "does not leave out " + use->second.required + ": the program fails without it",
                false);
        } else if (!matches_something(rootfs, glob)) {
            add(Severity::warning, "exclude-unknown", glob,
                "matches nothing in the image; * stops at /, ** does not", false);
        }
    }
    return all;
}

}  // namespace slimimg::closure
