#include "closure/rules/starting.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "slimimg/base/path.hpp"

#include "closure/rules/constant_strings.hpp"

namespace slimimg::closure {

bool starts_programs(Evidence& evidence, rootfs::NodeId node) {
    const elf::ElfFacts* facts = evidence.elf(node);
    if (!facts->is_program() || !facts->dynamic) {
        return facts->is_program();
    }
    const auto& imports = evidence.imports(node);
    return std::any_of(imports.begin(), imports.end(), [](std::string_view symbol) {
        return symbol.find("exec") != std::string_view::npos ||
               symbol.find("spawn") != std::string_view::npos || symbol == "system" ||
               symbol == "popen";
    });
}

bool starts_what_it_is_given(std::string_view path) {
    static constexpr std::array<std::string_view, 6> wrappers{"chroot", "env",    "nice",
                                                              "nohup",  "stdbuf", "timeout"};
    return std::find(wrappers.begin(), wrappers.end(), path::basename(path)) != wrappers.end();
}

bool is_go_program(Evidence& evidence, rootfs::NodeId node) {
    return has_unterminated_strings(evidence, node) &&
           contains(as_bytes(evidence.text(node)), "\xff Go buildinf:");
}

bool may_start_programs(Evidence& evidence, rootfs::NodeId node) {
    if (!is_go_program(evidence, node)) {
        return starts_programs(evidence, node);
    }
    const Bytes file = as_bytes(evidence.text(node));
    return contains(file, "os/exec.(*Cmd)") || contains(file, "os.StartProcess");
}

}  // namespace slimimg::closure
