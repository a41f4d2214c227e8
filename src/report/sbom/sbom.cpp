#include "slimimg/report/sbom.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "slimimg/base/digest.hpp"
#include "slimimg/base/name_hash.hpp"
#include "slimimg/base/parallel.hpp"
#include "slimimg/base/path.hpp"
#include "slimimg/base/progress_step.hpp"
#include "slimimg/elf/elf.hpp"

#include "report/sbom/language.hpp"
#include "report/sbom/licence.hpp"
#include "report/sbom/purl.hpp"

namespace slimimg::report {
namespace {

using rootfs::NodeId;
using rootfs::Rootfs;

/// Something of the image, and where its bytes are.
struct Held {
    std::string path;
    std::optional<NodeId> node;    ///< of the tree; nothing: made by slimimg
    std::optional<Slice> content;  ///< in place of the node's
    bool is_file = true;
};

/// A tree that the image has its files from.
struct Part {
    const Rootfs& tree;
    const closure::PackageDb& packages;
    std::vector<Held> held;
};

/// os-release's "KEY=value", quoted or not (os-release(5)).
std::string release_field(std::string_view text, std::string_view key) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.starts_with(key) && line.substr(key.size()).starts_with('=')) {
            line.remove_prefix(key.size() + 1);
            const bool quoted =
                line.size() > 1 && (line[0] == '"' || line[0] == '\'') && line.back() == line[0];
            return path::printable(quoted ? line.substr(1, line.size() - 2) : line);
        }
    }
    return {};
}

void read_release(const Rootfs& tree, Sbom& sbom) {
    for (const std::string_view path : {"/etc/os-release", "/usr/lib/os-release"}) {
        const auto node = tree.resolve(path).node;
        if (node && tree[*node].is_file()) {
            const Slice content = tree.content(*node);
            sbom.os_id = release_field(content.text(), "ID");
            sbom.os_version = release_field(content.text(), "VERSION_ID");
            sbom.os_name = release_field(content.text(), "PRETTY_NAME");
            return;
        }
    }
}

/// What a line "X:value" of apk's record says.
std::string_view apk_field(std::string_view record, char key) {
    const std::string start = {'\n', key, ':'};
    const std::size_t at = record.find(start);
    if (at == record.npos) {
        return {};
    }
    const std::string_view rest = record.substr(at + start.size());
    return rest.substr(0, rest.find('\n'));
}

class Builder {
  public:
    Builder(Sbom& sbom, const RunOptions& run) : sbom_(sbom), run_(run) {}

    void add(const Part& part) {
        parts_.push_back(&part);
        list_files(part);
        add_system_packages(part);
        add_language_packages(part);
    }

    /// What `tree` had and the image lacks. `has` tells of paths that another tree gives.
    template <typename F>
    void add_removed(const Part& part, F has) {
        const Kept kept = kept_nodes(part);
        std::vector<bool> told(part.tree.size());
        const auto is_gone = [&](NodeId node) {
            return !part.tree[node].is_directory() && !kept.contains(node) &&
                   !has(part.tree[node].path);
        };
        for (const closure::Package& package : part.packages.packages()) {
            remove_of(system_purl(package), package.files, part.tree, is_gone, told);
        }
        for (const LanguagePackage& package : languages_of(part)) {
            remove_of(package.purl, package.files, part.tree, is_gone, told);
        }
        for (NodeId node = 0; node < part.tree.size(); ++node) {
            if (is_gone(node) && !told[node]) {
                sbom_.removed_loose.push_back(path::printable(part.tree[node].path));
            }
        }
    }

    void finish() {
        hash();
        add_go_modules();
        sort();
    }

  private:
    using Kept = std::unordered_map<NodeId, std::optional<std::size_t>>;  ///< node → its file

    /// Files get their places in the list; links and devices have none.
    void list_files(const Part& part) {
        for (const Held& held : part.held) {
            if (held.is_file) {
                sources_.push_back({&part, &held});
                sbom_.files.push_back({path::printable(held.path), {}, {}});
            }
        }
        owned_.resize(sbom_.files.size());
    }

