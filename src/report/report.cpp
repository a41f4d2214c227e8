#include "slimimg/report/report.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <unordered_map>

#include "slimimg/elf/elf.hpp"

#include "kinds.hpp"
#include "reasons.hpp"

namespace slimimg::report {
namespace {

using closure::PackageId;
using rootfs::Node;
using rootfs::NodeId;

ImageInfo image_info(const slim::Analysis& analysis) {
    const image::Image& image = analysis.image;
    ImageInfo info;
    info.name = image.name();
    info.names = image.names;
    info.source = image.source;
    info.digest = image.digest().str();
    info.id = image.config_digest.str();
    info.format = image::format_name(image.format);
    info.platform = image.config.platform.str();
    info.archive_bytes = image.archive_bytes;
    const auto scans = analysis.rootfs.layers();
    for (std::size_t i = 0; i < image.layers.size() && i < scans.size(); ++i) {
        Layer layer{.index = i,
                    .diff_id = image.layers[i].diff_id.str(),
                    .created_by = image.layers[i].created_by,
                    .codec = std::string(archive::codec_name(scans[i].codec)),
                    .stored = image.layers[i].blob.size()};
        layer.bytes = content_bytes(scans[i]);
        info.layers.push_back(std::move(layer));
    }
    return info;
}

Program program_info(const image::Config& config, const closure::Request& request) {
    Program program{.user = config.user, .workdir = config.workdir};
    program.by_request = !request.entrypoints.empty();
    program.commands = request.entrypoints;
    if (!program.by_request) {
        program.commands.push_back(config.argv());
    }
    return program;
}

std::size_t sources_of(const slim::Plan& plan) {
    return static_cast<std::size_t>(
        std::count_if(plan.items.begin(), plan.items.end(),
                      [](const slim::PlanItem& item) { return item.source.has_value(); }));
}

bool is_name_of_file(std::string_view type) {
    return type == "file" || type == "hardlink";
}

/// Without its packages.
Surface surface_of(const rootfs::Rootfs& rootfs) {
    Surface surface;
    for (NodeId id = 0; id < rootfs.size(); ++id) {
        const Node& node = rootfs[id];
        add_to_surface(surface, node.path, node.header,
                       node.inode == id && elf::is_elf(as_bytes(head_of(rootfs, node))));
    }
    return surface;
}

/// Walks the tree and the plan once and fills the lists and sums of a report.
class Accountant {
  public:
    Accountant(const slim::Analysis& analysis, Report& report)
        : analysis_(analysis),
          tree_(analysis.rootfs),
          report_(report),
          kept_nodes_(tree_.size()),
          kept_inodes_(tree_.size()),
          removed_inodes_(tree_.size()) {}

    void run() {
        report_.surface_before = surface_of(tree_);
        // Exactly: a list that doubles as it grows takes three times its room.
        report_.kept.reserve(analysis_.plan.items.size());
        report_.removed.reserve(tree_.size() - std::min(tree_.size(), sources_of(analysis_.plan)));
        for (const slim::PlanItem& item : analysis_.plan.items) {
            add_kept(item);
        }
        for (NodeId id = 0; id < tree_.size(); ++id) {
            if (!kept_nodes_[id]) {
                add_removed(id);
            }
        }
        hand_over_shares();
    }

  private:
    void add_kept(const slim::PlanItem& item) {
        Kept kept{.path = item.path, .type = type_name(item.header.type)};
        std::string_view head = item.content ? item.content->text().substr(0, 64) : "";
        std::optional<PackageId> owner;
        if (item.source) {
            const Node& node = tree_[*item.source];
            kept_nodes_[*item.source] = true;
            kept.layer = node.layer;
            owner = analysis_.packages.owner(*item.source);
            const bool first_name = !kept_inodes_[node.inode];
            kept_inodes_[node.inode] = true;
            if (node.is_file() && first_name) {
                kept.source_bytes = tree_[node.inode].header.size;
                kept.bytes = kept.source_bytes;
            } else if (node.is_file()) {
                kept.type = "hardlink";
            }
            if (!item.content) {
                head = head_of(tree_, node);
            }
        }
        if (item.content && kept.type != "hardlink") {
            kept.bytes = item.content->size();
        }
        kept.kind = kind_of(kept.path, kept.type, head, owner);
        kept.package = owner_name(owner);
        kept.reasons = kept_reasons(item);
        add_to_surface(report_.surface_after, kept.path, item.header,
                       kept.type == "file" && elf::is_elf(as_bytes(head)));
        add_kept_shares(kept, owner);
        report_.kept.push_back(std::move(kept));
    }

