#include <algorithm>
#include <array>
#include <string>

#include "slimimg/base/path.hpp"

#include "closure/rules/constant_strings.hpp"
#include "closure/rules/process.hpp"
#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::NodeId;

bool imports_any(Evidence& evidence, NodeId node, const auto& symbols) {
    return std::any_of(symbols.begin(), symbols.end(),
                       [&](std::string_view symbol) { return evidence.imports(node, symbol); });
}

/// glibc loads libgcc_s.so.1 itself to unwind (sysdeps/nptl/unwind-forcedunwind.c,
/// debug/backtrace.c): no NEEDED tells of it.
void keep_unwinder(Evidence& evidence, NodeId node) {
    static constexpr std::array<std::string_view, 6> unwinding{
        "pthread_exit", "pthread_cancel",    "thrd_exit",
        "backtrace",    "backtrace_symbols", "__pthread_unwind_next"};
    if (imports_any(evidence, node, unwinding)) {
        keep_dlopened(evidence, node, "libgcc_s.so.1",
                      {hidden_library.id, node, Confidence::required,
                       "libgcc_s.so.1, which glibc loads to end a thread or trace its calls"});
    }
}

/// Converts "ISO-8859-15//TRANSLIT" to the form that gconv-modules compares: upper case, and what
/// follows the slashes gone.
std::string charset_key(std::string_view name) {
    std::string key(name.substr(0, name.find('/')));
    std::transform(key.begin(), key.end(), key.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return key;
}

/// iconv loads its converters from the folder of gconv-modules (iconv/gconv_conf.c). Converters of
/// the common charsets stay, and those that the program names.
void keep_converters(Evidence& evidence, NodeId node) {
    static constexpr std::array<std::string_view, 2> converting{"iconv_open", "__gconv_open"};
    // libstdc++ converts for programs that instantiate __gnu_cxx::encoding_state, whose inline
    // functions have them import iconv_open themselves.
    const bool for_others = evidence.elf(node)->soname.value_or("").starts_with("libstdc++.so.");
    if (for_others || !imports_any(evidence, node, converting)) {
        return;
    }
    static constexpr std::array<std::string_view, 9> common{
        "UTF-16.so",     "UTF-32.so", "UTF-7.so",       "UNICODE.so",  "ISO8859-1.so",
        "ISO8859-15.so", "CP1252.so", "ANSI_X3.110.so", "ISO8859-2.so"};
    const rootfs::Rootfs& tree = evidence.rootfs();
    const auto process = process_of(evidence, node);
    if (!process) {
        return;
    }
    std::vector<NodeId> folders;
    for (const LoadedObject& object : process->link().objects) {
        const auto folder = tree.find(path::join(path::parent(tree[object.file].path), "gconv"));
        if (folder && std::find(folders.begin(), folders.end(), *folder) == folders.end()) {
            folders.push_back(*folder);
        }
    }
    for (const NodeId folder : folders) {
        for (const NodeId file : tree.children(folder)) {
            const std::string_view name = path::basename(tree[file].path);
            const bool wanted = name.starts_with("gconv-modules") ||
                                std::find(common.begin(), common.end(), name) != common.end();
            if (wanted) {
                evidence.keep_path(tree[file].path, {hidden_library.id, node, Confidence::likely,
                                                     "imports iconv_open, which loads converters"});
            }
        }
        for_each_string(evidence, node, [&](std::string_view text) {
            if (text.size() < 24) {
                const std::string file = charset_key(text) + ".so";
                if (tree.child(folder, file)) {
                    evidence.keep_path(path::join(tree[folder].path, file),
                                       {hidden_library.id, node, Confidence::likely,
                                        "imports iconv_open and names " + std::string(text)});
                }
            }
        });
    }
}

void inspect(Evidence& evidence, NodeId node) {
    const elf::ElfFacts* facts = evidence.elf(node);
    if (facts == nullptr || !facts->dynamic || is_c_library(evidence, node)) {
        return;
    }
    keep_unwinder(evidence, node);
    keep_converters(evidence, node);
}

}  // namespace

const Rule hidden_library{.id = "hidden-library",
                          .summary = "the C library loads it for what the program calls",
                          .inspect = inspect};

}  // namespace slimimg::closure::rules
