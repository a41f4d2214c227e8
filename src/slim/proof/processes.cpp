#include "slim/proof/processes.hpp"

#include <set>

namespace slimimg::slim::proof {
namespace {

using closure::ElfStore;
using closure::Link;
using closure::LoaderEnvironment;
using rootfs::NodeId;

bool is_program(const elf::ElfFacts& facts) {
    return facts.is_program() && !is_library(facts);
}

std::optional<Link> link_in(ElfStore& store, const Link& program, NodeId module,
                            const LoaderEnvironment& environment) {
    Link link = program;
    const std::size_t missing = link.missing.size();
    const Text& path = store.rootfs()[module].path;
    if (!closure::link_module(store, link, path, 0, environment) || link.missing.size() > missing) {
        return std::nullopt;
    }
    link.missing.clear();  // the program's own, which are told of in its own process
    return link;
}

Process link_as_module(ElfStore& store, const std::vector<Process>& programs, NodeId module,
                       const LoaderEnvironment& environment) {
    Process process{closure::link_program(store, module, environment), true};
    for (std::size_t i = 0; !process.link.missing.empty() && i < programs.size(); ++i) {
        if (programs[i].is_module || programs[i].is_static()) {
            continue;
        }
        if (auto link = link_in(store, programs[i].link, module, environment)) {
            process.link = std::move(*link);
        }
    }
    process.link.program = module;
    return process;
}

}  // namespace

bool is_library(const elf::ElfFacts& facts) {
    return facts.dynamic && facts.type == elf::ElfFacts::Type::shared &&
           (facts.soname || !facts.is_program());
}

std::vector<NodeId> elf_files(ElfStore& store, const std::vector<std::string>& files) {
    const rootfs::Rootfs& tree = store.rootfs();
    std::set<NodeId> nodes;
    for (const std::string& file : files) {
        const auto node = tree.find(file);
        if (node && tree[*node].is_file() && store.facts(*node) != nullptr) {
            nodes.insert(tree[*node].inode);
        }
    }
    return {nodes.begin(), nodes.end()};
}

std::vector<Process> link_all(ElfStore& store, const std::vector<NodeId>& files,
                              const LoaderEnvironment& environment) {
    std::vector<Process> processes;
    std::set<NodeId> part_of_program;
    for (const NodeId file : files) {
        if (is_program(*store.facts(file))) {
            processes.push_back({closure::link_program(store, file, environment), false});
            for (const closure::LoadedObject& object : processes.back().link.objects) {
                part_of_program.insert(store.rootfs()[object.file].inode);
            }
        }
    }
    for (const NodeId file : files) {
        if (is_library(*store.facts(file)) && !part_of_program.contains(file)) {
            processes.push_back(link_as_module(store, processes, file, environment));
        }
    }
    return processes;
}

}  // namespace slimimg::slim::proof
