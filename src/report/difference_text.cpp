#include <optional>

#include "slimimg/base/path.hpp"
#include "slimimg/report/difference.hpp"

#include "difference_words.hpp"
#include "layout.hpp"

namespace slimimg::report {
namespace {

using Change = Difference::Change;
using Tone = Page::Tone;

constexpr std::size_t rows_shown = 12;  ///< of a long table, the rest is one row

Tone tone_of(Change change) {
    switch (change) {
        case Change::added:
            return Tone::good;
        case Change::removed:
            return Tone::bad;
        case Change::changed:
            return Tone::plain;
    }
    return Tone::plain;
}

class DifferenceText {
  public:
    DifferenceText(const Difference& difference, const RenderOptions& options)
        : told_(difference), options_(options), page_(options.color, options.width) {}

    std::string render() {
        title();
        sizes();
        layers();
        packages();
        folders();
        entries();
        config();
        links();
        missing();
        return page_.take();
    }

  private:
    void title() {
        page_.line(page_.toned(
            path::printable(told_.before.name) + " → " + path::printable(told_.after.name),
            Tone::strong));
        if (told_.same()) {
            page_.paragraph("The files and the config of both are the same.", 2);
        }
    }

    void sizes() {
        page_.heading("Size");
        Table table(page_, 12, {12, 12, 12, 11});
        table.row("", {"before", "after", "change", ""}, "", Tone::dim);
        for (const Measure& measure : measures_of(told_)) {
            table.row(measure.label, {measure.shown(measure.before), measure.shown(measure.after),
                                      measure.change(), measure.percent()});
        }
    }

    void layers() {
        if (told_.layers.empty()) {
            return;
        }
        page_.heading("Layers");
        page_.line(counted(told_.shared_layers, "layer") + " in both", 2);
        Table table(page_, 1, {12});
        for (const Difference::LayerOf& layer : told_.layers) {
            table.row(std::string(1, sign_of(layer.change)), {human_bytes(layer.bytes)},
                      layer.created_by.empty() ? "(not recorded)" : step_of(layer.created_by),
                      tone_of(layer.change));
        }
    }

    void packages() {
        section("Packages", packages_by_size(told_), [&](const Difference::Package& package) {
            const Change change = change_of(package);
            return Row{change, package.name + ' ' + versions_of(package),
                       grown(package.before_bytes, package.after_bytes), ""};
        });
    }

    void folders() {
        section("Folders", told_.folders, [&](const Difference::Folder& folder) {
            return Row{
                {}, folder.path, grown(folder.before_bytes, folder.after_bytes), counts_of(folder)};
        });
    }

    void entries() {
        section("Files", entries_by_size(told_), [&](const Difference::Entry& entry) {
            return Row{entry.change, entry.path, grown(entry.before_bytes, entry.after_bytes),
                       what_of(entry)};
        });
        if (told_.touched > 0) {
            page_.line(touched_of(told_), 2);
        }
    }

    void config() {
        if (told_.config.empty()) {
            return;
        }
        page_.heading("Config");
        for (const Difference::Setting& setting : told_.config) {
            const std::string& key = setting.key;
            if (setting.before && setting.after) {
                page_.paragraph("~ " + key + ": " + *setting.before + " → " + *setting.after, 2, 4);
            } else {
                const std::string& value = setting.after ? *setting.after : *setting.before;
                page_.paragraph(
                    (setting.after ? "+ " : "- ") + key + (value.empty() ? "" : ": " + value), 2,
                    4);
            }
        }
    }

    void links() {
        if (told_.programs_added.empty() && told_.programs_removed.empty() &&
            told_.libraries.empty()) {
            return;
        }
        page_.heading("What the program runs and loads");
        for (const std::string& program : told_.programs_added) {
            page_.line(page_.toned("+ " + path::printable(program), Tone::good), 2);
        }
        for (const std::string& program : told_.programs_removed) {
            page_.line(page_.toned("- " + path::printable(program), Tone::bad), 2);
        }
        for (const Difference::Library& library : told_.libraries) {
            page_.paragraph("~ " + library.name + ": " +
                                (library.before.empty() ? "none" : library.before) + " → " +
                                (library.after.empty() ? "none" : library.after) + ", in " +
                                programs_of(library),
                            2, 4);
        }
    }

    void missing() {
        if (!told_.now_missing.empty()) {
            page_.heading("No longer found");
            for (const Unresolved& what : told_.now_missing) {
                page_.line(page_.toned(path::printable(missing_of(what)),
                                       what.required && !what.allowed ? Tone::bad : Tone::plain),
                           2);
            }
        }
        if (!told_.no_longer_missing.empty()) {
            page_.heading("Found now");
            for (const Unresolved& what : told_.no_longer_missing) {
                page_.line(page_.toned(path::printable(missing_of(what)), Tone::good), 2);
            }
        }
    }

    struct Row {
        std::optional<Change> change;  ///< nothing: a sum of several
        std::string label;
        std::int64_t growth = 0;
        std::string note;
    };

    template <typename T, typename F>
    void section(std::string_view heading, const std::vector<T>& all, F make_row) {
        if (all.empty()) {
            return;
        }
        page_.heading(heading);
        const std::size_t shown =
            options_.verbose || all.size() <= rows_shown + 1 ? all.size() : rows_shown;
        const auto label = [](const Row& row) {
            return (row.change ? std::string(1, sign_of(*row.change)) + ' ' : "") + row.label;
        };
        std::size_t longest = 0;
        for (std::size_t i = 0; i < shown; ++i) {
            longest = std::max(longest, width_of(label(make_row(all[i]))));
        }
        Table table(page_, page_.stretched(46, longest), {11});
        for (std::size_t i = 0; i < shown; ++i) {
            const Row row = make_row(all[i]);
            table.row(label(row), {row.growth == 0 ? "" : signed_bytes(row.growth)}, row.note,
                      row.change ? tone_of(*row.change) : Tone::plain);
        }
        if (shown < all.size()) {
            std::int64_t rest = 0;
            for (std::size_t i = shown; i < all.size(); ++i) {
                rest += make_row(all[i]).growth;
            }
            table.row("  " + grouped(all.size() - shown) + " more", {signed_bytes(rest)},
                      "-v shows all", Tone::dim);
        }
    }

    const Difference& told_;
    const RenderOptions& options_;
    Page page_;
};

}  // namespace

std::string difference_text(const Difference& difference, const RenderOptions& options) {
    return DifferenceText(difference, options).render();
}

}  // namespace slimimg::report
