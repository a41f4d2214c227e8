#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "slimimg/archive/layer.hpp"

#include "check/secrets/scan.hpp"

namespace slimimg::check::secrets {

/// What upper layers do to the files that secrets are in. All entries are looked at once, however
/// many secrets there are.
class Fates {
  public:
    Fates(std::span<const archive::LayerScan> layers, std::span<const FoundSecret> secrets);

    /// Fills in which layer hides the file first, and how.
    void tell(FoundSecret& secret) const;

  private:
    struct Step {
        std::size_t folder;
        std::string_view name;
        bool operator==(const Step&) const = default;
    };
    struct StepHash {
        std::size_t operator()(const Step& step) const;
    };
    struct Change {
        std::size_t layer;
        std::size_t entry;
        enum class Kind { replaced, deleted } kind;
    };

    void add_path(std::string_view path);
    void add_change(std::string_view path, const Change& change);

    /// The secrets' paths as a tree: of a folder (0: the root) and a name to what stands there.
    std::unordered_map<Step, std::size_t, StepHash> steps_;
    struct Place {
        std::vector<Change> changes;    // in order
        std::vector<Change> deletions;  // of these
    };
    std::vector<Place> places_{1};
};

}  // namespace slimimg::check::secrets
