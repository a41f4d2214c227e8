#include <algorithm>
#include <map>
#include <utility>

#include "slimimg/base/path.hpp"
#include "slimimg/report/format.hpp"

#include "layout.hpp"

namespace slimimg::report {
namespace {

using Tone = Page::Tone;

constexpr std::size_t table_rows = 8;      ///< of a long table, the rest is one row
constexpr std::size_t messages_shown = 8;  ///< of one code

/// The text report, section by section in the order in which a reader asks.
class TextReport {
  public:
    TextReport(const Report& report, const RenderOptions& options)
        : report_(report), options_(options), page_(options.color, options.width) {}

    std::string render() {
        title();
        layers();
        program();
        kinds();
        packages();
        rules();
        surface();
        unresolved();
        diagnostics();
        certainty();
        result();
        return page_.take();
    }

  private:
    void title() {
        const ImageInfo& image = report_.image;
        page_.line(page_.toned(fitted(image.name, page_.width()), Tone::strong));
        page_.paragraph(image.platform + ", " + image.format + ", " +
                            human_bytes(image.archive_bytes) + " stored",
                        2);
        page_.line(page_.toned(image.digest, Tone::dim), 2);
    }

    void layers() {
        const auto& layers = report_.image.layers;
        page_.heading(counted(layers.size(), "layer"));
        Table table(page_, 3, {10, 12});
        table.row("", {"bytes", "stays"}, "made by", Tone::dim);
        rows(layers, [&](const Layer& layer) {
            table.row(std::to_string(layer.index),
                      {human_bytes(layer.bytes), human_bytes(layer.kept)},
                      layer.created_by.empty() ? "(not recorded)" : step_of(layer.created_by));
        });
        rest(layers, [&](auto from, auto to) {
            Layer sum;
            for (auto layer = from; layer != to; ++layer) {
                sum.bytes += layer->bytes;
                sum.kept += layer->kept;
            }
            table.row("", {human_bytes(sum.bytes), human_bytes(sum.kept)},
                      grouped(static_cast<std::size_t>(to - from)) + " more layers", Tone::dim);
        });
    }

    void program() {
        const Program& program = report_.program;
        page_.heading(program.by_request ? "Program (by --entrypoint)" : "Program");
        constexpr std::size_t column = 11;
        for (const auto& command : program.commands) {
            page_.labelled("command", command.empty() ? "none" : shell_line(command), 2, column);
        }
        page_.labelled("user", program.user.empty() ? "root" : program.user, 2, column);
        page_.labelled("workdir", program.workdir.empty() ? "/" : program.workdir, 2, column);
    }

    static std::vector<std::string> figures(const Share& share) {
        return {grouped(share.kept_files), human_bytes(share.kept_bytes),
                grouped(share.removed_files), human_bytes(share.removed_bytes)};
    }

    static void add(Share& sum, const Share& share) {
        sum.kept_files += share.kept_files;
        sum.kept_bytes += share.kept_bytes;
        sum.removed_files += share.removed_files;
        sum.removed_bytes += share.removed_bytes;
    }

    Table share_table(std::size_t longest_label = 0) {
        Table table(page_, page_.stretched(32, longest_label), {8, 12, 10, 12});
        table.row("", {"stay", "bytes", "go", "bytes"}, "", Tone::dim);
        return table;
    }

    void kinds() {
        page_.heading("What stays and what goes");
        Table table = share_table();
        Share sum;
        for (const KindShare& kind : report_.kinds) {
            table.row(kind_label(kind.kind), figures(kind.share));
            add(sum, kind.share);
        }
        table.row("all files", figures(sum), "", Tone::strong);
    }

    void packages() {
        std::vector<PackageShare> staying;
        std::vector<PackageShare> going;
        for (const PackageShare& package : report_.packages) {
            (package.share.kept_files > 0 ? staying : going).push_back(package);
        }
        if (report_.surface_before.packages == 0) {
            return;
        }
        std::stable_sort(
            staying.begin(), staying.end(), [](const PackageShare& a, const PackageShare& b) {
                return a.name.empty() != b.name.empty() ? b.name.empty()
                                                        : a.share.kept_bytes > b.share.kept_bytes;
            });
        package_table("Packages of which something stays", staying);
        package_table("Packages that go whole", going);
    }

