#include "slimimg/report/explanation.hpp"

#include <algorithm>
#include <map>

#include "slimimg/base/error.hpp"
#include "slimimg/base/globs.hpp"
#include "slimimg/base/nearest.hpp"
#include "slimimg/base/path.hpp"

#include "reasons.hpp"

namespace slimimg::report {
namespace {

using rootfs::Node;
using rootfs::NodeId;

const slim::PlanItem* find_item(const slim::Plan& plan, std::string_view path) {
    const auto found = std::find_if(plan.items.begin(), plan.items.end(),
                                    [&](const slim::PlanItem& item) { return item.path == path; });
    return found == plan.items.end() ? nullptr : &*found;
}

std::string_view type_of(const Node& node) {
    if (node.is_directory()) {
        return "directory";
    }
    if (node.is_symlink()) {
        return "symlink";
    }
    return node.is_file() ? "file" : "device";
}

/// A path that ends in the same name, else the likeliest slip in the same folder; empty: none.
std::string meant(const slim::Analysis& analysis, std::string_view path) {
    const std::string_view name = path::basename(path);
    std::vector<std::string_view> siblings;
    for (const Node& node : analysis.rootfs.nodes()) {
        if (!name.empty() && path::basename(node.path) == name) {
            return node.path;
        }
        if (path::parent(node.path) == path::parent(path)) {
            siblings.push_back(path::basename(node.path));
        }
    }
    const std::string_view near = nearest(name, siblings);
    return near.empty() ? "" : path::join(path::parent(path), near);
}

[[noreturn]] void throw_no_such_path(const slim::Analysis& analysis, std::string_view path) {
    if (path.find_first_of("*?[") != path.npos) {
        throw Error(Exit::usage, "no-such-path", "the image has no " + path::printable(path),
                    "PATH is one path, no pattern; name a folder for what is in it");
    }
    const std::string other = meant(analysis, path);
    throw Error(Exit::usage, "no-such-path", "the image has no " + path::printable(path),
                other.empty() ? "paths are those inside the image, from its root"
                              : "did you mean " + path::printable(other) + '?');
}

/// What is known of one node, whether it stays or goes.
class Inquiry {
  public:
    Inquiry(const slim::Analysis& analysis, NodeId node, Explanation& explanation)
        : analysis_(analysis), node_(node), explanation_(explanation) {}

    void run() {
        const Node& node = analysis_.rootfs[node_];
        explanation_.path = node.path;
        explanation_.type = type_of(node);
        explanation_.bytes = node.is_file() ? node.header.size : 0;
        explanation_.layer = node.layer;
        if (node.layer < analysis_.image.layers.size()) {
            explanation_.created_by = analysis_.image.layers[node.layer].created_by;
        }
        if (const auto owner = analysis_.packages.owner(node_)) {
            const closure::Package& package = analysis_.packages[*owner];
            explanation_.package = package.name + ' ' + package.version;
        }
        verdict();
        if (node.is_directory()) {
            explanation_.below = below();
        }
    }

  private:
    void verdict() {
        const closure::Closure& closure = analysis_.closure;
        const slim::PlanItem* item = find_item(analysis_.plan, analysis_.rootfs[node_].path);
        if (item == nullptr) {
            explanation_.verdict = Explanation::Verdict::removed;
            explanation_.more = told_of(closure.hinted, node_, analysis_.rootfs);
            return;
        }
        explanation_.verdict = Explanation::Verdict::kept;
        for (const closure::Closure::Step& step : closure.why(node_)) {
            explanation_.chain.push_back(
                {analysis_.rootfs[step.node].path, told(step.reason, analysis_.rootfs)});
        }
        explanation_.more = further_reasons();
        if (explanation_.chain.empty() || !item->why.empty()) {
            explanation_.more.push_back(reason_of_plan(*item));
        }
    }

