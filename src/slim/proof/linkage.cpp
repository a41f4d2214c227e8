#include "slim/proof/linkage.hpp"

#include <algorithm>

namespace slimimg::slim::proof {

void check_libraries(const std::vector<Process>& processes, const rootfs::Rootfs& tree,
                     Linkage& linkage) {
    for (const Process& process : processes) {
        const closure::Link& link = process.link;
        const Text& program = tree[link.program].path;
        if (link.missing_interpreter && !process.is_module) {
            linkage.gaps.push_back(
                {program, program, "interpreter", *link.missing_interpreter, "named by PT_INTERP"});
        }
        for (const closure::MissingLibrary& library : link.missing) {
            linkage.gaps.push_back(
                {program, tree[library.needed_by].path, "library", library.name, library.problem});
        }
    }
}

Linkage check_linkage(closure::ElfStore& store, const std::vector<std::string>& files,
                      const closure::LoaderEnvironment& environment, const RunOptions& run) {
    const std::vector<rootfs::NodeId> nodes = elf_files(store, files);
    const std::vector<Process> processes = link_all(store, nodes, environment);
    Linkage linkage;
    linkage.programs = static_cast<std::size_t>(
        std::count_if(processes.begin(), processes.end(),
                      [](const Process& process) { return !process.is_module; }));
    linkage.libraries = static_cast<std::size_t>(
        std::count_if(nodes.begin(), nodes.end(),
                      [&](rootfs::NodeId node) { return is_library(*store.facts(node)); }));
    check_libraries(processes, store.rootfs(), linkage);
    check_versions(processes, store, linkage);
    check_symbols(processes, nodes, store, run, linkage);
    std::sort(linkage.gaps.begin(), linkage.gaps.end(),
              [](const Gap& a, const Gap& b) { return a.key() < b.key(); });
    return linkage;
}

}  // namespace slimimg::slim::proof
