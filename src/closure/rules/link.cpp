#include "slimimg/base/path.hpp"

#include "closure/rules/process.hpp"
#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

/// What could not be read of a file.
void tell_damage(Evidence& evidence, rootfs::NodeId node, const elf::ElfFacts& facts) {
    for (Diagnostic damage : facts.diagnostics) {
        damage.path = evidence.rootfs()[node].path;
        evidence.diagnose(std::move(damage));
    }
}

/// Also those that are not kept: a loader that passes one over finds no library.
void start(Evidence& evidence) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    for (rootfs::NodeId node = 0; node < tree.size(); ++node) {
        if (tree[node].header.size > evidence.elves().limits().elf_bytes &&
            tree[node].inode == node) {
            if (const elf::ElfFacts* facts = evidence.elf(node)) {
                tell_damage(evidence, node, *facts);
            }
        }
    }
}

/// A file that was not read at all may need anything.
void demand_readable(Evidence& evidence, rootfs::NodeId node, const elf::ElfFacts& facts) {
    for (const Diagnostic& damage : facts.diagnostics) {
        if (damage.severity == Severity::error) {
            evidence.unresolved({.name = std::string(path::basename(evidence.rootfs()[node].path)),
                                 .needed_by = node,
                                 .kind = "readable ELF file",
                                 .detail = damage.message});
        }
    }
}

void inspect(Evidence& evidence, rootfs::NodeId node) {
    const elf::ElfFacts* facts = evidence.elf(node);
    if (facts != nullptr) {
        tell_damage(evidence, node, *facts);
        demand_readable(evidence, node, *facts);
    }
    if (facts == nullptr || !facts->is_program() || evidence.links().contains(node)) {
        return;
    }
    const Link& process =
        evidence.links()
            .emplace(node, link_program(evidence.elves(), node, evidence.loader_environment()))
            .first->second;
    keep_objects(evidence, process, 1, 0);
    for (const LoaderFile& file : process.files) {
        evidence.keep(file.file, {link.id, node, Confidence::required, file.why});
    }
    if (process.missing_interpreter) {
        evidence.unresolved({.name = *process.missing_interpreter,
                             .needed_by = node,
                             .kind = "interpreter",
                             .detail = "no file of the image answers PT_INTERP"});
    }
}

}  // namespace

const Rule link{.id = "link",
                .summary = "the dynamic loader maps it before the program starts",
                .start = start,
                .inspect = inspect};

}  // namespace slimimg::closure::rules
