#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "slimimg/report/format.hpp"

#include "options.hpp"
#include "surroundings.hpp"

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

    void allow(Access& access) const;
    /// True where a report of this format is to be made.
    [[nodiscard]] bool wants(const std::string& format) const;
    /// True where a report is printed, and not only written to files.
    [[nodiscard]] bool prints() const { return printed_.has_value(); }

    /// Renders `value` and writes it to all that was asked for. `formats` are those of the offers.
    template <typename T>
    void deliver(const T& value, std::span<const report::FormatOf<T>> formats) const {
        deliver_rendered([&](const std::string& format, const report::RenderOptions& options) {
            return report::find_format(formats, format)->render(value, options);
        });
    }

  private:
    using Render =
        std::function<std::string(const std::string& format, const report::RenderOptions&)>;
    void deliver_rendered(const Render& render) const;
    void go_where_shown(const OutputOptions& options, const std::vector<Offer>& offers);
    void print(const Render& render) const;
    void add_to_summary(const std::string& text) const;

    struct Target {
        std::string format;
        std::string file;
    };

    std::optional<std::string> printed_;
    std::vector<Target> files_;
    Surroundings around_;
    bool annotates_ = false;   ///< GitHub's commands follow the text
    bool summarizes_ = false;  ///< Markdown goes to GitHub's summary
    report::RenderOptions render_options_;
    int fd_;
};

template <typename T>
std::vector<Offer> offers_of(std::span<const report::FormatOf<T>> formats) {
    std::vector<Offer> offers;
    for (const report::FormatOf<T>& format : formats) {
        offers.push_back({std::string(format.name), std::string(format.extension)});
    }
    return offers;
}
/// "text or json"
std::string offer_names(const std::vector<Offer>& offers);
/// "text|json"
std::string offer_choices(const std::vector<Offer>& offers);

}  // namespace slimimg::cli
