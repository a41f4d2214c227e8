#include "slim/proof/processes.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "slimimg/base/parallel.hpp"

#include "slim/proof/objects.hpp"

namespace slimimg::slim::proof {
namespace {

using closure::Link;
using closure::LoadedObject;
using rootfs::NodeId;

/// libc.so.6 can be started too: what has a SONAME is a library first.
bool is_library(const elf::ElfFacts& facts) {
    return facts.dynamic && facts.type == elf::ElfFacts::Type::shared &&
           (facts.soname || !facts.is_program());
}

bool is_program(const elf::ElfFacts& facts) {
    return facts.is_program() && !is_library(facts);
}

class Linker {
  public:
    Linker(const rootfs::Rootfs& tree, closure::ElfStore& store,
           const closure::LoaderEnvironment& environment, const RunOptions& run)
        : tree_(tree), store_(store), environment_(environment), run_(run) {}

    Linkage run(const std::vector<std::string>& files) {
        const std::vector<NodeId> nodes = elf_files(files);
        for (const NodeId node : nodes) {
            if (is_program(*store_.facts(node))) {
                add_program(node);
            }
        }
        for (const NodeId node : nodes) {
            if (is_library(*store_.facts(node)) && !seen_.contains(tree_[node].inode)) {
                add_module(node);
            }
        }
        check_symbols(nodes);
        result_.libraries =
            static_cast<std::size_t>(std::count_if(nodes.begin(), nodes.end(), [&](NodeId node) {
                return is_library(*store_.facts(node));
            }));
        std::sort(result_.gaps.begin(), result_.gaps.end(),
                  [](const Gap& a, const Gap& b) { return a.key() < b.key(); });
        return std::move(result_);
    }

  private:
    /// One node of each ELF file, in path order.
    std::vector<NodeId> elf_files(const std::vector<std::string>& files) {
        std::set<NodeId> nodes;
        for (const std::string& file : files) {
            const auto node = tree_.find(file);
            if (node && tree_[*node].is_file() && store_.facts(*node) != nullptr) {
                nodes.insert(tree_[*node].inode);
            }
        }
        return {nodes.begin(), nodes.end()};
    }

    void add_program(NodeId node) {
        ++result_.programs;
        Link link = closure::link_program(store_, node, environment_);
        if (link.kind == Link::Kind::none && !link.missing_interpreter) {
            return;
        }
        if (link.missing_interpreter) {
            gap(link, node, "interpreter", *link.missing_interpreter, "named by PT_INTERP");
        }
        check_libraries(link);
        check_versions(link);
        for (const LoadedObject& object : link.objects) {
            seen_.insert(tree_[object.file].inode);
        }
        programs_.push_back(std::move(link));
    }

    /// By itself, as `ld.so --list` would do it; where something is missing so, in the programs
    /// that could load it, whose libraries and RPATH then count too.
    void add_module(NodeId node) {
        Link alone = closure::link_program(store_, node, environment_);
        Link* found = &alone;
        Link hosted;
        for (std::size_t i = 0; !found->missing.empty() && i < programs_.size(); ++i) {
            hosted = programs_[i];
            const std::size_t missing = hosted.missing.size();
            if (closure::link_module(store_, hosted, tree_[node].path, 0, environment_) &&
                hosted.missing.size() == missing) {
                found = &hosted;
                found->missing.clear();
            }
        }
        found->program = node;
        check_libraries(*found);
        check_versions(*found);
        modules_.push_back(node);
        if (found->kind == Link::Kind::musl) {
            musl_modules_.insert(node);
        }
        for (const LoadedObject& object : found->objects) {
            loaded_by_modules_.insert(tree_[object.file].inode);
        }
    }

    void check_libraries(const Link& link) {
        for (const closure::MissingLibrary& library : link.missing) {
            gap(link, library.needed_by, "library", library.name, library.problem);
        }
    }

    /// glibc's elf/dl-version.c, _dl_check_map_versions; musl does not look at versions.
    void check_versions(const Link& link) {
        if (link.kind != Link::Kind::glibc) {
            return;
        }
        for (const LoadedObject& object : link.objects) {
            const elf::ElfFacts* const facts = store_.facts(object.file);
            if (facts == nullptr) {
                continue;
            }
            for (const elf::VersionNeed& need : facts->version_needs) {
                if (const auto library = loaded_as(link, need.library)) {
                    check_need(link, object.file, need, *library);
                }
            }
        }
    }

    std::optional<NodeId> loaded_as(const Link& link, const std::string& name) {
        for (const LoadedObject& object : link.objects) {
            const elf::ElfFacts* const facts = store_.facts(object.file);
            const auto& aliases = object.aliases;
            if (object.name == name || (facts != nullptr && facts->soname == name) ||
                std::find(aliases.begin(), aliases.end(), name) != aliases.end()) {
                return object.file;
            }
        }
        return std::nullopt;
    }