    /// The node's reasons but the one that ends the chain.
    [[nodiscard]] std::vector<Reason> further_reasons() const {
        std::vector<Reason> reasons = told_of(analysis_.closure.kept, node_, analysis_.rootfs);
        if (!explanation_.chain.empty()) {
            const Reason& last = explanation_.chain.back().reason;
            const auto same = [&](const Reason& reason) {
                return reason.rule == last.rule && reason.from == last.from &&
                       reason.detail == last.detail;
            };
            reasons.erase(std::remove_if(reasons.begin(), reasons.end(), same), reasons.end());
        }
        return reasons;
    }

    [[nodiscard]] Explanation::Below below() const {
        constexpr std::size_t largest_shown = 10;
        const rootfs::Rootfs& tree = analysis_.rootfs;
        Explanation::Below result;
        std::map<std::string_view, RuleShare> rules;
        std::vector<NodeId> kept;
        for (NodeId id = node_ + 1; id < tree[node_].subtree_end; ++id) {
            if (!tree[id].is_file()) {
                continue;
            }
            const std::uint64_t bytes = tree[id].inode == id ? tree[id].header.size : 0;
            ++result.files;
            result.bytes += bytes;
            const auto reasons = analysis_.closure.kept.find(id);
            if (reasons == analysis_.closure.kept.end() || reasons->second.empty()) {
                continue;
            }
            ++result.kept_files;
            result.kept_bytes += bytes;
            kept.push_back(id);
            RuleShare& rule = rules[reasons->second.front().rule];
            ++rule.files;
            rule.bytes += bytes;
        }
        for (const slim::PlanItem& item : analysis_.plan.items) {
            const bool counted = item.source && analysis_.closure.kept.contains(*item.source);
            if (item.header.type == archive::EntryType::file && !counted &&
                path::is_within(item.path, tree[node_].path)) {
                ++result.made_files;
                result.made_bytes += item.content ? item.content->size() : 0;
            }
        }
        for (auto& [id, rule] : rules) {
            rule.rule = id;
            result.rules.push_back(rule);
        }
        std::stable_sort(result.rules.begin(), result.rules.end(),
                         [](const RuleShare& a, const RuleShare& b) { return a.files > b.files; });
        std::stable_sort(kept.begin(), kept.end(), [&](NodeId a, NodeId b) {
            return tree[a].header.size > tree[b].header.size;
        });
        kept.resize(std::min(kept.size(), largest_shown));
        for (const NodeId id : kept) {
            result.largest.push_back(tree[id].path);
        }
        return result;
    }

    const slim::Analysis& analysis_;
    NodeId node_;
    Explanation& explanation_;
};

/// A path that only the new image has.
void explain_made(const slim::PlanItem& item, Explanation& explanation) {
    explanation.path = item.path;
    explanation.verdict = Explanation::Verdict::made;
    explanation.type = item.header.type == archive::EntryType::directory ? "directory" : "file";
    explanation.bytes = item.content ? item.content->size() : 0;
    explanation.more = {reason_of_plan(item)};
}

}  // namespace

Explanation explain(const slim::Analysis& analysis, std::string_view path,
                    const closure::Request& request) {
    const rootfs::Rootfs& tree = analysis.rootfs;
    Explanation explanation;
    explanation.image =
        analysis.image.names.empty() ? analysis.image.source : analysis.image.names.front();
    explanation.asked = path::normalize(path);
    const rootfs::Resolution resolved = tree.resolve(explanation.asked);
    for (const NodeId link : resolved.links) {
        explanation.links.push_back({tree[link].path, tree[link].header.link,
                                     find_item(analysis.plan, tree[link].path) != nullptr});
    }
    if (resolved.node) {
        Inquiry(analysis, *resolved.node, explanation).run();
    } else if (const auto itself = tree.resolve(explanation.asked, "/", false); itself.node) {
        explanation.dangles = true;
        Inquiry(analysis, *itself.node, explanation).run();
    } else if (const slim::PlanItem* made = find_item(analysis.plan, explanation.asked)) {
        explain_made(*made, explanation);
    } else {
        throw_no_such_path(analysis, explanation.asked);
    }
    explanation.excluded = explanation.verdict == Explanation::Verdict::removed &&
                           any_means(request.exclude, explanation.path);
    return explanation;
}

}  // namespace slimimg::report
