#include <algorithm>

#include "slimimg/base/name_hash.hpp"
#include "slimimg/base/path.hpp"
#include "slimimg/report/format.hpp"

#include "html_page.hpp"
#include "json_values.hpp"
#include "layout.hpp"

namespace slimimg::report {
namespace {

constexpr std::size_t reasons_shown = 6;  ///< of a file; a C library has one for each that loads it

/// Packs the files for the page: words that repeat are numbers, a path is told by what differs from
/// the one before it, a reason's file is its place in the list.
class Packer {
  public:
    explicit Packer(const Report& report) : report_(report) {}

    void pack_into(ordered_json& image) {
        order_files();
        ordered_json files = ordered_json::array();
        std::string previous;
        for (const File& file : files_) {
            const std::string path = path::printable(file.path());
            const std::size_t shared = shared_length(previous, path);
            files.push_back(packed(file, shared, path.substr(shared)));
            previous = path;
        }
        image["words"] = std::move(words_);
        image["files"] = std::move(files);
    }

  private:
    /// One of the two is set.
    struct File {
        const Kept* kept = nullptr;
        const Removed* removed = nullptr;

        [[nodiscard]] const Text& path() const {
            return kept != nullptr ? kept->path : removed->path;
        }
    };

    /// Of whole ASCII alone: the page counts other units than bytes.
    static std::size_t shared_length(std::string_view a, std::string_view b) {
        std::size_t length = 0;
        while (length < a.size() && length < b.size() && a[length] == b[length] &&
               static_cast<unsigned char>(a[length]) < 0x80) {
            ++length;
        }
        return length;
    }

    void order_files() {
        for (const Kept& kept : report_.kept) {
            files_.push_back({.kept = &kept});
        }
        for (const Removed& removed : report_.removed) {
            files_.push_back({.removed = &removed});
        }
        std::erase_if(files_, [](const File& file) {
            return (file.kept != nullptr ? file.kept->type : file.removed->type) == "directory";
        });
        std::sort(files_.begin(), files_.end(),
                  [](const File& a, const File& b) { return a.path() < b.path(); });
        for (std::size_t i = 0; i < files_.size(); ++i) {
            places_[files_[i].path()] = i;
        }
    }

    std::size_t word(std::string_view text) {
        const auto [found, is_new] = word_places_.try_emplace(std::string(text), words_.size());
        if (is_new) {
            words_.push_back(path::printable(text));
        }
        return found->second;
    }

    ordered_json packed(const File& file, std::size_t shared, const std::string& rest) {
        const auto entry = [&](int state, std::string_view type, Kind kind, std::uint64_t bytes,
                               std::optional<std::size_t> layer, const std::string& package,
                               const std::vector<Reason>& reasons) {
            ordered_json result{shared, rest, state, word(type), word(kind_label(kind)), bytes};
            result.push_back(layer ? static_cast<std::int64_t>(*layer) : -1);
            result.push_back(package.empty() ? -1 : static_cast<std::int64_t>(word(package)));
            if (!reasons.empty()) {
                result.push_back(packed(reasons));
            }
            if (reasons.size() > reasons_shown) {
                result.push_back(reasons.size() - reasons_shown);
            }
            return result;
        };
        if (file.kept != nullptr) {
            const Kept& kept = *file.kept;
            return entry(kept.layer ? 1 : 2, kept.type, kept.kind, kept.bytes, kept.layer,
                         kept.package, kept.reasons);
        }
        const Removed& removed = *file.removed;
        return entry(0, removed.type, removed.kind, removed.bytes, removed.layer, removed.package,
                     removed.hints);
    }

    ordered_json packed(const std::vector<Reason>& reasons) {
        ordered_json result = ordered_json::array();
        for (std::size_t i = 0; i < std::min(reasons.size(), reasons_shown); ++i) {
            const Reason& reason = reasons[i];
            const auto from = places_.find(reason.from);
            result.push_back({word(reason.rule),
                              from == places_.end() ? -1 : static_cast<std::int64_t>(from->second),
                              word(reason.confidence), path::printable(reason.detail)});
        }
        return result;
    }

