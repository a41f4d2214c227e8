#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "slimimg/base/one_of.hpp"
#include "slimimg/base/path.hpp"
#include "slimimg/elf/literals.hpp"

#include "closure/rules/layers.hpp"
#include "closure/rules/path_programs.hpp"
#include "closure/rules/rules.hpp"
#include "closure/rules/starting.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::Node;
using rootfs::NodeId;

/// What an interpreter names is what scripts may start; these have rules of their own.
bool is_interpreter(std::string_view name) {
    static constexpr std::array<std::string_view, 8> names{"bun",  "deno", "java", "lua",
                                                           "node", "perl", "php",  "ruby"};
    const std::string_view stem = name.substr(0, name.find_first_of("-.0123456789"));
    return stem == "python" || is_one_of(stem, names);
}

/// What was installed by name: beside a package's program to be started by it. The compressors are
/// names of formats too, which most read by a library; the origin's own ones are rule
/// child-program's.
ProgramNames for_packages(Evidence& evidence, NodeId) {
    static constexpr std::array<std::string_view, 5> formats{"bzip2", "gzip", "lz4", "xz", "zstd"};
    const PackageDb& packages = evidence.packages();
    return programs_in_path(evidence, [&](NodeId program, std::string_view name) {
        const auto owner = packages.owner(program);
        return owner && packages[*owner].asked_for && !is_one_of(name, formats) &&
               evidence.remembered(is_installed_on_top, program);
    });
}

/// A program that starts others has their names in it. It is compiled from anything, so that a name
/// counts only as a whole literal; what a package's program could start is mostly left out.
void inspect(Evidence& evidence, NodeId node) {
    const elf::ElfFacts* facts = evidence.elf(node);
    const Node& program = evidence.rootfs()[node];
    if (facts == nullptr || !facts->is_program() || is_interpreter(path::basename(program.path)) ||
        starts_what_it_is_given(program.path)) {
        return;
    }
    const bool packed = evidence.packages().owner(node).has_value();
    const auto& names = packed ? evidence.noted("programs installed by name", 0, for_packages)
                               : programs_for_applications(evidence);
    // The cheapest first: a program's bytes are searched only where there is something to find.
    if (names.empty() || (packed && !evidence.remembered(is_installed_on_top, node)) ||
        !may_start_programs(evidence, node)) {
        return;
    }
    for (const std::string& name : elf::find_literals(as_bytes(evidence.text(node)), names)) {
        const auto found = evidence.find_program(name).node;
        if (found && *found != node && !evidence.packages().have_same_origin(*found, node)) {
            evidence.keep_program(name, {named_program.id, node, Confidence::likely,
                                         "may start programs and names " + name});
        }
    }
}

}  // namespace

const Rule named_program{.id = "named-program",
                         .summary = "a program in PATH that a compiled program has the name of",
                         .inspect = inspect};

}  // namespace slimimg::closure::rules
