#include "delivery.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string_view>

#include <unistd.h>

#include "slimimg/base/error.hpp"
#include "slimimg/base/file.hpp"

namespace slimimg::cli {
namespace {

bool has_environment(const char* name) {
    const char* const value = std::getenv(name);
    return value != nullptr && *value != '\0';
}

bool wants_color(const std::string& choice, int fd) {
    if (choice != "auto") {
        return choice == "always";
    }
    const char* const terminal = std::getenv("TERM");
    return isatty(fd) == 1 && !has_environment("NO_COLOR") &&
           (terminal == nullptr || std::string_view(terminal) != "dumb");
}

bool is_offered(const std::vector<Offer>& offers, const std::string& format) {
    return std::any_of(offers.begin(), offers.end(),
                       [&](const Offer& offer) { return offer.name == format; });
}

std::string format_of_file(const std::vector<Offer>& offers, const std::string& file) {
    const auto found = std::find_if(offers.begin(), offers.end(), [&](const Offer& offer) {
        return file.ends_with(offer.extension);
    });
    if (found == offers.end()) {
        throw Error(Exit::usage, "unknown-report-format",
                    "the ending of " + file + " tells no report format",
                    "put the format before it: --report " + offers.front().name + '=' + file);
    }
    return found->name;
}

/// Equal for two names of one file, also of one that is not there yet.
std::filesystem::path place_of(const std::string& name) {
    std::error_code error;
    const std::filesystem::path place =
        std::filesystem::weakly_canonical(std::filesystem::absolute(name), error);
    return error ? std::filesystem::path(name) : place;
}

}  // namespace

Delivery::Delivery(const OutputOptions& options, const std::vector<Offer>& offers, int fd,
                   const std::string& image)
    : fd_(fd) {
    if (!is_offered(offers, options.format)) {
        throw Error(Exit::usage, "unknown-format", "no format of this command: " + options.format,
                    "it has " + offer_names(offers));
    }
    if (!options.quiet || options.format_given) {
        printed_ = options.format;
    }
    for (const std::string& report : options.reports) {
        const std::size_t equals = report.find('=');
        const std::string format = report.substr(0, equals);
        if (equals != report.npos && is_offered(offers, format)) {
            files_.push_back({format, report.substr(equals + 1)});
        } else {
            files_.push_back({format_of_file(offers, report), report});
        }
    }
    std::set<std::filesystem::path> outputs;
    if (!image.empty()) {
        outputs.insert(place_of(image));
    }
    for (const Target& target : files_) {
        if (!is_stream(target.file) && !outputs.insert(place_of(target.file)).second) {
            throw Error(Exit::usage, "output-twice",
                        "two outputs would be one file: " + target.file,
                        "give each a name of its own");
        }
    }
    render_options_ = {.color = wants_color(options.color, fd), .verbose = options.verbose};
}

void Delivery::deliver_rendered(const Render& render) const {
    for (const Target& target : files_) {
        write_file(target.file, as_bytes(render(target.format, {.color = false, .verbose = true})));
    }
    if (printed_) {
        write_all(fd_, as_bytes(render(*printed_, render_options_)),
                  fd_ == STDOUT_FILENO ? "standard output" : "standard error");
    }
}

std::string offer_names(const std::vector<Offer>& offers) {
    std::string names;
    for (std::size_t i = 0; i < offers.size(); ++i) {
        names += i == 0 ? "" : (i + 1 == offers.size() ? " or " : ", ");
        names += offers[i].name;
    }
    return names;
}

}  // namespace slimimg::cli
