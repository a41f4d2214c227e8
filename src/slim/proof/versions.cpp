#include <algorithm>
#include <set>

#include "slimimg/base/name_hash.hpp"

#include "slim/proof/linkage.hpp"

namespace slimimg::slim::proof {
namespace {

using closure::Link;
using closure::LoadedObject;
using rootfs::NodeId;

class VersionCheck {
  public:
    VersionCheck(closure::ElfStore& store, Linkage& linkage)
        : store_(store), tree_(store.rootfs()), linkage_(linkage) {}

    void check(const Link& link) {
        const auto by_name = names_of(link);
        for (const LoadedObject& object : link.objects) {
            const elf::ElfFacts* const facts = store_.facts(object.file);
            if (facts == nullptr) {
                continue;
            }
            for (const elf::VersionNeed& need : facts->version_needs) {
                const auto library = by_name.find(need.library);
                if (library != by_name.end()) {
                    check_need(link, object.file, need, library->second);
                }
            }
        }
    }

  private:
    /// Every name under which the loader knows an object; the first of a name counts.
    NameViewMap<NodeId> names_of(const Link& link) {
        NameViewMap<NodeId> by_name;
        for (const LoadedObject& object : link.objects) {
            by_name.try_emplace(object.name, object.file);
            for (const std::string& alias : object.aliases) {
                by_name.try_emplace(alias, object.file);
            }
            const elf::ElfFacts* const facts = store_.facts(object.file);
            if (facts != nullptr && facts->soname) {
                by_name.try_emplace(*facts->soname, object.file);
            }
        }
        return by_name;
    }

    void check_need(const Link& link, NodeId needed_by, const elf::VersionNeed& need,
                    NodeId library) {
        const elf::ElfFacts* const facts = store_.facts(library);
        if (facts == nullptr) {
            return;
        }
        const std::vector<std::string>& defined = facts->version_definitions;
        if (defined.empty()) {
            tell_unversioned(needed_by, library);
            return;
        }
        for (const elf::VersionNeed::Name& version : need.versions) {
            if (!version.weak &&
                std::find(defined.begin(), defined.end(), version.name) == defined.end()) {
                linkage_.gaps.push_back({tree_[link.program].path, tree_[needed_by].path, "version",
                                         version.name,
                                         tree_[library].path + " does not define it"});
            }
        }
    }

    void tell_unversioned(NodeId needed_by, NodeId library) {
        if (told_.emplace(needed_by, library).second) {
            linkage_.diagnostics.push_back({Severity::note, "library-unversioned",
                                            tree_[needed_by].path,
                                            "wants versions of " + tree_[library].path +
                                                ", which has none; the loader only warns"});
        }
    }

    closure::ElfStore& store_;
    const rootfs::Rootfs& tree_;
    Linkage& linkage_;
    std::set<std::pair<NodeId, NodeId>> told_;
};

}  // namespace

void check_versions(const std::vector<Process>& processes, closure::ElfStore& store,
                    Linkage& linkage) {
    VersionCheck check(store, linkage);
    for (const Process& process : processes) {
        if (process.link.kind == Link::Kind::glibc) {
            check.check(process.link);
        }
    }
}

}  // namespace slimimg::slim::proof