    void package_table(std::string_view heading, const std::vector<PackageShare>& packages) {
        if (packages.empty()) {
            return;
        }
        page_.heading(heading);
        const auto label = [](const PackageShare& package) {
            return package.name.empty() ? "(of no package)" : package.name + ' ' + package.version;
        };
        std::size_t longest = 0;
        rows(packages, [&](const PackageShare& package) {
            longest = std::max(longest, width_of(label(package)));
        });
        Table table = share_table(longest);
        rows(packages, [&](const PackageShare& package) {
            table.row(label(package), figures(package.share));
        });
        rest(packages, [&](auto from, auto to) {
            Share sum;
            for (auto package = from; package != to; ++package) {
                add(sum, package->share);
            }
            table.row(grouped(static_cast<std::size_t>(to - from)) + " more", figures(sum), "",
                      Tone::dim);
        });
    }

    void rules() {
        page_.heading("Why it stays");
        Table table(page_, 32, {8, 12});
        table.row("strongest reason", {"files", "bytes"}, "", Tone::dim);
        for (const RuleShare& rule : report_.rules) {
            table.row(rule.rule, {grouped(rule.files), human_bytes(rule.bytes)});
        }
    }

    void surface() {
        const Surface& before = report_.surface_before;
        const Surface& after = report_.surface_after;
        page_.heading("Attack surface");
        Table table(page_, 20, {10, 10});
        const auto row = [&](std::string_view label, std::size_t was, std::size_t is,
                             const std::vector<std::string>& names) {
            table.row(label, {grouped(was), grouped(is)}, joined(names));
        };
        table.row("", {"before", "after"}, "", Tone::dim);
        row("files", before.files, after.files, {});
        row("packages", before.packages, after.packages, {});
        row("executables", before.executables, after.executables, {});
        row("ELF files", before.elf_files, after.elf_files, {});
        row("shells", before.shells.size(), after.shells.size(), after.shells);
        row("package managers", before.package_managers.size(), after.package_managers.size(),
            after.package_managers);
        row("set-id programs", before.set_id_files.size(), after.set_id_files.size(),
            after.set_id_files);
    }

    static std::string joined(const std::vector<std::string>& names) {
        std::string text;
        for (const std::string& name : names) {
            text += (text.empty() ? "" : " ") + name;
        }
        return text;
    }

    void unresolved() {
        if (report_.unresolved.empty()) {
            return;
        }
        page_.heading("Not found");
        // Of what one library of a runtime lacks its neighbours often lack the same.
        std::map<std::pair<std::string_view, std::string_view>, std::size_t> alike;
        for (const Unresolved& what : report_.unresolved) {
            alike[{what.kind, what.name}] += what.required ? 0 : 1;
        }
        for (const Unresolved& what : report_.unresolved) {
            std::size_t others = 0;
            if (!what.required && !options_.verbose) {
                std::size_t& count = alike[{what.kind, what.name}];
                if (count == 0) {
                    continue;
                }
                others = std::exchange(count, 0) - 1;
            }
            const bool fatal = what.required && !what.allowed;
            const std::string_view weight =
                what.allowed ? "allowed" : (fatal ? "required" : "not required");
            page_.line(page_.toned(weight, fatal ? Tone::bad : Tone::dim), 2);
            std::string text = what.kind + ' ' + what.name;
            text += what.needed_by.empty() ? "" : ", needed by " + what.needed_by;
            text += others == 0 ? "" : " and " + std::to_string(others) + " more";
            text += what.detail.empty() ? "" : ": " + what.detail;
            page_.paragraph(text, 4, 2);
        }
    }

    void diagnostics() {
        if (report_.diagnostics.empty()) {
            return;
        }
        page_.heading("Worth knowing");
        std::map<std::string_view, std::size_t> told;
        for (const Diagnostic& diagnostic : report_.diagnostics) {
            if (++told[diagnostic.code] <= messages_shown || options_.verbose) {
                message(diagnostic);
            }
        }
        for (const auto& [code, count] : told) {
            if (count > messages_shown && !options_.verbose) {
                page_.paragraph(grouped(count - messages_shown) + " more of " + std::string(code) +
                                    " (-v shows all)",
                                2);
            }
        }
    }

