#include <algorithm>
#include <deque>
#include <optional>
#include <queue>
#include <set>
#include <tuple>
#include <utility>

#include "slimimg/base/globs.hpp"
#include "slimimg/base/name_hash.hpp"
#include "slimimg/base/path.hpp"
#include "slimimg/closure/closure.hpp"

#include "closure/elf_reading.hpp"
#include "closure/exclusions.hpp"
#include "closure/name_endings.hpp"
#include "closure/rules/layers.hpp"
#include "closure/unused_packages.hpp"

namespace slimimg::closure {
namespace {

using rootfs::NodeId;

constexpr std::string_view parent_rule = "parent";
constexpr std::string_view link_rule = "symlink";

/// What engines set where the image's Env has no PATH (moby's system.DefaultPathEnv).
constexpr std::string_view default_path =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

Confidence needed_confidence(Keep keep) {
    switch (keep) {
        case Keep::strict:
            return Confidence::required;
        case Keep::automatic:
            return Confidence::likely;
        case Keep::packages:
            return Confidence::package;
    }
    return Confidence::likely;
}

LoaderEnvironment loader_environment_of(const image::Config& config) {
    LoaderEnvironment environment;
    environment.library_path = config.env_value("LD_LIBRARY_PATH").value_or("");
    environment.preload = config.env_value("LD_PRELOAD").value_or("");
    environment.workdir = path::normalize(config.workdir);
    return environment;
}

std::vector<std::pair<std::string, std::optional<NodeId>>> search_path_of(
    const rootfs::Rootfs& rootfs, const image::Config& config) {
    const std::string workdir = path::normalize(config.workdir);
    std::vector<std::pair<std::string, std::optional<NodeId>>> folders;
    std::string_view rest = config.env_value("PATH").value_or(default_path);
    while (true) {
        const std::string_view folder = rest.substr(0, rest.find(':'));
        const std::string_view path = folder.empty() ? workdir : folder;
        folders.emplace_back(path, rootfs.resolve(path, workdir).node);
        if (folder.size() == rest.size()) {
            return folders;
        }
        rest.remove_prefix(folder.size() + 1);
    }
}

/// Nodes with their reasons, of which each rule and file gives one.
class Reasons {
  public:
    std::map<NodeId, std::vector<Reason>> nodes;

    /// The stronger stays where the same rule already tells of the same file.
    void add(NodeId node, Reason reason) {
        std::vector<Reason>& reasons = nodes[node];
        if (Reason* const same = find(node, reasons, reason); same == nullptr) {
            reasons.push_back(std::move(reason));
        } else if (same->confidence < reason.confidence) {
            *same = std::move(reason);
        }
    }

  private:
    using Origin = std::pair<std::optional<NodeId>, std::string_view>;

    Reason* find(NodeId node, std::vector<Reason>& reasons, const Reason& reason) {
        constexpr std::size_t few = 32;  // a C library has thousands
        if (reasons.size() < few) {
            const auto same = std::find_if(reasons.begin(), reasons.end(), [&](const Reason& old) {
                return old.from == reason.from && old.rule == reason.rule;
            });
            return same == reasons.end() ? nullptr : &*same;
        }
        std::map<Origin, std::size_t>& known = many_[node];
        if (known.empty()) {
            for (std::size_t i = 0; i < reasons.size(); ++i) {
                known.emplace(Origin(reasons[i].from, reasons[i].rule), i);
            }
        }
        // What is new will stand at the end.
        const auto [at, added] = known.emplace(Origin(reason.from, reason.rule), reasons.size());
        return added ? nullptr : &reasons[at->second];
    }

