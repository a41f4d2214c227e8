#include <algorithm>

#include "slimimg/report/difference.hpp"

#include "difference_words.hpp"
#include "markdown_page.hpp"

namespace slimimg::report {
namespace {

using Align = MarkdownTable::Align;
using Change = Difference::Change;

constexpr std::size_t rows_shown = 30;  ///< a job summary may have 1 MiB in all

std::string growth_cell(std::uint64_t before, std::uint64_t after) {
    const std::int64_t growth = grown(before, after);
    return growth == 0 ? "" : signed_bytes(growth);
}

std::string summary(const Difference& difference) {
    if (difference.same()) {
        return "The files and the config of both are the same.";
    }
    const std::int64_t growth = difference.growth();
    if (growth == 0) {
        return "As large as before.";
    }
    const Measure size = measures_of(difference).front();
    const std::string by = human_bytes(static_cast<std::uint64_t>(std::abs(growth)));
    return "**" + by + (growth > 0 ? " larger" : " smaller") + "**" +
           (size.percent().empty() ? "" : " (" + size.percent() + ")") + ", " +
           human_bytes(size.after) + " in layers.";
}

std::string sizes(const Difference& difference) {
    MarkdownTable table({{""},
                         {"before", Align::right},
                         {"after", Align::right},
                         {"change", Align::right},
                         {"", Align::right}});
    for (const Measure& measure : measures_of(difference)) {
        table.row({std::string(measure.label), measure.shown(measure.before),
                   measure.shown(measure.after), measure.change(), measure.percent()});
    }
    return table.text() + '\n';
}

template <typename T, typename F>
std::string section(const std::string& title, const std::vector<MarkdownTable::Column>& columns,
                    const std::vector<T>& all, F cells) {
    if (all.empty()) {
        return {};
    }
    MarkdownTable table(columns);
    const std::size_t shown = std::min(all.size(), rows_shown);
    for (std::size_t i = 0; i < shown; ++i) {
        table.row(cells(all[i]));
    }
    if (shown < all.size()) {
        table.row({"", grouped(all.size() - shown) + " more"});
    }
    return markdown_details(title + " (" + grouped(all.size()) + ")", table.text());
}

std::string cell(char sign) {
    return sign == '+' ? "added" : (sign == '-' ? "removed" : "changed");
}

std::string layers(const Difference& difference) {
    return section("Layers that differ", {{""}, {"made by"}, {"bytes", Align::right}},
                   difference.layers, [](const Difference::LayerOf& layer) {
                       return std::vector<std::string>{cell(sign_of(layer.change)),
                                                       markdown_code(layer.created_by),
                                                       human_bytes(layer.bytes)};
                   });
}

std::string packages(const Difference& difference) {
    return section("Packages", {{""}, {"package"}, {"version"}, {"change", Align::right}},
                   packages_by_size(difference), [](const Difference::Package& package) {
                       return std::vector<std::string>{
                           cell(sign_of(change_of(package))), markdown_text(package.name),
                           markdown_text(versions_of(package)),
                           growth_cell(package.before_bytes, package.after_bytes)};
                   });
}

std::string folders(const Difference& difference) {
    return section("Folders", {{"folder"}, {"change", Align::right}, {"files"}}, difference.folders,
                   [](const Difference::Folder& folder) {
                       return std::vector<std::string>{
                           markdown_code(folder.path),
                           growth_cell(folder.before_bytes, folder.after_bytes), counts_of(folder)};
                   });
}

std::string entries(const Difference& difference) {
    std::string text =
        section("Files", {{""}, {"file"}, {"change", Align::right}, {"what"}},
                entries_by_size(difference), [](const Difference::Entry& entry) {
                    return std::vector<std::string>{
                        cell(sign_of(entry.change)), markdown_code(entry.path),
                        growth_cell(entry.before_bytes, entry.after_bytes), what_of(entry)};
                });
    if (difference.touched > 0) {
        text += touched_of(difference) + "\n\n";
    }
    return text;
}

std::string config(const Difference& difference) {
    if (difference.config.empty()) {
        return {};
    }
    MarkdownTable table({{"config"}, {"before"}, {"after"}});
    for (const Difference::Setting& setting : difference.config) {
        const auto shown = [](const std::optional<std::string>& value) {
            return !value ? "" : (value->empty() ? "set" : markdown_code(*value));
        };
        table.row({markdown_text(setting.key), shown(setting.before), shown(setting.after)});
    }
    return table.text() + '\n';
}

std::string links(const Difference& difference) {
    std::string text;
    const auto programs = [&](const std::vector<std::string>& all, std::string_view what) {
        for (const std::string& program : all) {
            text += "- " + std::string(what) + ' ' + markdown_code(program) + '\n';
        }
    };
    programs(difference.programs_added, "runs now");
    programs(difference.programs_removed, "runs no longer");
    text += text.empty() ? "" : "\n";
    return text +
           section("Libraries from other files", {{"library"}, {"before"}, {"after"}, {"in"}},
                   difference.libraries, [](const Difference::Library& library) {
                       return std::vector<std::string>{
                           markdown_code(library.name), markdown_code(library.before),
                           markdown_code(library.after), markdown_code(programs_of(library))};
                   });
}

std::string missing(const Difference& difference) {
    std::string text;
    for (const Unresolved& what : difference.now_missing) {
        text += "- **no longer found**: " + markdown_text(missing_of(what)) + '\n';
    }
    for (const Unresolved& what : difference.no_longer_missing) {
        text += "- found now: " + markdown_text(missing_of(what)) + '\n';
    }
    return text.empty() ? text : text + '\n';
}

}  // namespace

std::string difference_markdown(const Difference& difference, const RenderOptions&) {
    std::string text = "## " + markdown_code(difference.before.name) + " → " +
                       markdown_code(difference.after.name) + "\n\n" + summary(difference) + "\n\n";
    text += missing(difference);
    text += sizes(difference);
    text += config(difference);
    text += links(difference);
    text += layers(difference);
    text += packages(difference);
    text += folders(difference);
    text += entries(difference);
    text.erase(text.find_last_not_of('\n') + 1);
    return text + '\n';
}

}  // namespace slimimg::report
