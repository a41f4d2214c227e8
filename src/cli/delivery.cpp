#include "delivery.hpp"

#include <algorithm>
#include <filesystem>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "slimimg/base/digest.hpp"
#include "slimimg/base/error.hpp"
#include "slimimg/base/file.hpp"
#include "slimimg/report/check_format.hpp"
#include "slimimg/report/difference.hpp"
#include "slimimg/report/explanation.hpp"
#include "slimimg/report/report.hpp"

#include "sandbox.hpp"

namespace slimimg::cli {
namespace {

bool wants_color(const std::string& choice, int fd) {
    if (choice != "auto") {
        return choice == "always";
    }
    return environment("NO_COLOR").empty() && is_capable_terminal(fd);
}

/// Columns of the terminal that a report goes to; elsewhere those that fit everywhere.
std::size_t report_width(int fd) {
    constexpr std::size_t least = 80;
    constexpr std::size_t most = 160;  // further out, figures are far from what they tell of
    return std::clamp(terminal_width(fd), least, most);
}

/// A file that was named for the output is no log that a service reads.
bool is_file(int fd) {
    struct stat status {};
    return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

bool is_offered(const std::vector<Offer>& offers, const std::string& format) {
    return std::any_of(offers.begin(), offers.end(),
                       [&](const Offer& offer) { return offer.name == format; });
}

/// Null where its ending tells none of these.
const Offer* offer_of_file(const std::vector<Offer>& offers, const std::string& file) {
    const auto found = std::find_if(offers.begin(), offers.end(), [&](const Offer& offer) {
        return file.ends_with(offer.extension);
    });
    return found == offers.end() ? nullptr : &*found;
}

struct CommandOffers {
    std::string commands;
    std::vector<Offer> offers;
};

/// The commands of each list of formats, as words of a hint.
std::vector<CommandOffers> all_offers() {
    return {{"slimimg analyze and rebuild have", offers_of(report::formats())},
            {"slimimg check has", offers_of(report::check_formats())},
            {"slimimg diff has", offers_of(report::difference_formats())},
            {"slimimg why has", offers_of(report::explanation_formats())}};
}

/// Which other commands have a format; empty where none has it.
std::string elsewhere(const std::string& format) {
    std::string text;
    for (const CommandOffers& other : all_offers()) {
        if (is_offered(other.offers, format)) {
            text += (text.empty() ? "" : ", ") + other.commands + " it";
        }
    }
    return text;
}

/// The format that --report names or means, where it is another command's; else empty.
std::string foreign_format(const std::string& report) {
    const std::string named = report.substr(0, report.find('='));
    for (const CommandOffers& other : all_offers()) {
        if (named.size() < report.size() && is_offered(other.offers, named)) {
            return named;
        }
    }
    for (const CommandOffers& other : all_offers()) {
        if (const Offer* offer = offer_of_file(other.offers, report)) {
            return offer->name;
        }
    }
    return {};
}

[[noreturn]] void throw_unknown_report(const std::vector<Offer>& offers,
                                       const std::string& report) {
    if (const std::string format = foreign_format(report); !format.empty()) {
        throw Error(Exit::usage, "unknown-report-format",
                    "--report cannot be " + report + ": this command has no " + format,
                    elsewhere(format) + "; this one has " + offer_names(offers));
    }
    throw Error(Exit::usage, "unknown-report-format",
                "the ending of " + report + " tells no report format",
                "put the format before it: --report " + offers.front().name + '=' + report);
}

}  // namespace

Delivery::Delivery(const OutputOptions& options, const std::vector<Offer>& offers, int fd)
    : fd_(fd) {
    if (!is_offered(offers, options.format)) {
        const std::string others = elsewhere(options.format);
        throw Error(
            Exit::usage, "unknown-format",
            "--format cannot be " + options.format + as_variable_says("--format", options.format),
            "this command has " + offer_names(offers) + (others.empty() ? "" : "; " + others));
    }
    if (!options.quiet || options.format_given) {
        printed_ = options.format;
    }
    for (const std::string& report : options.reports) {
        const std::size_t equals = report.find('=');
        const std::string format = report.substr(0, equals);
        const bool has_format = equals != report.npos && is_offered(offers, format);
        const std::string file = has_format ? report.substr(equals + 1) : report;
        if (file == "-") {
            throw Error(Exit::usage, "report-to-pipe", "--report names a file, and - is none",
                        "--format prints a report on standard output");
        }
        const Offer* const meant = has_format ? nullptr : offer_of_file(offers, file);
        if (!has_format && meant == nullptr) {
            throw_unknown_report(offers, report);
        }
        files_.push_back({has_format ? format : meant->name, file});
    }
    go_where_shown(options, offers);
    render_options_ = {.color = wants_color(options.color, fd),
                       .verbose = options.verbose,
                       .width = report_width(fd)};
}

void Delivery::go_where_shown(const OutputOptions& options, const std::vector<Offer>& offers) {
    using Service = Surroundings::Service;
    around_ = surroundings(options.ci);
    if (around_.service == Service::github) {
        annotates_ = printed_ == "text" && !options.format_given && is_offered(offers, "github") &&
                     !is_file(fd_);
        summarizes_ = !around_.summary.empty() && is_offered(offers, "markdown");
    }
    if (around_.service == Service::gitlab) {
        // The names that the template in docs/ci tells GitLab.
        static constexpr std::pair<const char*, const char*> artifacts[] = {
            {"codequality", "gl-code-quality-report.json"}, {"junit", "gl-junit-report.xml"}};
        for (const auto& [format, file] : artifacts) {
            if (is_offered(offers, format) && !wants(format)) {
                files_.push_back({format, (around_.project / file).string()});
            }
        }
    }
}

void Delivery::allow(Access& access) const {
    for (const Target& target : files_) {
        access.reports.emplace_back(target.file);
    }
    if (summarizes_) {
        access.appended.push_back(around_.summary);
    }
}

bool Delivery::wants(const std::string& format) const {
    return printed_ == format ||
           std::any_of(files_.begin(), files_.end(),
                       [&](const Target& target) { return target.format == format; });
}

void Delivery::deliver_rendered(const Render& render) const {
    for (const Target& target : files_) {
        write_file(target.file, as_bytes(render(target.format, {.color = false, .verbose = true})));
    }
    if (summarizes_) {
        add_to_summary(render("markdown", {}));
    }
    if (printed_) {
        print(render);
    }
}

void Delivery::print(const Render& render) const {
    std::string text = render(*printed_, render_options_);
    if (around_.service == Surroundings::Service::github && printed_ == "text") {
        // The runner takes a line that starts with "::" for a command, also one of an image. This
        // has it read none up to a word that no image can know.
        const std::string word = sha256(as_bytes(text)).hex();
        text = "::stop-commands::" + word + '\n' + text + "::" + word + "::\n";
    }
    if (annotates_) {
        text += render("github", {});
    }
    write_all(fd_, as_bytes(text), fd_ == STDOUT_FILENO ? "standard output" : "standard error");
}

void Delivery::add_to_summary(const std::string& text) const {
    constexpr std::size_t most = 1'000'000;  // GitHub refuses a summary of more than 1 MiB
    std::string shown = text + '\n';
    if (shown.size() > most) {
        shown.resize(shown.rfind('\n', most) + 1);
        shown += "\nThe rest is left out: GitHub shows no more.\n";
    }
    const FileDescriptor file(
        open(around_.summary.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
    if (!file) {
        throw_errno("cannot open", around_.summary.string());
    }
    write_all(file.get(), as_bytes(shown), around_.summary.string());
}

std::string offer_names(const std::vector<Offer>& offers) {
    std::string names;
    for (std::size_t i = 0; i < offers.size(); ++i) {
        names += i == 0 ? "" : (i + 1 == offers.size() ? " or " : ", ");
        names += offers[i].name;
    }
    return names;
}

std::string offer_choices(const std::vector<Offer>& offers) {
    std::string choices;
    for (const Offer& offer : offers) {
        choices += (choices.empty() ? "" : "|") + offer.name;
    }
    return choices;
}

}  // namespace slimimg::cli