    void message(const Diagnostic& diagnostic) {
        static constexpr std::string_view names[] = {"note", "warning", "error"};
        static constexpr Tone tones[] = {Tone::dim, Tone::warning, Tone::bad};
        const auto severity = static_cast<std::size_t>(diagnostic.severity);
        page_.line(page_.toned(names[severity], tones[severity]) + ' ' +
                       page_.toned(path::printable(diagnostic.code), Tone::dim),
                   2);
        page_.paragraph(
            (diagnostic.path.empty() ? "" : diagnostic.path + ": ") + diagnostic.message, 4, 2);
    }

    void certainty() {
        const Certainty& sure = report_.certainty;
        page_.heading("How sure");
        Table table(page_, 20, {8, 12});
        table.row("", {"files", "bytes"}, "", Tone::dim);
        table.row("required", {grouped(sure.required_files), human_bytes(sure.required_bytes)},
                  "the program fails without");
        table.row("likely", {grouped(sure.likely_files), human_bytes(sure.likely_bytes)},
                  "named or owned by what stays");
        page_.paragraph(
            sure.open_questions == 0
                ? "Nothing was met that could not be known."
                : counted(sure.open_questions, "thing") +
                      " could not be known, each told above: try what they are about in the new "
                      "image; --include PATH keeps more.",
            2, 2);
    }

    void result() {
        const Reduction& reduction = report_.reduction;
        page_.heading("Result");
        if (report_.base != "scratch") {
            page_.paragraph("base: " + report_.base, 2, 2);
        }
        if (!report_.debug_output.empty()) {
            page_.paragraph("with a debug shell: " + report_.debug_output, 2, 2);
        }
        if (report_.stripped) {
            page_.paragraph(report_.stripped->files == 0
                                ? "stripped: nothing"
                                : "stripped: " + counted(report_.stripped->files, "file") +
                                      ", smaller by " + human_bytes(report_.stripped->bytes),
                            2, 2);
        }
        if (report_.proof) {
            page_.paragraph("proved: " + counted(report_.proof->programs, "program") + " and " +
                                (report_.proof->libraries == 1
                                     ? "1 library"
                                     : grouped(report_.proof->libraries) + " libraries") +
                                " of the new image link in it, " +
                                counted(report_.proof->symbols, "symbol") + " resolved",
                            2, 2);
        }
        Table table(page_, 10, {10, 12, 12});
        table.row("", {"before", "after", "smaller by"}, "", Tone::dim);
        size_row(table, "unpacked", reduction.before, reduction.after);
        if (reduction.archive_before && reduction.archive_after) {
            size_row(table, "stored", *reduction.archive_before, *reduction.archive_after);
        }
    }

    void size_row(Table& table, std::string_view label, std::uint64_t before,
                  std::uint64_t after) const {
        const Reduction sizes{
            .before = before, .after = after, .archive_before = {}, .archive_after = {}};
        table.row(label, {human_bytes(before), human_bytes(after), percentage(sizes.percent())}, "",
                  after < before ? Tone::good : Tone::plain);
    }

    template <typename T>
    [[nodiscard]] std::size_t shown_of(const std::vector<T>& all) const {
        // A row that says "1 more" takes as much room as the row that it hides.
        return options_.verbose || all.size() <= table_rows + 1 ? all.size() : table_rows;
    }

    template <typename T, typename F>
    void rows(const std::vector<T>& all, F show) const {
        std::for_each_n(all.begin(), shown_of(all), show);
    }

    template <typename T, typename F>
    void rest(const std::vector<T>& all, F show) const {
        const std::size_t shown = shown_of(all);
        if (shown < all.size()) {
            show(all.begin() + static_cast<std::ptrdiff_t>(shown), all.end());
        }
    }

    const Report& report_;
    const RenderOptions& options_;
    Page page_;
};

}  // namespace

std::string render_text(const Report& report, const RenderOptions& options) {
    return TextReport(report, options).render();
}

}  // namespace slimimg::report
