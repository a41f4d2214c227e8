#include "slimimg/base/path.hpp"

#include "closure/rules/process.hpp"
#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

/// What could not be read of a file; one that was not read at all may need anything.
void tell_damage(Evidence& evidence, rootfs::NodeId node, const elf::ElfFacts& facts) {
    const Text& path = evidence.rootfs()[node].path;
    for (Diagnostic damage : facts.diagnostics) {
        if (damage.severity == Severity::error) {
            evidence.unresolved({.name = std::string(path::basename(path)),
                                 .needed_by = node,
                                 .kind = "readable ELF file",
                                 .detail = damage.message});
        }
        damage.path = path;
        evidence.diagnose(std::move(damage));
    }
}

void inspect(Evidence& evidence, rootfs::NodeId node) {
    const elf::ElfFacts* facts = evidence.elf(node);
    if (facts != nullptr) {
        tell_damage(evidence, node, *facts);
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
                .inspect = inspect};

}  // namespace slimimg::closure::rules
