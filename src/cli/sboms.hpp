#pragma once

#include <string>
#include <vector>

#include "slimimg/report/sbom.hpp"

namespace CLI {
class App;
}

namespace slimimg::cli {

struct Access;

/// Declares --sbom.
void declare_sboms(CLI::App& app, std::vector<std::string>& values, const std::string& group);

/// Where bills of materials go. Made before the work starts, so that a wrong --sbom is told at
/// once.
class SbomDelivery {
  public:
    /// Each of `files` is "app.spdx.json" or "spdx:any-name". Throws Error (usage) where the ending
    /// tells no format.
    SbomDelivery(const std::vector<std::string>& files, bool inside);

    void allow(Access& access) const;
    [[nodiscard]] bool is_wanted() const { return !targets_.empty() || inside_; }
    /// Renders what was asked for; returns what the image is to carry.
    std::vector<slim::NewFile> describe(const report::Sbom& sbom);
    /// Writes the files.
    void write() const;

  private:
    struct Target {
        const report::SbomFormat* format = nullptr;
        std::string file;
        std::string content;
    };
    std::vector<Target> targets_;
    bool inside_;
};

}  // namespace slimimg::cli