    void check_need(const Link& link, NodeId needed_by, const elf::VersionNeed& need,
                    NodeId library) {
        const std::vector<std::string>& defined = store_.facts(library)->version_definitions;
        if (defined.empty()) {
            warn_unversioned(needed_by, library);
            return;
        }
        for (const elf::VersionNeed::Name& version : need.versions) {
            if (!version.weak &&
                std::find(defined.begin(), defined.end(), version.name) == defined.end()) {
                gap(link, needed_by, "version", version.name,
                    tree_[library].path + " does not define it");
            }
        }
    }

    void warn_unversioned(NodeId needed_by, NodeId library) {
        if (unversioned_.emplace(tree_[needed_by].inode, tree_[library].inode).second) {
            result_.diagnostics.push_back({Severity::note, "library-unversioned",
                                           tree_[needed_by].path,
                                           "wants versions of " + tree_[library].path +
                                               ", which has none; the loader only warns"});
        }
    }

    /// In each program's process the order of its objects is the scope; of a module all files are.
    void check_symbols(std::vector<NodeId> nodes) {
        std::set<NodeId> all(nodes.begin(), nodes.end());
        for (const Link& link : programs_) {
            for (const LoadedObject& object : link.objects) {
                all.insert(tree_[object.file].inode);
            }
        }
        all.insert(loaded_by_modules_.begin(), loaded_by_modules_.end());
        std::erase_if(all, [&](NodeId node) { return store_.facts(node) == nullptr; });
        const Objects objects(store_, {all.begin(), all.end()}, run_);

        std::vector<std::vector<Gap>> found(programs_.size() + modules_.size());
        parallel_for(run_.threads, found.size(), [&](std::size_t i) {
            found[i] = i < programs_.size()
                           ? gaps_of_program(objects, programs_[i])
                           : gaps_of_module(objects, modules_[i - programs_.size()]);
        });
        std::set<std::pair<std::string, std::string>> unresolved;
        for (std::vector<Gap>& gaps : found) {
            for (Gap& gap : gaps) {
                unresolved.emplace(gap.object, gap.name);
                result_.gaps.push_back(std::move(gap));
            }
        }
        std::set<NodeId> checked(seen_);
        checked.insert(modules_.begin(), modules_.end());
        for (const NodeId node : checked) {
            const auto object = objects.find(node);
            result_.symbols += object ? objects[*object].references.size() : 0;
        }
        result_.symbols -= unresolved.size();
    }

    std::vector<Gap> gaps_of_program(const Objects& objects, const Link& link) const {
        std::vector<bool> scope(objects.size(), false);
        std::vector<ObjectId> loaded;
        for (const LoadedObject& object : link.objects) {
            const auto id = objects.find(object.file);
            if (id && !scope[*id]) {
                scope[*id] = true;
                loaded.push_back(*id);
            }
        }
        const Lookup lookup = link.kind == Link::Kind::musl ? Lookup::by_name : Lookup::versioned;
        std::vector<Gap> gaps;
        for (const ObjectId id : loaded) {
            add_gaps(
                objects, id, lookup, [&](ObjectId other) { return scope[other]; }, link.program,
                gaps);
        }
        return gaps;
    }

    std::vector<Gap> gaps_of_module(const Objects& objects, NodeId module) const {
        const Lookup lookup = musl_modules_.contains(module) ? Lookup::by_name : Lookup::versioned;
        std::vector<Gap> gaps;
        if (const auto id = objects.find(module)) {
            add_gaps(
                objects, *id, lookup, [](ObjectId) { return true; }, module, gaps);
        }
        return gaps;
    }

    template <typename InScope>
    void add_gaps(const Objects& objects, ObjectId id, Lookup lookup, const InScope& in_scope,
                  NodeId program, std::vector<Gap>& gaps) const {
        for (const Objects::Reference& reference : objects[id].references) {
            if (!objects.resolves(id, reference, lookup, in_scope)) {
                const elf::DynamicSymbol& symbol = *reference.symbol;
                gaps.push_back(
                    {tree_[program].path, tree_[objects[id].node].path, "symbol",
                     symbol.version.empty() ? symbol.name : symbol.name + "@" + symbol.version,
                     ""});
            }
        }
    }

    void gap(const Link& link, NodeId object, std::string kind, std::string name,
             std::string detail) {
        result_.gaps.push_back({tree_[link.program].path, tree_[object].path, std::move(kind),
                                std::move(name), std::move(detail)});
    }

    const rootfs::Rootfs& tree_;
    closure::ElfStore& store_;
    const closure::LoaderEnvironment& environment_;
    const RunOptions& run_;
    Linkage result_;
    std::vector<Link> programs_;
    std::vector<NodeId> modules_;
    std::set<NodeId> musl_modules_;
    std::set<NodeId> seen_;  // inodes of what is part of a program's process
    std::set<NodeId> loaded_by_modules_;
    std::set<std::pair<NodeId, NodeId>> unversioned_;
};

}  // namespace

Linkage link_all(const rootfs::Rootfs& tree, const std::vector<std::string>& files,
                 closure::ElfStore& store, const closure::LoaderEnvironment& environment,
                 const RunOptions& run) {
    return Linker(tree, store, environment, run).run(files);
}

}  // namespace slimimg::slim::proof
