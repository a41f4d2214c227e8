#include <set>
#include <utility>

#include "slimimg/base/parallel.hpp"

#include "slim/proof/linkage.hpp"
#include "slim/proof/objects.hpp"

namespace slimimg::slim::proof {
namespace {

using closure::Link;
using closure::LoadedObject;
using rootfs::NodeId;

/// The files and what else their processes load, one node each.
std::vector<NodeId> all_objects(const std::vector<Process>& processes,
                                const std::vector<NodeId>& files, closure::ElfStore& store) {
    std::set<NodeId> all(files.begin(), files.end());
    for (const Process& process : processes) {
        for (const LoadedObject& object : process.link.objects) {
            all.insert(store.rootfs()[object.file].inode);
        }
    }
    std::erase_if(all, [&](NodeId node) { return store.facts(node) == nullptr; });
    return {all.begin(), all.end()};
}

/// The objects whose references are looked up in a process.
std::vector<ObjectId> asking_objects(const Process& process, const Objects& objects) {
    std::vector<ObjectId> asking;
    if (process.is_module) {
        if (const auto id = objects.find(process.link.program)) {
            asking.push_back(*id);
        }
        return asking;
    }
    for (const LoadedObject& object : process.link.objects) {
        if (const auto id = objects.find(object.file)) {
            asking.push_back(*id);
        }
    }
    return asking;
}

std::vector<Gap> gaps_of(const Process& process, const Objects& objects,
                         const rootfs::Rootfs& tree) {
    const Lookup lookup =
        process.link.kind == Link::Kind::musl ? Lookup::by_name : Lookup::versioned;
    const std::vector<ObjectId> asking = asking_objects(process, objects);
    std::vector<bool> scope(objects.size(), process.is_module);
    for (const ObjectId id : asking) {
        scope[id] = true;
    }
    std::vector<Gap> gaps;
    for (const ObjectId id : asking) {
        for (const Objects::Reference& reference : objects[id].references) {
            if (objects.resolves(id, reference, lookup,
                                 [&](ObjectId other) { return scope[other]; })) {
                continue;
            }
            const elf::DynamicSymbol& symbol = *reference.symbol;
            std::string name(symbol.name);
            if (!symbol.version.empty()) {
                name.append("@").append(symbol.version);
            }
            gaps.push_back({tree[process.link.program].path, tree[objects[id].node].path, "symbol",
                            std::move(name), ""});
        }
    }
    return gaps;
}

}  // namespace

void check_symbols(const std::vector<Process>& processes, const std::vector<NodeId>& files,
                   closure::ElfStore& store, const RunOptions& run, Linkage& linkage) {
    const rootfs::Rootfs& tree = store.rootfs();
    const Objects objects(store, all_objects(processes, files, store), run);
    std::vector<std::vector<Gap>> gaps(processes.size());
    parallel_for(run.threads, processes.size(), [&](std::size_t i) {
        gaps[i] =
            processes[i].is_static() ? std::vector<Gap>{} : gaps_of(processes[i], objects, tree);
    });
    std::set<ObjectId> asking;
    std::set<std::pair<std::string, std::string>> undefined;
    for (std::size_t i = 0; i < processes.size(); ++i) {
        if (!processes[i].is_static()) {
            const auto ids = asking_objects(processes[i], objects);
            asking.insert(ids.begin(), ids.end());
        }
        for (Gap& gap : gaps[i]) {
            undefined.emplace(gap.object, gap.name);
            linkage.gaps.push_back(std::move(gap));
        }
    }
    for (const ObjectId id : asking) {
        linkage.symbols += objects[id].references.size();
    }
    linkage.symbols -= undefined.size();
}

}  // namespace slimimg::slim::proof
