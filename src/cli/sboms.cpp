#include "sboms.hpp"

#include <algorithm>
#include <set>

#include <CLI/CLI.hpp>

#include "slimimg/base/error.hpp"
#include "slimimg/base/file.hpp"

#include "options.hpp"
#include "sandbox.hpp"

namespace slimimg::cli {
namespace {

std::string known_endings() {
    std::string all;
    for (const report::SbomFormat& format : report::sbom_formats()) {
        all += (all.empty() ? "" : " or ") + std::string(format.endings.front());
    }
    return all;
}

}  // namespace

void declare_sboms(CLI::App& app, std::vector<std::string>& values, const std::string& group) {
    add_repeatable(app, "--sbom", values,
                   "Write the bill of materials to a file: SPDX 2.3 (.spdx.json) or CycloneDX 1.5 "
                   "(.cdx.json), told by the ending or by spdx: or cyclonedx: before the name. May "
                   "repeat",
                   group)
        ->option_text("[FORMAT:]FILE")
        ->type_name(file_type);
}

SbomDelivery::SbomDelivery(const std::vector<std::string>& files, bool inside) : inside_(inside) {
    const auto formats = report::sbom_formats();
    for (const std::string& value : files) {
        Target target{.file = value, .content = {}};
        for (const report::SbomFormat& format : formats) {
            const std::string prefix = std::string(format.name) + ":";
            if (value.starts_with(prefix)) {
                target.format = &format;
                target.file = value.substr(prefix.size());
            }
        }
        for (const report::SbomFormat& format : formats) {
            const bool ends =
                std::any_of(format.endings.begin(), format.endings.end(),
                            [&](std::string_view ending) { return value.ends_with(ending); });
            target.format = target.format == nullptr && ends ? &format : target.format;
        }
        if (target.format == nullptr || target.file.empty()) {
            throw Error(
                Exit::usage, "unknown-sbom-format",
                "the name " + value + " tells no format of a bill of materials",
                "end it in " + known_endings() + ", or write spdx: or cyclonedx: before it");
        }
        if (target.file == "-") {
            throw Error(Exit::usage, "report-to-pipe", "--sbom names a file, and - is none",
                        "name a file; /dev/stdout is standard output");
        }
        targets_.push_back(std::move(target));
    }
}

void SbomDelivery::allow(Access& access) const {
    for (const Target& target : targets_) {
        access.reports.emplace_back(target.file);
    }
}

std::vector<slim::NewFile> SbomDelivery::describe(const report::Sbom& sbom) {
    std::set<const report::SbomFormat*> formats;
    for (Target& target : targets_) {
        target.content = target.format->render(sbom);
        formats.insert(target.format);
    }
    if (formats.empty()) {
        formats.insert(&report::sbom_formats().front());
    }
    std::vector<slim::NewFile> files;
    if (inside_) {
        for (const report::SbomFormat* format : formats) {
            files.push_back({std::string(format->inside), format->render(sbom),
                             "bill of materials, by --sbom-inside"});
        }
    }
    return files;
}

void SbomDelivery::write() const {
    for (const Target& target : targets_) {
        write_file(target.file, as_bytes(target.content));
    }
}

}  // namespace slimimg::cli
