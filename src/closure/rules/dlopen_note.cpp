#include "closure/rules/process.hpp"
#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

Confidence confidence_of(elf::DlopenNote::Priority priority) {
    switch (priority) {
        case elf::DlopenNote::Priority::required:
            return Confidence::required;
        case elf::DlopenNote::Priority::recommended:
            return Confidence::likely;
        case elf::DlopenNote::Priority::suggested:
            return Confidence::hint;
    }
    return Confidence::likely;
}

/// .note.dlopen (UAPI.12): the program itself says what it loads.
void inspect(Evidence& evidence, rootfs::NodeId node) {
    const elf::ElfFacts* facts = evidence.elf(node);
    if (facts == nullptr) {
        return;
    }
    for (const elf::DlopenNote& note : facts->dlopen_notes) {
        const Confidence confidence = confidence_of(note.priority);
        bool found = false;
        for (const std::string& soname : note.sonames) {
            found = keep_dlopened(evidence, node, soname,
                                  {dlopen_note.id, node, confidence,
                                   soname + (note.feature.empty() ? "" : " for " + note.feature)});
            if (found) {
                break;
            }
        }
        if (!found && confidence == Confidence::required && !note.sonames.empty()) {
            evidence.unresolved({.name = note.sonames.front(),
                                 .needed_by = node,
                                 .kind = "library",
                                 .detail = "named as required in .note.dlopen"});
        }
    }
}

}  // namespace

const Rule dlopen_note{.id = "dlopen-note",
                       .summary = "the file's own note names libraries that it loads",
                       .inspect = inspect};

}  // namespace slimimg::closure::rules
