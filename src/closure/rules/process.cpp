#include "closure/rules/process.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <set>

#include "closure/rules/rules.hpp"

namespace slimimg::closure {
namespace {

using rootfs::NodeId;

std::optional<std::size_t> index_of(const Link& link, NodeId inode, const rootfs::Rootfs& tree) {
    const auto at = std::find_if(link.objects.begin(), link.objects.end(), [&](const auto& object) {
        return tree[object.file].inode == inode;
    });
    if (at == link.objects.end()) {
        return std::nullopt;
    }
    return static_cast<std::size_t>(at - link.objects.begin());
}

/// The nearest program up the chain of reasons that a module of this ABI can be loaded into.
std::optional<NodeId> host_above(Evidence& evidence, NodeId object, const elf::Abi& abi) {
    const auto can_host = [&](NodeId node) {
        const auto link = evidence.links().find(node);
        const elf::ElfFacts* facts = evidence.elf(node);
        return link != evidence.links().end() && link->second.kind != Link::Kind::none &&
               facts != nullptr && facts->abi.machine == abi.machine && facts->abi.bits == abi.bits;
    };
    std::deque<NodeId> work{object};
    std::set<NodeId> seen{object};
    while (!work.empty()) {
        const NodeId node = work.front();
        work.pop_front();
        if (can_host(node)) {
            return node;
        }
        const auto reasons = evidence.kept().find(node);
        if (reasons == evidence.kept().end()) {
            continue;
        }
        for (const Reason& reason : reasons->second) {
            if (reason.from && seen.insert(*reason.from).second) {
                work.push_back(*reason.from);
            }
        }
    }
    for (const auto& [program, link] : evidence.links()) {
        if (can_host(program)) {
            return program;
        }
    }
    return std::nullopt;
}

std::string joined(const std::vector<std::string>& folders) {
    std::string text;
    for (const std::string& folder : folders) {
        text += (text.empty() ? "" : ":") + folder;
    }
    return text;
}

void keep_object(Evidence& evidence, NodeId from, const LoadedObject& object,
                 const Reason& reason) {
    for (const NodeId step : object.links) {
        evidence.keep(step, reason);
    }
    if (object.file != from) {
        evidence.keep(object.file, reason);
    }
    for (const Alternative& alternative : object.alternatives) {
        Reason other = reason;
        other.detail = object.name + ", taken instead from " + alternative.why;
        for (const NodeId step : alternative.links) {
            evidence.keep(step, other);
        }
        evidence.keep(alternative.file, other);
    }
}

/// Drivers for graphics and video hardware link the kernel's interface to it. A container has the
/// device only where an engine lends it, and then the driver that fits comes with it.
bool is_hardware_driver(Evidence& evidence, NodeId node) {
    static constexpr std::array<std::string_view, 3> interfaces{"libdrm.so.", "libOpenCL.so.",
                                                                "libcuda.so."};
    const elf::ElfFacts* facts = evidence.elf(node);
    return facts != nullptr &&
           std::any_of(facts->needed.begin(), facts->needed.end(), [](std::string_view needed) {
               return std::any_of(
                   interfaces.begin(), interfaces.end(),
                   [&](std::string_view interface) { return needed.starts_with(interface); });
           });
}

}  // namespace

std::optional<Process> process_of(Evidence& evidence, NodeId object) {
    const elf::ElfFacts* facts = evidence.elf(object);
    if (facts == nullptr || facts->type == elf::ElfFacts::Type::relocatable) {
        return std::nullopt;
    }
    const NodeId inode = evidence.rootfs()[object].inode;
    const auto host = host_above(evidence, object, facts->abi);
    if (!host) {
        if (!facts->dynamic) {
            return std::nullopt;
        }
        return Process{.extended =
                           link_program(evidence.elves(), object, evidence.loader_environment())};
    }
    const Link& program = evidence.links().at(*host);
    if (const auto index = index_of(program, inode, evidence.rootfs())) {
        return Process{.program = &program, .object = *index};
    }
    for (const auto& [other, link] : evidence.links()) {
        if (const auto index = index_of(link, inode, evidence.rootfs())) {
            return Process{.program = &link, .object = *index};
        }
    }
    Link extended = program;
    const auto index = link_module(evidence.elves(), extended, evidence.rootfs()[object].path, 0,
                                   evidence.loader_environment());
    if (!index) {
        return std::nullopt;
    }
    return Process{.extended = std::move(extended), .object = *index};
}

void keep_objects(Evidence& evidence, const Link& link, std::size_t first,
                  std::size_t first_missing) {
    // What was loaded before may have been found by a further name now.
    for (std::size_t i = 0; i < first && i < link.objects.size(); ++i) {
        for (const NodeId step : link.objects[i].links) {
            if (!evidence.is_kept(step) && evidence.is_kept(link.objects[i].file)) {
                evidence.keep(step, {rules::link.id, link.program, Confidence::required,
                                     "another name of " + link.objects[i].name});
            }
        }
    }
    for (std::size_t i = first; i < link.objects.size(); ++i) {
        const LoadedObject& object = link.objects[i];
        const NodeId from = object.loaded_by ? link.objects[*object.loaded_by].file : link.program;
        const std::string found = object.found_by.empty() ? "" : ", found by " + object.found_by;
        keep_object(evidence, from, object,
                    {rules::link.id, from, Confidence::required, object.name + found});
    }
    for (std::size_t i = first_missing; i < link.missing.size(); ++i) {
        evidence.unresolved({.name = link.missing[i].name,
                             .needed_by = link.missing[i].needed_by,
                             .kind = "library",
                             .detail = "searched " + joined(link.missing[i].searched)});
    }
    for (const Diagnostic& diagnostic : link.diagnostics) {
        evidence.diagnose(diagnostic);
    }
}

bool keep_dlopened(Evidence& evidence, NodeId caller, std::string_view name, const Reason& reason) {
    auto process = process_of(evidence, caller);
    if (!process) {
        return false;
    }
    Link link = process->extended ? *std::move(process->extended) : Link(*process->program);
    const std::size_t known = link.objects.size();
    const std::size_t known_missing = link.missing.size();
    const auto index =
        link_module(evidence.elves(), link, name, process->object, evidence.loader_environment());
    if (!index) {
        return false;
    }
    Reason judged = reason;
    if (*index >= known && reason.confidence == Confidence::likely &&
        is_hardware_driver(evidence, link.objects[*index].file)) {
        judged.confidence = Confidence::hint;
    }
    keep_object(evidence, caller, link.objects[*index], judged);
    if (evidence.is_kept(link.objects[*index].file) && *index >= known) {
        keep_objects(evidence, link, *index + 1, known_missing);
    }
    return true;
}

}  // namespace slimimg::closure
