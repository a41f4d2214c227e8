#include <algorithm>
#include <array>
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

/// By dlopen, or by what stands before it in NSPR, GLib, libtool, SDL, APR and libuv.
bool loads_libraries(Evidence& evidence, rootfs::NodeId node) {
    static constexpr std::array<std::string_view, 12> functions{
        "dlopen",        "dlmopen",        "PR_LoadLibrary", "PR_LoadLibraryWithFlags",
        "g_module_open", "lt_dlopen",      "lt_dlopenext",   "lt_dlopenadvise",
        "apr_dso_load",  "SDL_LoadObject", "uv_dlopen",      "g_module_open_full"};
    return std::any_of(functions.begin(), functions.end(),
                       [&](std::string_view function) { return evidence.imports(node, function); });
}

/// What a file with dlopen says of libraries.
struct Named {
    std::set<std::string_view> libraries;  ///< names
    std::set<std::string_view> versioned;  ///< "libicuuc.so", of "libicuuc.so.%d"
    bool appends_version = false;          ///< prints a name, a full stop and more ("%s.%s%d")
};

Named read_names(Evidence& evidence, rootfs::NodeId node) {
    Named named;
    for_each_string(evidence, node, [&](std::string_view text) {
        const std::size_t format = text.find(".%");
        if (is_library_name(text)) {
            named.libraries.insert(text);
        } else if (format != text.npos && text.substr(0, format).ends_with(".so") &&
                   is_library_name(text.substr(0, format))) {
            named.versioned.insert(text.substr(0, format));
        } else if (format != text.npos && text.starts_with("%s.%")) {
            named.appends_version = true;
        }
    });
    return named;
}

Reason reason_for(rootfs::NodeId caller, std::string_view name, std::string_view how) {
    return {library_name.id, caller, is_for_the_host(name) ? Confidence::hint : Confidence::likely,
            std::string(name) + ", " + std::string(how) +
                " in its data beside an import of dlopen or its like"};
}

/// .NET opens "libicuuc.so" with one number after the other, until there is such a file
/// (pal_icushim.c).
void keep_versions(Evidence& evidence, rootfs::NodeId node,
                   const std::set<std::string_view>& libraries) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    if (libraries.empty() || !evidence.afford(library_name.id, node, tree.size())) {
        return;
    }
    std::set<std::string_view> names;
    for (const rootfs::Node& other : tree.nodes()) {
        const std::string_view name = path::basename(other.path);
        const std::size_t so = other.is_directory() ? name.npos : name.find(".so.");
        if (so != name.npos && libraries.contains(name.substr(0, so + 3)) &&
            name.find_first_not_of("0123456789.", so + 3) == name.npos) {
            names.insert(name);
        }
    }
    for (const std::string_view name : names) {
        keep_dlopened(evidence, node, name, reason_for(node, name, "named without its version"));
    }
}

void inspect(Evidence& evidence, rootfs::NodeId node) {
    const elf::ElfFacts* facts = evidence.elf(node);
    if (facts == nullptr || !facts->dynamic || !loads_libraries(evidence, node)) {
        return;
    }
    Named named = read_names(evidence, node);
    for (const std::string_view name : named.libraries) {
        const bool found = keep_dlopened(evidence, node, name, reason_for(node, name, "named"));
        if (!found && named.appends_version && name.ends_with(".so")) {
            named.versioned.insert(name);
        }
    }
    keep_versions(evidence, node, named.versioned);
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
