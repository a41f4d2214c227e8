#include "closure/rules/process.hpp"
#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

/// A shared object that is kept for another reason than a link needs its own libraries once the
/// program loads it.
void inspect(Evidence& evidence, rootfs::NodeId node) {
    const elf::ElfFacts* facts = evidence.elf(node);
    if (facts == nullptr || !facts->dynamic || facts->is_program()) {
        return;
    }
    const auto process = process_of(evidence, node);
    if (!process || !process->extended) {
        return;  // what a program's own link has is kept with the program
    }
    const auto host = evidence.links().find(process->link().program);
    keep_objects(evidence, process->link(), process->object + 1,
                 host == evidence.links().end() ? 0 : host->second.missing.size());
}

}  // namespace

const Rule module{.id = "module",
                  .summary = "libraries of a shared object that the program loads as it runs",
                  .inspect = inspect};

}  // namespace slimimg::closure::rules