    Kept kept_nodes(const Part& part) const {
        Kept kept;
        std::size_t file = 0;
        while (file < sources_.size() && sources_[file].part != &part) {
            ++file;
        }
        for (const Held& held : part.held) {
            if (held.node) {
                kept[*held.node] = held.is_file ? std::optional(file) : std::nullopt;
            }
            file += held.is_file ? 1 : 0;
        }
        return kept;
    }

    const std::vector<LanguagePackage>& languages_of(const Part& part) {
        const auto [at, added] = languages_.try_emplace(&part);
        if (added) {
            at->second = language_packages(part.tree, part.packages);
        }
        return at->second;
    }

    /// The package of a URL, made where it is new.
    SbomPackage& package_of(const std::string& purl) {
        const auto [at, added] = by_purl_.try_emplace(purl, sbom_.packages.size());
        if (added) {
            sbom_.packages.emplace_back().purl = purl;
        }
        return sbom_.packages[at->second];
    }

    std::string system_purl(const closure::Package& package) const {
        const bool debian = package.manager == closure::PackageManager::dpkg;
        const std::string distribution = sbom_.os_id.empty() || sbom_.os_version.empty()
                                             ? sbom_.os_id
                                             : sbom_.os_id + "-" + sbom_.os_version;
        std::map<std::string, std::string> qualifiers{{"arch", package.architecture},
                                                      {"distro", distribution}};
        if (package.origin() != package.name) {
            qualifiers["upstream"] = package.origin();
        }
        const std::string folder =
            sbom_.os_id.empty() ? (debian ? "debian" : "alpine") : sbom_.os_id;
        return package_url(package_type(package), folder, package.name, package.version,
                           qualifiers);
    }

    static std::string package_type(const closure::Package& package) {
        switch (package.manager) {
            case closure::PackageManager::dpkg:
                return "deb";
            case closure::PackageManager::apk:
                return "apk";
            case closure::PackageManager::rpm:
                return "rpm";
        }
        return "generic";
    }

    Licence licence_of(const closure::Package& package, const Rootfs& tree) const {
        if (package.manager == closure::PackageManager::apk) {
            return licence_of_expression(apk_field(package.record.text.text(), 'L'));
        }
        const auto file = tree.resolve("/usr/share/doc/" + package.name + "/copyright").node;
        return file && tree[*file].is_file() ? licence_of_copyright(tree.content(*file).text())
                                             : Licence{};
    }

    void add_system_packages(const Part& part) {
        const Kept kept = kept_nodes(part);
        std::map<closure::PackageId, std::vector<std::size_t>> files;
        for (const auto& [node, file] : kept) {
            if (const auto owner =
                    part.tree[node].is_directory() ? std::nullopt : part.packages.owner(node)) {
                std::vector<std::size_t>& list = files[*owner];
                if (file) {
                    list.push_back(*file);
                }
            }
        }
        for (auto& [id, list] : files) {
            const closure::Package& known = part.packages[id];
            SbomPackage& package = package_of(system_purl(known));
            package.type = package_type(known);
            package.name = known.name;
            package.version = known.version;
            if (package.licence.expression.empty()) {
                package.licence = licence_of(known, part.tree);
            }
            own(package, list);
            depends_[package.purl] = known.depends;
        }
    }

    void add_language_packages(const Part& part) {
        const Kept kept = kept_nodes(part);
        for (const LanguagePackage& known : languages_of(part)) {
            std::vector<std::size_t> list;
            bool any = false;
            for (const NodeId node : known.files) {
                const auto at = kept.find(node);
                any = any || at != kept.end();
                if (at != kept.end() && at->second && !owned_[*at->second]) {
                    list.push_back(*at->second);
                }
            }
            if (any) {
                SbomPackage& package = package_of(known.purl);
                package.type = known.type;
                package.name = known.name;
                package.version = known.version;
                package.licence = known.licence;
                own(package, list);
            }
        }
    }