    /// What the closure found comes before what slimimg did to the entry.
    std::vector<Reason> kept_reasons(const slim::PlanItem& item) const {
        std::vector<Reason> reasons;
        if (item.source) {
            reasons = told_of(analysis_.closure.kept, *item.source, tree_);
        }
        if (reasons.empty() || !item.why.empty()) {
            reasons.push_back(reason_of_plan(item));
        }
        return reasons;
    }

    void add_removed(NodeId id) {
        const Node& node = tree_[id];
        Removed removed{.path = node.path, .type = type_name(node.header.type)};
        removed.layer = node.layer;
        if (node.is_file() && !kept_inodes_[node.inode] && !removed_inodes_[node.inode]) {
            removed_inodes_[node.inode] = true;
            removed.bytes = tree_[node.inode].header.size;
        } else if (node.is_file()) {
            removed.type = "hardlink";
        }
        const std::optional<PackageId> owner = analysis_.packages.owner(id);
        removed.package = owner_name(owner);
        removed.kind = kind_of(removed.path, removed.type, head_of(tree_, node), owner);
        removed.hints = told_of(analysis_.closure.hinted, id, tree_);
        if (is_name_of_file(removed.type)) {
            add_share(removed.kind, owner, &Share::removed_files, &Share::removed_bytes,
                      removed.bytes);
        }
        report_.removed.push_back(std::move(removed));
    }

    void add_share(Kind kind, std::optional<PackageId> owner, std::size_t Share::*files,
                   std::uint64_t Share::*bytes, std::uint64_t amount) {
        for (Share* share : {&kinds_[static_cast<std::size_t>(kind)], &packages_[owner]}) {
            ++(share->*files);
            share->*bytes += amount;
        }
    }

    void add_kept_shares(const Kept& kept, std::optional<PackageId> owner) {
        if (is_name_of_file(kept.type)) {
            add_share(kept.kind, owner, &Share::kept_files, &Share::kept_bytes, kept.bytes);
            RuleShare& rule = rules_[kept.reasons.front().rule];
            ++rule.files;
            rule.bytes += kept.bytes;
            const bool required = kept.reasons.front().confidence ==
                                  closure::confidence_name(closure::Confidence::required);
            Certainty& sum = report_.certainty;
            ++(required ? sum.required_files : sum.likely_files);
            (required ? sum.required_bytes : sum.likely_bytes) += kept.bytes;
        }
        if (kept.layer && *kept.layer < report_.image.layers.size()) {
            report_.image.layers[*kept.layer].kept += kept.source_bytes;
        }
    }

    static Kind kind_of(std::string_view path, std::string_view type, std::string_view head,
                        std::optional<PackageId> owner) {
        return type == "file" ? kind_of_file(path, head, owner.has_value()) : Kind::link;
    }

    /// Its files share it.
    Text owner_name(std::optional<PackageId> owner) {
        if (!owner) {
            return {};
        }
        const auto [at, is_new] = owner_names_.try_emplace(*owner);
        if (is_new) {
            at->second = analysis_.packages[*owner].name;
        }
        return at->second;
    }

    void hand_over_shares() {
        for (std::size_t i = 0; i < kind_count; ++i) {
            if (kinds_[i].kept_files + kinds_[i].removed_files > 0) {
                report_.kinds.push_back({static_cast<Kind>(i), kinds_[i]});
            }
        }
        for (const auto& [owner, share] : packages_) {
            PackageShare package{.share = share};
            if (owner) {
                const closure::Package& known = analysis_.packages[*owner];
                package.manager = closure::package_manager_name(known.manager);
                package.name = known.name;
                package.version = known.version;
                ++report_.surface_before.packages;
                report_.surface_after.packages += share.kept_files > 0 ? 1 : 0;
            }
            report_.packages.push_back(std::move(package));
        }
        std::stable_sort(report_.packages.begin(), report_.packages.end(),
                         [](const PackageShare& a, const PackageShare& b) {
                             return a.share.removed_bytes > b.share.removed_bytes;
                         });
        for (auto& [id, rule] : rules_) {
            rule.rule = id;
            report_.rules.push_back(rule);
        }
        std::stable_sort(report_.rules.begin(), report_.rules.end(),
                         [](const RuleShare& a, const RuleShare& b) { return a.bytes > b.bytes; });
    }