    std::map<NodeId, std::map<Origin, std::size_t>> many_;
};

/// The nodes that required edges alone lead to.
std::vector<bool> required_nodes(const std::map<NodeId, std::vector<Reason>>& kept,
                                 std::size_t size) {
    std::map<NodeId, std::vector<NodeId>> leads_to;
    std::vector<bool> required(size, false);
    std::vector<NodeId> work;
    for (const auto& [node, reasons] : kept) {
        for (const Reason& reason : reasons) {
            if (reason.confidence != Confidence::required) {
                continue;
            }
            if (reason.from) {
                leads_to[*reason.from].push_back(node);
            } else if (!required[node]) {
                required[node] = true;
                work.push_back(node);
            }
        }
    }
    while (!work.empty()) {
        const NodeId node = work.back();
        work.pop_back();
        for (const NodeId next : leads_to[node]) {
            if (!required[next]) {
                required[next] = true;
                work.push_back(next);
            }
        }
    }
    return required;
}

}  // namespace

std::optional<Keep> parse_keep(std::string_view name) {
    if (name == "strict") {
        return Keep::strict;
    }
    if (name == "auto") {
        return Keep::automatic;
    }
    return name == "packages" ? std::optional(Keep::packages) : std::nullopt;
}

std::string_view confidence_name(Confidence confidence) {
    switch (confidence) {
        case Confidence::hint:
            return "hint";
        case Confidence::package:
            return "package";
        case Confidence::likely:
            return "likely";
        case Confidence::required:
            return "required";
    }
    return "hint";
}

std::vector<Closure::Step> Closure::why(NodeId node) const {
    // A shortest path where one likely edge weighs more than any number of required ones.
    using Cost = std::pair<std::uint64_t, NodeId>;
    constexpr std::uint64_t weak_edge = 1ULL << 32;
    std::map<NodeId, std::vector<std::pair<NodeId, const Reason*>>> leads_to;
    std::map<NodeId, std::pair<std::uint64_t, const Reason*>> best;
    std::priority_queue<Cost, std::vector<Cost>, std::greater<>> queue;
    const auto offer = [&](NodeId target, std::uint64_t cost, const Reason& reason) {
        const std::uint64_t total =
            cost + (reason.confidence == Confidence::required ? 1 : weak_edge);
        const auto [known, added] = best.try_emplace(target, total, &reason);
        if (added || total < known->second.first) {
            known->second = {total, &reason};
            queue.emplace(total, target);
        }
    };
    for (const auto& [target, reasons] : kept) {
        for (const Reason& reason : reasons) {
            if (reason.from) {
                leads_to[*reason.from].emplace_back(target, &reason);
            } else {
                offer(target, 0, reason);
            }
        }
    }
    while (!queue.empty()) {
        const auto [cost, at] = queue.top();
        queue.pop();
        if (cost == best[at].first) {
            for (const auto& [target, reason] : leads_to[at]) {
                offer(target, cost, *reason);
            }
        }
    }
    std::vector<Step> chain;
    for (auto at = best.find(node); at != best.end();) {
        chain.push_back({at->first, *at->second.second});
        const auto from = at->second.second->from;
        at = from ? best.find(*from) : best.end();
    }
    std::reverse(chain.begin(), chain.end());
    return chain;
}

struct Evidence::State {
    const rootfs::Rootfs& rootfs;
    const image::Config& config;
    const PackageDb& packages;
    const Request& request;
    Confidence needed;
    LoaderEnvironment loader_environment;
    ElfStore elves;
    ReadAhead ahead;
    NodeId texts_of = 0;  // the file asked last; 0, the root folder, is none
    std::shared_ptr<const ElfTexts> texts;
    std::map<NodeId, std::vector<std::string_view>> imports;  // parts of the files
    std::map<std::pair<std::string_view, NodeId>, std::set<std::string, std::less<>>> notes;
    std::map<bool (*)(const Evidence&, NodeId), std::vector<std::optional<bool>>> remembered;
    NameMap<std::optional<NodeId>> places;
    std::optional<CompletedNames> completed;
    std::map<NodeId, Link> links;
    /// Those of PATH as they are written, and where the image has them.
    std::vector<std::pair<std::string, std::optional<NodeId>>> search_path;
    std::vector<LayerOrigin> layer_origins;
    std::deque<NodeId> work;
    std::vector<bool> listed;  // on the work list, now or before
    Reasons kept;
    Reasons hinted;
    Closure closure;  // but for what is kept and hinted
    std::set<std::tuple<std::string, std::string, std::string>> told;  // of the diagnostics
    std::set<std::tuple<std::string, std::optional<NodeId>, std::string>> lacking;
    std::map<std::string_view, std::uint64_t> spent;  // steps, by rule

