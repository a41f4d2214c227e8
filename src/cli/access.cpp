#include "access.hpp"

#include <set>

#include "slimimg/base/error.hpp"
#include "slimimg/base/file.hpp"
#include "slimimg/base/path.hpp"

namespace slimimg::cli {
namespace {

namespace fs = std::filesystem;

/// Equal for two names of one file, also of one that is not there yet, through links.
fs::path place_of(fs::path name) {
    constexpr int most_links = 40;
    std::error_code error;
    for (int i = 0; i < most_links && fs::is_symlink(name, error); ++i) {
        name = name.parent_path() / fs::read_symlink(name, error);
    }
    const fs::path place = fs::weakly_canonical(fs::absolute(name), error);
    return error ? name : place;
}

bool is_file_name(const fs::path& name) {
    return !name.empty() && name != "-" && !is_stream(name);
}

}  // namespace

void demand_folders(const Access& access) {
    std::vector<fs::path> all = access.outputs;
    all.insert(all.end(), access.reports.begin(), access.reports.end());
    for (const fs::path& given : all) {
        const fs::path output = given.has_filename() ? given : given.parent_path();  // "layout/"
        std::error_code ignored;
        const fs::path place = place_of(output).parent_path();
        if (is_file_name(output) && !fs::exists(place, ignored)) {
            const fs::path named = output.parent_path();
            const bool is_link = named.empty() || fs::exists(named, ignored);
            const std::string folder = (is_link ? place : named).string();
            throw Error(Exit::internal, "no-target-folder",
                        "there is no folder " + folder + " for " + output.string(),
                        "make it first: mkdir -p " + folder);
        }
    }
}

void demand_distinct(const Access& access) {
    std::set<fs::path> images;
    for (const fs::path& image : access.images) {
        if (is_file_name(image)) {
            images.insert(place_of(image));
        }
    }
    std::set<fs::path> outputs;
    const auto add = [&](const fs::path& output) {
        if (!outputs.insert(place_of(output)).second) {
            throw Error(Exit::usage, "output-twice",
                        "two outputs would be one file: " + path::printable(output.string()),
                        "give each a name of its own");
        }
    };
    for (const fs::path& output : access.outputs) {
        if (is_file_name(output)) {
            add(output);
        }
    }
    for (const fs::path& report : access.reports) {
        if (!is_file_name(report)) {
            continue;
        }
        add(report);
        if (images.contains(place_of(report))) {
            throw Error(
                Exit::usage, "report-over-image",
                "the report would take the place of the image " + path::printable(report.string()),
                "give it another name");
        }
    }
}

}  // namespace slimimg::cli