    const Report& report_;
    std::vector<File> files_;
    NameViewMap<std::size_t> places_;
    NameMap<std::size_t> word_places_;
    ordered_json words_ = ordered_json::array();
};

ordered_json cards(const Report& report) {
    const Reduction& size = report.reduction;
    ordered_json cards = ordered_json::array();
    cards.push_back(
        {human_bytes(size.before) + " → " + human_bytes(size.after),
         report.command == "rebuild" ? "unpacked, as rebuilt" : "unpacked, if rebuilt"});
    cards.push_back({percentage(size.percent()), "smaller"});
    cards.push_back(
        {grouped(report.surface_before.files) + " → " + grouped(report.surface_after.files),
         "files"});
    cards.push_back(
        {grouped(report.surface_before.packages) + " → " + grouped(report.surface_after.packages),
         "packages"});
    if (size.archive_before && size.archive_after) {
        cards.push_back(
            {human_bytes(*size.archive_before) + " → " + human_bytes(*size.archive_after),
             "stored"});
    }
    if (report.proof) {
        cards.push_back({grouped(report.proof->programs + report.proof->libraries),
                         "programs and libraries proved to link"});
    }
    return cards;
}

ordered_json surface(const Report& report) {
    const Surface& was = report.surface_before;
    const Surface& is = report.surface_after;
    return {{"files", was.files, is.files},
            {"packages", was.packages, is.packages},
            {"executables", was.executables, is.executables},
            {"ELF files", was.elf_files, is.elf_files},
            {"shells", was.shells.size(), is.shells.size()},
            {"package managers", was.package_managers.size(), is.package_managers.size()},
            {"set-id programs", was.set_id_files.size(), is.set_id_files.size()}};
}

ordered_json share(const ordered_json& label, const Share& of) {
    return {label, of.kept_files, of.kept_bytes, of.removed_files, of.removed_bytes};
}

}  // namespace

ordered_json html_image(const Report& report) {
    const ImageInfo& of = report.image;
    ordered_json image{
        {"name", text(of.name)},
        {"digest", of.digest},
        {"facts", text(of.platform + " · " + of.format + " · " + human_bytes(of.archive_bytes) +
                       " stored ·")},
        {"cards", cards(report)},
        {"before", report.reduction.before},
        {"after", report.reduction.after},
        {"layers", list(of.layers,
                        [](const Layer& layer) {
                            return ordered_json{{"by", text(layer.created_by)},
                                                {"bytes", layer.bytes},
                                                {"part", layer.kept}};
                        })},
        {"kinds", list(report.kinds,
                       [](const KindShare& kind) {
                           return share(std::string(kind_label(kind.kind)), kind.share);
                       })},
        {"packages", list(report.packages,
                          [](const PackageShare& package) {
                              return share(package.name.empty()
                                               ? ordered_json("(no package)")
                                               : text(package.name + ' ' + package.version),
                                           package.share);
                          })},
        {"rules", list(report.rules,
                       [](const RuleShare& rule) {
                           return ordered_json{rule.rule, rule.files, rule.bytes};
                       })},
        {"surface", surface(report)},
        {"unresolved", list(report.unresolved,
                            [](const Unresolved& what) {
                                const char* const weight =
                                    what.allowed ? "allowed"
                                                 : (what.required ? "required" : "not required");
                                return ordered_json{weight, text(what.kind + ' ' + what.name),
                                                    text(what.needed_by), text(what.detail)};
                            })},
        {"diagnostics", list(report.diagnostics,
                             [](const Diagnostic& diagnostic) {
                                 return ordered_json{severity_name(diagnostic.severity),
                                                     text(diagnostic.code), text(diagnostic.path),
                                                     text(diagnostic.message)};
                             })},
    };
    Packer(report).pack_into(image);
    return image;
}

std::string render_html(const Report& report, const RenderOptions&) {
    return html_page(report.image.name, {html_image(report)});
}

}  // namespace slimimg::report
