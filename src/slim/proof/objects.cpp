#include "slim/proof/objects.hpp"

#include "slimimg/base/parallel.hpp"

namespace slimimg::slim::proof {

Objects::Objects(closure::ElfStore& store, const std::vector<rootfs::NodeId>& nodes,
                 const RunOptions& run)
    : rootfs_(store.rootfs()) {
    objects_.reserve(nodes.size());
    for (const rootfs::NodeId node : nodes) {
        by_inode_.emplace(rootfs_[node].inode, static_cast<ObjectId>(objects_.size()));
        objects_.push_back({.node = node, .facts = store.facts(node)});
    }
    parallel_for(run.threads, objects_.size(), [&](std::size_t i) {
        // An unreadable table defines and wants nothing; whoever needs it tells.
        std::vector<Diagnostic> ignored;
        Object& object = objects_[i];
        object.content = rootfs_.content(object.node);
        object.symbols = elf::read_dynamic_symbols(object.content.bytes, run.limits, ignored);
    });
    index_names();
    parallel_for(run.threads, objects_.size(), [&](std::size_t i) { refer(objects_[i]); });
}

bool Objects::is_reference(const elf::DynamicSymbol& symbol) {
    return !symbol.defined && !symbol.weak && !symbol.name.empty();
}

void Objects::index_names() {
    // Far more is defined than wanted.
    for (const Object& object : objects_) {
        for (const elf::DynamicSymbol& symbol : object.symbols) {
            if (is_reference(symbol)) {
                first_of_name_.try_emplace(symbol.name, none);
            }
        }
    }
    for (ObjectId id = 0; id < objects_.size(); ++id) {
        for (const elf::DynamicSymbol& symbol : objects_[id].symbols) {
            const auto first =
                symbol.defined ? first_of_name_.find(symbol.name) : first_of_name_.end();
            if (first != first_of_name_.end()) {
                const auto place = static_cast<std::uint32_t>(definitions_.size());
                definitions_.push_back({id, &symbol, first->second});
                first->second = place;
            }
        }
    }
}

void Objects::refer(Object& object) const {
    for (const elf::DynamicSymbol& symbol : object.symbols) {
        if (is_reference(symbol)) {
            object.references.push_back({&symbol, first_of_name_.at(symbol.name)});
        }
    }
}

std::optional<ObjectId> Objects::find(rootfs::NodeId node) const {
    const auto at = by_inode_.find(rootfs_[node].inode);
    return at == by_inode_.end() ? std::nullopt : std::optional(at->second);
}

bool Objects::same_machine(const Object& a, const Object& b) {
    return a.facts->abi.machine == b.facts->abi.machine && a.facts->abi.bits == b.facts->abi.bits;
}

bool Objects::answers(const Definition& definition, const elf::DynamicSymbol& wanted,
                      Lookup lookup) const {
    const elf::DynamicSymbol& found = *definition.symbol;
    if (lookup == Lookup::by_name) {
        return !found.hidden_version;
    }
    const std::vector<std::string>& versions =
        objects_[definition.object].facts->version_definitions;
    if (!wanted.version.empty()) {
        return found.version == wanted.version || versions.empty();
    }
    // Without a version the default one answers, or the oldest: the first behind the base.
    return !found.hidden_version || (versions.size() > 1 && found.version == versions[1]);
}

}  // namespace slimimg::slim::proof
