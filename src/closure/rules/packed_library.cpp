#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/archive/zip.hpp"
#include "slimimg/base/one_of.hpp"
#include "slimimg/base/path.hpp"

#include "closure/rules/process.hpp"
#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::Node;
using rootfs::NodeId;
using Names = std::set<std::string, std::less<>>;

constexpr std::size_t largest_member = 256UL << 20;
constexpr int deepest = 3;

bool is_archive(std::string_view name) {
    static constexpr std::array<std::string_view, 8> endings{".jar", ".war", ".ear",  ".whl",
                                                             ".egg", ".pyz", ".pyzw", ".zip"};
    return ends_with_one_of(name, endings);
}

bool is_library(std::string_view name) {
    const std::string_view base = path::basename(name);
    return base.ends_with(".so") || base.find(".so.") != std::string_view::npos;
}

/// "62 64 libgomp.so.1": what the libraries in an archive, and in archives inside it, need, with
/// the machine that they are for.
void add_needed(Bytes archive, int depth, const Limits& limits, Names& needed) {
    for (const archive::ZipMember& member : archive::zip_members(archive)) {
        const bool nested = is_archive(member.name) && depth < deepest;
        if (!nested && !is_library(member.name)) {
            continue;
        }
        const auto content = archive::zip_content(member, largest_member);
        if (!content) {
            continue;
        }
        if (nested) {
            add_needed(content->bytes, depth + 1, limits, needed);
            continue;
        }
        const auto facts = elf::read_facts(content->bytes, limits);
        for (const std::string& library : facts ? facts->needed : std::vector<std::string>()) {
            needed.insert(std::to_string(facts->abi.machine) + ' ' +
                          std::to_string(facts->abi.bits) + ' ' + library);
        }
    }
}

Names needed_by_archive(Evidence& evidence, NodeId node) {
    Names needed;
    add_needed(as_bytes(evidence.text(node)), 0, evidence.elves().limits(), needed);
    return needed;
}

/// The interpreters that unpack libraries from archives: they load what the archive's are linked
/// with from the system.
std::vector<NodeId> loading_programs(Evidence& evidence) {
    std::vector<NodeId> programs;
    for (const auto& [program, link] : evidence.links()) {
        const std::string_view name = path::basename(evidence.rootfs()[program].path);
        if (link.kind != Link::Kind::none && (name == "java" || name.starts_with("python"))) {
            programs.push_back(program);
        }
    }
    return programs;
}

/// The program may be kept after the archive.
void settle(Evidence& evidence) {
    const std::vector<NodeId> programs = loading_programs(evidence);
    if (programs.empty()) {
        return;
    }
    std::vector<NodeId> archives;
    for (const auto& [node, reasons] : evidence.kept()) {
        const Node& file = evidence.rootfs()[node];
        if (file.is_file() && is_archive(file.path)) {
            archives.push_back(node);
        }
    }
    for (const NodeId node : archives) {
        for (const std::string& entry : evidence.noted("packed-library", node, needed_by_archive)) {
            for (const NodeId program : programs) {
                const elf::Abi& abi = evidence.elf(program)->abi;
                const std::string machine =
                    std::to_string(abi.machine) + ' ' + std::to_string(abi.bits) + ' ';
                if (entry.starts_with(machine)) {
                    const std::string name = entry.substr(machine.size());
                    keep_dlopened(evidence, program, name,
                                  {packed_library.id, node, Confidence::likely,
                                   "a library inside it needs " + name});
                }
            }
        }
    }
}

}  // namespace

const Rule packed_library{.id = "packed-library",
                          .summary = "a library that one inside an archive is linked with",
                          .settle = settle};

}  // namespace slimimg::closure::rules