    void own(SbomPackage& package, const std::vector<std::size_t>& files) {
        for (const std::size_t file : files) {
            owned_[file] = true;
            package.files.push_back(file);
        }
    }

    template <typename F>
    void remove_of(const std::string& purl, const std::vector<NodeId>& files, const Rootfs& tree,
                   F is_gone, std::vector<bool>& told) {
        std::vector<std::string> gone;
        for (const NodeId node : files) {
            if (is_gone(node)) {
                gone.push_back(path::printable(tree[node].path));
                told[node] = true;
            }
        }
        const auto kept = by_purl_.find(purl);
        if (kept != by_purl_.end()) {
            auto& removed = sbom_.packages[kept->second].removed;
            removed.insert(removed.end(), gone.begin(), gone.end());
        } else if (!gone.empty()) {
            sbom_.removed_packages.push_back(purl);
        }
    }

    [[nodiscard]] Slice content_of(std::size_t file) const {
        const Source& source = sources_[file];
        if (source.held->content) {
            return *source.held->content;
        }
        return source.held->node ? source.part->tree.content(*source.held->node) : Slice{};
    }

    void hash() {
        const ProgressStep step(run_, "hash", "the files for the bill of materials", 0);
        std::vector<std::vector<GoModule>> modules(sbom_.files.size());
        parallel_for(run_.threads, sbom_.files.size(), [&](std::size_t i) {
            const Slice content = content_of(i);
            sbom_.files[i].sha1 = sha1_hex(content.bytes);
            sbom_.files[i].sha256 = sha256(content.bytes).hex();
            if (!owned_[i] && elf::is_elf(content.bytes)) {
                modules[i] = go_modules(content.bytes);
            }
        });
        modules_ = std::move(modules);
    }

    void add_go_modules() {
        for (std::size_t file = 0; file < modules_.size(); ++file) {
            for (const GoModule& module : modules_[file]) {
                SbomPackage& package = package_of(module.purl);
                package.type = "golang";
                package.name = module.path;
                package.version = module.version;
                package.linked_into.push_back(file);
            }
        }
    }

    /// Packages in the order of their URLs, files in that of their paths; and then who needs whom.
    void sort() {
        std::vector<std::size_t> place(sbom_.files.size());
        std::vector<std::size_t> order(sbom_.files.size());
        for (std::size_t i = 0; i < order.size(); ++i) {
            order[i] = i;
        }
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
            return sbom_.files[a].path < sbom_.files[b].path;
        });
        std::vector<SbomFile> files;
        for (std::size_t i = 0; i < order.size(); ++i) {
            place[order[i]] = i;
            files.push_back(std::move(sbom_.files[order[i]]));
            if (!owned_[order[i]]) {
                sbom_.loose.push_back(i);
            }
        }
        sbom_.files = std::move(files);
        std::sort(sbom_.packages.begin(), sbom_.packages.end(),
                  [](const SbomPackage& a, const SbomPackage& b) { return a.purl < b.purl; });
        std::map<std::string, std::size_t, std::less<>> by_name;  // of the system's packages
        for (std::size_t i = 0; i < sbom_.packages.size(); ++i) {
            SbomPackage& package = sbom_.packages[i];
            for (auto* list : {&package.files, &package.linked_into}) {
                for (std::size_t& file : *list) {
                    file = place[file];
                }
                std::sort(list->begin(), list->end());
                list->erase(std::unique(list->begin(), list->end()), list->end());
            }
            std::sort(package.removed.begin(), package.removed.end());
            if (depends_.contains(package.purl)) {
                by_name.try_emplace(package.name, i);
            }
        }
        for (std::size_t i = 0; i < sbom_.packages.size(); ++i) {
            std::set<std::size_t> needs;
            for (const std::string& name : depends_[sbom_.packages[i].purl]) {
                if (const auto at = by_name.find(name); at != by_name.end() && at->second != i) {
                    needs.insert(at->second);
                }
            }
            sbom_.packages[i].depends.assign(needs.begin(), needs.end());
        }
        std::sort(sbom_.removed_packages.begin(), sbom_.removed_packages.end());
        sbom_.removed_packages.erase(
            std::unique(sbom_.removed_packages.begin(), sbom_.removed_packages.end()),
            sbom_.removed_packages.end());
        std::sort(sbom_.removed_loose.begin(), sbom_.removed_loose.end());
    }

    struct Source {
        const Part* part;
        const Held* held;
    };

    Sbom& sbom_;
    const RunOptions& run_;
    std::vector<const Part*> parts_;
    std::vector<Source> sources_;  ///< by file
    std::vector<bool> owned_;      ///< by file
    std::map<std::string, std::size_t> by_purl_;
    std::map<std::string, std::vector<std::string>> depends_;  ///< by URL
    std::map<const Part*, std::vector<LanguagePackage>> languages_;
    std::vector<std::vector<GoModule>> modules_;
};