    const slim::Analysis& analysis_;
    const rootfs::Rootfs& tree_;
    Report& report_;
    std::vector<bool> kept_nodes_;
    std::vector<bool> kept_inodes_;
    std::vector<bool> removed_inodes_;
    std::array<Share, kind_count> kinds_{};
    std::map<std::optional<PackageId>, Share> packages_;
    std::unordered_map<PackageId, Text> owner_names_;
    std::map<std::string_view, RuleShare> rules_;
};

/// Those of every step, each once, in the order of the steps.
std::vector<Diagnostic> diagnostics_of(const slim::Analysis& analysis) {
    std::vector<Diagnostic> result;
    std::set<std::tuple<Severity, std::string, std::string, std::string>> seen;
    const auto add = [&](std::span<const Diagnostic> diagnostics) {
        for (const Diagnostic& diagnostic : diagnostics) {
            if (seen.emplace(diagnostic.severity, diagnostic.code, diagnostic.path,
                             diagnostic.message)
                    .second) {
                result.push_back(diagnostic);
            }
        }
    };
    add(analysis.image.diagnostics);
    add(analysis.rootfs.diagnostics());
    add(analysis.packages.diagnostics());
    add(analysis.closure.diagnostics);
    add(analysis.plan.diagnostics);
    for (const closure::Link& link : analysis.closure.links) {
        add(link.diagnostics);
    }
    return result;
}

}  // namespace

double Reduction::percent() const {
    if (before == 0) {
        return 0;
    }
    return 100.0 * (static_cast<double>(before) - static_cast<double>(after)) /
           static_cast<double>(before);
}

Report make_report(const slim::Analysis& analysis, const closure::Request& request) {
    Report report;
    report.command = "analyze";
    report.image = image_info(analysis);
    report.base = analysis.options.base;
    report.program = program_info(analysis.image.config, request);
    report.reduction = {.before = analysis.before_bytes, .after = analysis.plan.bytes};
    if (analysis.options.strip) {
        report.stripped = Stripped{analysis.plan.stripped_files, analysis.plan.stripped_bytes};
    }
    Accountant(analysis, report).run();
    report.unresolved = unresolved_of(analysis);
    report.diagnostics = diagnostics_of(analysis);
    report.certainty.open_questions = static_cast<std::size_t>(
        std::count_if(report.diagnostics.begin(), report.diagnostics.end(),
                      [](const Diagnostic& diagnostic) { return diagnostic.open; }));
    return report;
}

Report make_report(const slim::Rebuild& rebuild, const closure::Request& request) {
    Report report = make_report(rebuild.analysis, request);
    report.command = "rebuild";
    report.base = rebuild.base_name.empty() ? report.base : rebuild.base_name;
    report.reduction = {.before = rebuild.analysis.before_bytes,
                        .after = rebuild.after_bytes,
                        .archive_before = rebuild.analysis.image.archive_bytes,
                        .archive_after = rebuild.archive_after_bytes};
    if (rebuild.written) {
        // What stands on another image has that one's programs to be attacked by too.
        report.surface_after = surface_of(*rebuild.written);
        report.surface_after.packages =
            closure::PackageDb::read(*rebuild.written).packages().size();
    }
    report.proof = Proof{.programs = rebuild.proof.programs,
                         .libraries = rebuild.proof.libraries,
                         .symbols = rebuild.proof.symbols};
    for (const auto* more : {&rebuild.base_diagnostics, &rebuild.unpack_diagnostics,
                             &rebuild.proof.diagnostics, &rebuild.debug_diagnostics}) {
        report.diagnostics.insert(report.diagnostics.end(), more->begin(), more->end());
    }
    report.debug_output = rebuild.debug_output;
    return report;
}

}  // namespace slimimg::report
