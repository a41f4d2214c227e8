#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "slimimg/base/diagnostic.hpp"
#include "slimimg/base/error.hpp"
#include "slimimg/base/run_options.hpp"
#include "slimimg/check/policy.hpp"
#include "slimimg/check/settings.hpp"
#include "slimimg/closure/closure.hpp"
#include "slimimg/image/image.hpp"
#include "slimimg/slim/slim.hpp"

/// The gate: policies over images, and what they find as plain values. Texts may come from the
/// image: whoever shows them sees to what a terminal or a browser could take for a command.
namespace slimimg::check {

/// A waiver that a finding falls under.
struct Waived {
    std::string reason;
    std::string until;  ///< "2027-01-31", the last day; empty: no end
};

/// Something a policy has found.
struct Finding {
    std::string policy;            ///< PolicyInfo::id
    Level level = Level::warning;  ///< never off
    std::string message;           ///< what is wrong, one line, with the figures and the path in it
    std::string fix;               ///< what to do about it, one line
    std::string path;              ///< the file in the image; empty: the image or its config
    std::optional<std::size_t> layer;    ///< from 0, lowest first: where it comes from
    std::optional<std::size_t> line;     ///< from 1, of a text file
    std::optional<std::uint64_t> bytes;  ///< how much it is about, where that is what counts
    /// What tells it from other findings and stays the same from build to build: 64 hex digits of
    /// policy, path and subject; not of the image's name, layer or sizes.
    std::string fingerprint;
    std::optional<Waived> waived;  ///< told, but it fails nothing
};

/// A layer of the image that was checked.
struct CheckedLayer {
    std::string diff_id;
    std::string created_by;    ///< the instruction that made it, as the builder recorded it
    std::uint64_t stored = 0;  ///< bytes as stored
    std::uint64_t bytes = 0;   ///< content of its files
    std::uint64_t wasted = 0;  ///< of those, what a later layer replaces or deletes
};

/// dive's three figures; what is mended in them is told in docs/policies.md.
struct Efficiency {
    double efficiency = 1;  ///< 0 to 1: smallest copies of all paths / all copies
    std::uint64_t wasted_bytes = 0;
    double wasted_percent = 0;  ///< 0 to 1, as dive's highestUserWastedPercent has it
};

/// What was found in one image.
struct CheckReport {
    std::string name;  ///< the first tag; without one the location it was read from
    std::vector<std::string> names;
    std::string source;  ///< the location it was read from
    std::string digest;  ///< of the manifest (OCI), else of the config
    std::string id;      ///< digest of the config
    std::string platform;
    std::uint64_t archive_bytes = 0;  ///< as stored
    std::uint64_t bytes = 0;          ///< content, each file once
    std::uint64_t slim_bytes = 0;     ///< what rebuild would leave of those
    std::vector<CheckedLayer> layers;
    Efficiency efficiency;
    /// Errors first, then by policy in their order, path and line. Waived ones have their place.
    std::vector<Finding> findings;
    std::vector<std::string> passed;  ///< policies that are on and found nothing, in their order
    std::vector<Diagnostic> diagnostics;  ///< waivers that meet nothing, images that were left out
    /// Why the image could not be checked; everything but `source` is empty then.
    std::optional<Error> error;

    /// Findings of a level that no waiver covers.
    [[nodiscard]] std::size_t count(Level level) const;
    [[nodiscard]] std::size_t waived() const;
    /// 100 * (bytes - slim_bytes) / bytes; 0 for an empty image.
    [[nodiscard]] double reduction_percent() const;
};

/// What was found in all images that were asked for, in the order in which they were named.
struct CheckResult {
    std::vector<CheckReport> images;
    Level fail_on = Level::error;  ///< findings from this level on fail the check; off: none does

    [[nodiscard]] std::size_t count(Level level) const;
    [[nodiscard]] std::size_t waived() const;
    /// True for an image with a finding that counts as failure, or that could not be checked.
    [[nodiscard]] bool fails(const CheckReport& image) const;
    /// ok; policy where an image fails; of images that could not be checked their error's.
    [[nodiscard]] Exit status() const;
};

/// An image to be checked, and what its settings ask for.
struct CheckJob {
    image::Image image;
    CheckSettings settings;
    closure::Request request;
};

/// What holds for a whole run.
struct CheckOptions {
    std::string today;  ///< "2026-11-25": which waivers have ended
    Level fail_on = Level::error;
};

/// Checks an image that has been analyzed.
CheckReport check_image(const slim::Analysis& analysis, const CheckSettings& settings,
                        const CheckOptions& options, const RunOptions& run);

/// Reads, analyzes and checks images, several at once; a layer that several of them have is read
/// once. `read` opens an image and says what holds for it; it is called from several threads. What
/// goes wrong with one image stands in its report and does not keep the others from being checked.
/// `done` (may be null) is handed each analysis before it is given up, one at a time.
CheckResult check_images(
    const std::vector<std::string>& locations,
    const std::function<CheckJob(const std::string& location, const RunOptions&)>& read,
    const CheckOptions& options, const RunOptions& run,
    const std::function<void(std::size_t index, const slim::Analysis&, const CheckReport&)>& done =
        nullptr);

}  // namespace slimimg::check