std::vector<Held> all_of(const Rootfs& tree, const std::set<std::string, std::less<>>& but = {}) {
    std::vector<Held> held;
    for (NodeId node = 0; node < tree.size(); ++node) {
        if (!tree[node].is_directory() && !but.contains(tree[node].path)) {
            held.push_back({.path = tree[node].path,
                            .node = node,
                            .content = std::nullopt,
                            .is_file = tree[node].is_file()});
        }
    }
    return held;
}

std::vector<Held> all_of(const slim::Plan& plan) {
    std::vector<Held> held;
    NameViewMap<const slim::PlanItem*> by_path;
    for (const slim::PlanItem& item : plan.items) {
        by_path.emplace(item.path, &item);
        if (item.header.type == archive::EntryType::directory) {
            continue;
        }
        const bool is_link = item.header.type == archive::EntryType::hardlink;
        // A further name has the content of the first, which stands before it.
        const auto first = is_link ? by_path.find(item.header.link) : by_path.end();
        const auto type = first == by_path.end() ? item.header.type : first->second->header.type;
        held.push_back({.path = item.path,
                        .node = item.source,
                        .content = first == by_path.end() ? item.content : first->second->content,
                        .is_file = type == archive::EntryType::file});
    }
    return held;
}

}  // namespace

Sbom make_sbom(const slim::Analysis& analysis, const RunOptions& run) {
    const image::Image& image = analysis.image;
    Sbom sbom{.name = image.names.empty() ? image.source : image.names.front(),
              .created = slim::made_at(image.config)};
    read_release(analysis.rootfs, sbom);
    const Part whole{analysis.rootfs, analysis.packages, all_of(analysis.rootfs)};
    Builder builder(sbom, run);
    builder.add(whole);
    builder.finish();
    return sbom;
}

Sbom make_sbom(const slim::NewContent& content, const RunOptions& run) {
    const slim::Analysis& analysis = content.analysis;
    const image::Image& image = analysis.image;
    const std::string source = image.names.empty() ? image.source : image.names.front();
    Sbom sbom{.name = content.names.empty() ? source : content.names.front(),
              .source_name = source,
              .source_digest = image.manifest_digest.value_or(image.config_digest).str(),
              .base_name = content.base_name,
              .base_digest = content.base_digest,
              .created = slim::made_at(image.config)};
    read_release(content.base != nullptr ? *content.base : analysis.rootfs, sbom);
    Builder builder(sbom, run);
    const Part top{analysis.rootfs, analysis.packages, all_of(content.plan)};
    builder.add(top);
    std::optional<closure::PackageDb> base_packages;
    std::optional<Part> below;
    if (content.base != nullptr) {
        std::set<std::string, std::less<>> covered;
        for (const Held& held : top.held) {
            covered.insert(held.path);
        }
        base_packages = closure::PackageDb::read(*content.base);
        below.emplace(Part{*content.base, *base_packages, all_of(*content.base, covered)});
        builder.add(*below);
    }
    builder.add_removed(top, [&](std::string_view path) {
        return content.base != nullptr && content.base->resolve(path).node.has_value();
    });
    builder.finish();
    return sbom;
}

}  // namespace slimimg::report