    State(const rootfs::Rootfs& tree, const image::Config& image_config, const PackageDb& db,
          const Request& wanted, const RunOptions& options)
        : rootfs(tree),
          config(image_config),
          packages(db),
          request(wanted),
          needed(needed_confidence(wanted.keep)),
          loader_environment(loader_environment_of(image_config)),
          elves(tree, options.limits),
          ahead(tree, options.limits, options.threads),
          search_path(search_path_of(tree, image_config)),
          layer_origins(closure::layer_origins(tree, image_config)),
          listed(tree.size(), false) {}

    void keep_parents(NodeId node) {
        for (NodeId child = node; child != 0;) {
            const NodeId folder = rootfs[child].parent;
            const auto [at, added] = kept.nodes.try_emplace(folder);
            if (!added) {
                return;
            }
            at->second.push_back(
                {parent_rule, child, Confidence::required, "holds " + rootfs[child].path});
            child = folder;
        }
    }
};

Evidence::Evidence(const rootfs::Rootfs& rootfs, const image::Config& config,
                   const PackageDb& packages, const Request& request, const RunOptions& options)
    : state_(std::make_unique<State>(rootfs, config, packages, request, options)) {}

Evidence::~Evidence() = default;

const rootfs::Rootfs& Evidence::rootfs() const {
    return state_->rootfs;
}
const image::Config& Evidence::config() const {
    return state_->config;
}
const PackageDb& Evidence::packages() const {
    return state_->packages;
}
const Request& Evidence::request() const {
    return state_->request;
}
ElfStore& Evidence::elves() {
    return state_->elves;
}
const elf::ElfFacts* Evidence::elf(NodeId node) {
    return state_->elves.facts(node);
}

bool Evidence::imports(NodeId node, std::string_view symbol) {
    const std::vector<std::string_view>& all = imports(node);
    return std::binary_search(all.begin(), all.end(), symbol);
}

const std::vector<std::string_view>& Evidence::imports(NodeId node) {
    const NodeId inode = rootfs()[node].inode;
    const auto [at, added] = state_->imports.try_emplace(inode);
    if (added && elf(inode) != nullptr) {
        const auto ready = state_->ahead.find(inode);
        at->second =
            ready ? ready->imports : read_imports(as_bytes(text(inode)), state_->elves.limits());
    }
    return at->second;
}

std::map<NodeId, Link>& Evidence::links() {
    return state_->links;
}

const LoaderEnvironment& Evidence::loader_environment() const {
    return state_->loader_environment;
}

std::string_view Evidence::text(NodeId node) {
    const NodeId inode = rootfs()[node].inode;
    if (!rootfs()[inode].is_file()) {
        return {};
    }
    return rootfs().content(inode).text();  // of the layer, or laid out: the tree holds both
}

std::shared_ptr<const ElfTexts> Evidence::texts(NodeId node) {
    const NodeId inode = rootfs()[node].inode;
    if (state_->texts_of != inode) {
        if (const auto ready = state_->ahead.find(inode)) {
            state_->texts = {ready, &ready->texts};
        } else {
            state_->ahead.drop(inode);
            state_->texts = std::make_shared<const ElfTexts>(read_texts(as_bytes(text(inode))));
        }
        state_->texts_of = inode;
    }
    return state_->texts;
}

const std::set<std::string, std::less<>>& Evidence::noted(
    std::string_view topic, NodeId node,
    std::set<std::string, std::less<>> (*read)(Evidence&, NodeId)) {
    const auto [at, added] = state_->notes.try_emplace({topic, node});
    if (added) {
        at->second = read(*this, node);
    }
    return at->second;
}

bool Evidence::remembered(bool (*ask)(const Evidence&, NodeId), NodeId node) const {
    std::vector<std::optional<bool>>& answers = state_->remembered[ask];
    answers.resize(rootfs().size());
    if (!answers[node]) {
        const bool answer = ask(*this, node);  // may itself remember something
        state_->remembered[ask][node] = answer;
        return answer;
    }
    return *answers[node];
}

std::optional<NodeId> Evidence::place_of(std::string_view path) const {
    const auto known = state_->places.find(path);
    if (known != state_->places.end()) {
        return known->second;
    }
    constexpr std::size_t most = 1U << 16;  // an image can name any number
    constexpr std::size_t longest = 4096;
    const auto place = rootfs().resolve(path).node;
    if (state_->places.size() < most && path.size() <= longest) {
        state_->places.emplace(path, place);
    }
    return place;
}

bool Evidence::may_complete(NodeId folder, std::string_view name) const {
    if (!state_->completed) {
        state_->completed.emplace(rootfs());
    }
    return state_->completed->may_complete(folder, name);
}

bool Evidence::is_kept(NodeId node) const {
    return state_->kept.nodes.contains(node);
}

const std::map<NodeId, std::vector<Reason>>& Evidence::kept() const {
    return state_->kept.nodes;
}

const std::map<NodeId, std::vector<Reason>>& Evidence::hinted() const {
    return state_->hinted.nodes;
}

Confidence Evidence::confidence(NodeId node) const {
    const auto at = state_->kept.nodes.find(node);
    Confidence strongest = Confidence::hint;
    if (at != state_->kept.nodes.end()) {
        for (const Reason& reason : at->second) {
            strongest = std::max(strongest, reason.confidence);
        }
    }
    return strongest;
}

bool Evidence::keep(NodeId node, Reason reason) {
    const bool excluded = reason.confidence != Confidence::required &&
                          any_means(state_->request.exclude, state_->rootfs[node].path);
    if (excluded || reason.confidence < state_->needed) {
        state_->hinted.add(node, std::move(reason));
        return is_kept(node);
    }
    state_->kept.add(node, std::move(reason));
    if (state_->listed[node]) {
        return true;
    }
    state_->listed[node] = true;
    state_->work.push_back(node);
    if (state_->rootfs[node].is_file()) {
        state_->ahead.expect(state_->rootfs[node].inode);
    }
    state_->keep_parents(node);
    if (state_->rootfs[node].is_symlink()) {
        keep_path(state_->rootfs[node].header.link,
                  {link_rule, node, Confidence::required,
                   "symlink to " + state_->rootfs[node].header.link},
                  path::parent(state_->rootfs[node].path));
    }
    return true;
}

bool Evidence::keep_path(std::string_view path, Reason reason, std::string_view from) {
    return keep_found(state_->rootfs.resolve(path, from), std::move(reason));
}

bool Evidence::keep_found(const rootfs::Resolution& found, Reason reason) {
    if (!found.node) {
        return false;
    }
    for (const NodeId link : found.links) {
        keep(link, reason);
    }
    return keep(*found.node, std::move(reason));
}

bool Evidence::keep_tree(NodeId folder, const Reason& reason, bool (*wanted)(const rootfs::Node&)) {
    const bool kept = keep(folder, reason);
    for (NodeId node = folder + 1; node < state_->rootfs[folder].subtree_end; ++node) {
        if (wanted == nullptr || wanted(state_->rootfs[node])) {
            keep(node, reason);
        }
    }
    return kept;
}

const std::vector<LayerOrigin>& Evidence::layer_origins() const {
    return state_->layer_origins;
}

std::vector<NodeId> Evidence::search_path() const {
    std::vector<NodeId> folders;
    for (const auto& [folder, node] : state_->search_path) {
        if (node && state_->rootfs[*node].is_directory()) {
            folders.push_back(*node);
        }
    }
    return folders;
}

rootfs::Resolution Evidence::find_program(std::string_view name) const {
    const auto executable = [&](std::string_view candidate) {
        rootfs::Resolution found =
            state_->rootfs.resolve(candidate, path::normalize(state_->config.workdir));
        if (found.node && !state_->rootfs[*found.node].is_executable()) {
            found.node.reset();
        }
        return found;
    };
    if (name.empty() || name.find('/') != std::string_view::npos) {
        return executable(name);
    }
    for (const auto& [folder, node] : state_->search_path) {
        // Most words that could be a command are none: one look at the folder tells.
        if (node && state_->rootfs.child(*node, name)) {
            if (auto found = executable(path::join(folder, name)); found.node) {
                return found;
            }
        }
    }
    return {};
}

bool Evidence::keep_program(std::string_view name, Reason reason) {
    return keep_found(find_program(name), std::move(reason));
}

void Evidence::unresolved(Unresolved what) {
    what.allowed = any_means(state_->request.allow_missing, what.name);
    if (state_->lacking.emplace(what.name, what.needed_by, what.kind).second) {
        state_->closure.unresolved.push_back(std::move(what));
    }
}

void Evidence::diagnose(Diagnostic diagnostic) {
    if (state_->told.emplace(diagnostic.code, diagnostic.path, diagnostic.message).second) {
        state_->closure.diagnostics.push_back(std::move(diagnostic));
    }
}

bool Evidence::afford(std::string_view rule, std::optional<NodeId> asker, std::uint64_t steps) {
    constexpr std::uint64_t most = 100'000'000;
    std::uint64_t& spent = state_->spent[rule];
    const bool could = spent <= most;
    spent += steps;
    if (could && spent > most) {
        diagnose({Severity::warning, "search-limit", asker ? rootfs()[*asker].path : "",
                  "the image names more patterns than are searched for (rule " + std::string(rule) +
                      "); what they match may be missed from here on: --include PATH keeps it",
                  true});
    }
    return spent <= most;
}

Closure Evidence::run(const std::vector<const Rule*>& rules) {
    for (const Rule* rule : rules) {
        if (rule->start != nullptr) {
            rule->start(*this);
        }
    }
    do {
        while (!state_->work.empty()) {
            const NodeId node = state_->work.front();
            state_->work.pop_front();
            for (const Rule* rule : rules) {
                if (rule->inspect != nullptr) {
                    rule->inspect(*this, node);
                }
            }
            state_->ahead.drop(rootfs()[node].inode);
        }
        for (const Rule* rule : rules) {
            if (rule->settle != nullptr) {
                rule->settle(*this);
            }
        }
    } while (!state_->work.empty());

    for (Diagnostic& diagnostic : exclusion_notes(rootfs(), state_->request.exclude, state_->needed,
                                                  state_->kept.nodes, state_->hinted.nodes)) {
        diagnose(std::move(diagnostic));
    }
    for (Diagnostic& diagnostic : unused_packages(*this)) {
        diagnose(std::move(diagnostic));
    }
    Closure& closure = state_->closure;
    closure.kept = std::move(state_->kept.nodes);
    closure.hinted = std::move(state_->hinted.nodes);
    const std::vector<bool> required = required_nodes(closure.kept, rootfs().size());
    for (Unresolved& what : closure.unresolved) {
        what.required = what.required && (!what.needed_by || required[*what.needed_by]);
    }
    for (auto& [node, reasons] : closure.kept) {
        // What leads to a file tells more than that a link or a folder does.
        const auto rank = [](const Reason& reason) {
            const bool structural = reason.rule == parent_rule || reason.rule == link_rule;
            return std::pair(structural, -static_cast<int>(reason.confidence));
        };
        std::stable_sort(reasons.begin(), reasons.end(),
                         [&](const Reason& a, const Reason& b) { return rank(a) < rank(b); });
    }
    std::erase_if(closure.hinted,
                  [&](const auto& hint) { return closure.kept.contains(hint.first); });
    for (auto& [program, link] : state_->links) {
        closure.links.push_back(std::move(link));
    }
    return std::move(closure);
}

Closure compute_closure(const rootfs::Rootfs& rootfs, const image::Config& config,
                        const PackageDb& packages, const Request& request,
                        const RunOptions& options) {
    Evidence evidence(rootfs, config, packages, request, options);
    return evidence.run(all_rules());
}

}  // namespace slimimg::closure
