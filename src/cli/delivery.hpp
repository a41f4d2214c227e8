#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "slimimg/report/format.hpp"

#include "options.hpp"

namespace slimimg::cli {

/// A format that a command can answer in.
struct Offer {
    std::string name;
    std::string extension;
};

/// Where reports go. Made before the work starts, so that a wrong --format or --report is told at
/// once; used when it is done.
class Delivery {
  public:
    /// Throws Error (usage) for a format that is not offered. `fd` is standard output, or standard
    /// error where the image goes to standard output.
    Delivery(const OutputOptions& options, const std::vector<Offer>& offers, int fd);

    using Render =
        std::function<std::string(const std::string& format, const report::RenderOptions&)>;
    /// Renders and writes all that was asked for.
    void deliver(const Render& render) const;

  private:
    struct Target {
        std::string format;
        std::string file;
    };

    std::optional<std::string> printed_;
    std::vector<Target> files_;
    report::RenderOptions render_options_;
    int fd_;
};

/// All formats of reports, as offers.
std::vector<Offer> report_offers();
/// "text or json"
std::string offer_names(const std::vector<Offer>& offers);

}  // namespace slimimg::cli
