#include <algorithm>
#include <cmath>

#include "slimimg/report/format.hpp"

#include "layout.hpp"
#include "markdown_page.hpp"

namespace slimimg::report {
namespace {

using Align = MarkdownTable::Align;

constexpr std::size_t rows_shown = 15;
constexpr std::size_t messages_shown = 30;

std::string summary(const Report& report) {
    const Reduction& size = report.reduction;
    const bool rebuilt = report.command == "rebuild";
    const double percent = size.percent();
    std::string text = "**" + human_bytes(size.before) + " → " + human_bytes(size.after) + "** (" +
                       percentage(std::abs(percent)) + (percent < 0 ? " larger" : " smaller") +
                       (rebuilt ? ")" : " if rebuilt)");
    if (rebuilt && size.archive_before && size.archive_after) {
        text += ", stored " + human_bytes(*size.archive_before) + " → " +
                human_bytes(*size.archive_after);
    }
    text += ".";
    if (report.proof) {
        text += " Proved: " + counted(report.proof->programs, "program") + " and " +
                (report.proof->libraries == 1 ? "1 library"
                                              : grouped(report.proof->libraries) + " libraries") +
                " link.";
    }
    return text + "\n\n";
}

std::string unresolved(const Report& report) {
    std::string text;
    for (const Unresolved& what : report.unresolved) {
        const bool fatal = what.required && !what.allowed;
        text += std::string("- ") + (fatal ? "**not found**" : "not found") + ": " +
                markdown_text(what.kind) + ' ' + markdown_code(what.name);
        text += what.needed_by.empty() ? "" : ", needed by " + markdown_code(what.needed_by);
        text += what.allowed ? " (allowed)" : (what.required ? "" : " (not required)");
        text += '\n';
    }
    return text.empty() ? text : text + '\n';
}

std::vector<std::string> cells(const std::string& label, const Share& share) {
    return {label, grouped(share.kept_files), human_bytes(share.kept_bytes),
            grouped(share.removed_files), human_bytes(share.removed_bytes)};
}

MarkdownTable share_table(std::string_view label) {
    return MarkdownTable({{label},
                          {"stay", Align::right},
                          {"bytes", Align::right},
                          {"go", Align::right},
                          {"bytes", Align::right}});
}

std::string kinds(const Report& report) {
    MarkdownTable table = share_table("");
    Share sum;
    for (const KindShare& kind : report.kinds) {
        table.row(cells(std::string(kind_label(kind.kind)), kind.share));
        sum.kept_files += kind.share.kept_files;
        sum.kept_bytes += kind.share.kept_bytes;
        sum.removed_files += kind.share.removed_files;
        sum.removed_bytes += kind.share.removed_bytes;
    }
    table.row(cells("**all files**", sum));
    return table.text() + '\n';
}

std::string surface(const Report& report) {
    const Surface& was = report.surface_before;
    const Surface& is = report.surface_after;
    MarkdownTable table({{"attack surface"}, {"before", Align::right}, {"after", Align::right}});
    const auto row = [&](const char* label, std::size_t before, std::size_t after) {
        table.row({label, grouped(before), grouped(after)});
    };
    row("packages", was.packages, is.packages);
    row("executables", was.executables, is.executables);
    row("shells", was.shells.size(), is.shells.size());
    row("package managers", was.package_managers.size(), is.package_managers.size());
    row("set-id programs", was.set_id_files.size(), is.set_id_files.size());
    return table.text() + '\n';
}

std::string layers(const Report& report) {
    MarkdownTable table(
        {{"#", Align::right}, {"bytes", Align::right}, {"stays", Align::right}, {"made by"}});
    for (const Layer& layer : report.image.layers) {
        table.row({std::to_string(layer.index), human_bytes(layer.bytes), human_bytes(layer.kept),
                   markdown_code(layer.created_by)});
    }
    return markdown_details(counted(report.image.layers.size(), "layer"), table.text());
}

std::string packages(const Report& report) {
    if (report.surface_before.packages == 0) {
        return {};
    }
    MarkdownTable table = share_table("package");
    const std::size_t shown = std::min(report.packages.size(), rows_shown);
    for (std::size_t i = 0; i < shown; ++i) {
        const PackageShare& package = report.packages[i];
        table.row(cells(package.name.empty() ? "(no package)"
                                             : markdown_text(package.name + ' ' + package.version),
                        package.share));
    }
    if (shown < report.packages.size()) {
        table.row({grouped(report.packages.size() - shown) + " more"});
    }
    return markdown_details(grouped(report.surface_before.packages) + " packages", table.text());
}

std::string diagnostics(const Report& report) {
    if (report.diagnostics.empty()) {
        return {};
    }
    std::string text;
    const std::size_t shown = std::min(report.diagnostics.size(), messages_shown);
    for (std::size_t i = 0; i < shown; ++i) {
        const Diagnostic& diagnostic = report.diagnostics[i];
        text += "- " + (diagnostic.path.empty() ? "" : markdown_code(diagnostic.path) + ": ") +
                markdown_text(diagnostic.message) + " (" + markdown_code(diagnostic.code) + ")\n";
    }
    if (shown < report.diagnostics.size()) {
        text += "- " + grouped(report.diagnostics.size() - shown) + " more\n";
    }
    return markdown_details("worth knowing (" + grouped(report.diagnostics.size()) + ")", text);
}

}  // namespace

std::string render_markdown(const Report& report, const RenderOptions&) {
    std::string text = "## " + markdown_code(report.image.name) + "\n\n" + summary(report);
    text += unresolved(report) + kinds(report) + surface(report);
    text += layers(report) + packages(report) + diagnostics(report);
    text.erase(text.find_last_not_of('\n') + 1);
    return text + '\n';
}

}  // namespace slimimg::report
