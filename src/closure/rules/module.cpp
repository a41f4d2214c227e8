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
    if (const auto process = process_of(evidence, node)) {
        const auto missing_before = [&] {
            const auto host = evidence.links().find(process->link.program);
            return host == evidence.links().end() ? 0 : host->second.missing.size();
        };
        keep_objects(evidence, process->link, process->object + 1, missing_before());
    }
}

}  // namespace

const Rule module{.id = "module",
                  .summary = "libraries of a shared object that the program loads as it runs",
                  .inspect = inspect};

}  // namespace slimimg::closure::rules
