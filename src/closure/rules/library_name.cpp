#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "slimimg/base/path.hpp"

#include "closure/rules/constant_strings.hpp"
#include "closure/rules/folders.hpp"
#include "closure/rules/process.hpp"
#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

/// "libcuda.so.1", "/opt/x/libx.so": what a dlopen call may be given; nothing that a format string
/// or a sentence could be.
bool is_library_name(std::string_view text) {
    if (text.find(".so") == std::string_view::npos) {
        return false;  // as of nearly all texts
    }
    const std::string_view name = path::basename(text);
    const std::size_t so = name.find(".so");
    const bool plain = name.find_first_not_of(
                           "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                           "._+-") == std::string_view::npos;
    return plain && so != std::string_view::npos && so > 2 &&
           (name.size() == so + 3 || name[so + 3] == '.') &&
           (name.starts_with("lib") || name.size() != text.size());
}

bool loads_libraries(Evidence& evidence, rootfs::NodeId node) {
    return evidence.imports(node, "dlopen") || evidence.imports(node, "dlmopen");
}

void inspect(Evidence& evidence, rootfs::NodeId node) {
    const elf::ElfFacts* facts = evidence.elf(node);
    if (facts == nullptr || !facts->dynamic || !loads_libraries(evidence, node)) {
        return;
    }
    std::set<std::string_view> names;
    for_each_string(evidence, node, [&](std::string_view text) {
        if (is_library_name(text)) {
            names.insert(text);
        }
    });
    for (const std::string_view name : names) {
        keep_dlopened(
            evidence, node, name,
            {library_name.id, node, is_for_the_host(name) ? Confidence::hint : Confidence::likely,
             std::string(name) + ", named in its data beside an import of dlopen"});
    }
}

bool is_loading_program(Evidence& evidence, rootfs::NodeId node) {
    const elf::ElfFacts* facts = evidence.elf(node);
    return facts != nullptr && facts->is_program() && loads_libraries(evidence, node);
}

/// Takes those out of `silent` that evidence for a library beyond the link comes from. What is
/// named is looked into last: it may be large and not be needed.
void take_out(Evidence& evidence, const std::map<rootfs::NodeId, std::vector<Reason>>& nodes,
              std::vector<bool>& silent) {
    for (const auto& [node, reasons] : nodes) {
        for (const Reason& reason : reasons) {
            if (reason.from && silent[*reason.from] && reason.rule != link.id &&
                (reason.rule == named_path.id || evidence.elf(node) != nullptr)) {
                silent[*reason.from] = false;
            }
        }
    }
}

/// A program that loads libraries and names none, and no folder of them, gets the names from
/// somewhere else.
void settle(Evidence& evidence) {
    std::vector<bool> silent(evidence.rootfs().size(), false);
    for (const auto& [node, reasons] : evidence.kept()) {
        silent[node] = is_loading_program(evidence, node);
    }
    take_out(evidence, evidence.kept(), silent);
    take_out(evidence, evidence.hinted(), silent);  // too weak, and yet it tells of one
    for (const auto& [program, reasons] : evidence.kept()) {
        if (silent[program]) {
            evidence.diagnose({Severity::note, "dlopen-unknown", evidence.rootfs()[program].path,
                               "calls dlopen, and nothing in it tells of which library; "
                               "--include PATH keeps one",
                               true});
        }
    }
}

}  // namespace

const Rule library_name{.id = "library-name",
                        .summary = "a library that a file with dlopen names in its data",
                        .inspect = inspect,
                        .settle = settle};

}  // namespace slimimg::closure::rules
