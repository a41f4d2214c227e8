#include "closure/rules/called_library.hpp"

#include <deque>

#include "slimimg/base/path.hpp"

#include "closure/rules/process.hpp"

namespace slimimg::closure {
namespace {

using rootfs::NodeId;

/// Where libraries are: beside those of the program, and the loaders' common folders.
std::set<std::string> library_folders(Evidence& evidence, NodeId program) {
    std::set<std::string> folders{"/lib", "/usr/lib", "/usr/lib64", "/usr/local/lib"};
    for (const LoadedObject& object : evidence.links().at(program).objects) {
        if (object.file != program) {
            folders.emplace(path::parent(evidence.rootfs()[object.file].path));
        }
    }
    return folders;
}

/// "libmagic.so.1" for "magic": what a search for the name finds, by the names that the linker and
/// the loader use, not by the file's full version.
std::set<std::string> libraries_called(Evidence& evidence, NodeId program, std::string_view name) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    const std::string start = "lib" + std::string(name) + ".so";
    std::set<std::string> found;
    for (const std::string& folder : library_folders(evidence, program)) {
        const auto node = tree.resolve(folder).node;
        if (!node) {
            continue;
        }
        for (const NodeId file : tree.children(*node)) {
            const std::string_view base = path::basename(tree[file].path);
            const std::string_view version =
                base.starts_with(start) ? base.substr(start.size()) : "?";
            if (version.empty() || (version.starts_with('.') && version.rfind('.') == 0)) {
                found.emplace(base);
            }
        }
    }
    return found;
}

std::set<std::string, std::less<>> read_callable(Evidence& evidence, NodeId) {
    std::set<std::string, std::less<>> names;
    for (const rootfs::Node& node : evidence.rootfs().nodes()) {
        const std::string_view name = path::basename(node.path);
        const std::size_t end = name.find(".so");
        if (!node.is_directory() && name.starts_with("lib") && end != name.npos) {
            names.emplace(name);
            names.emplace(name.substr(3, end - 3));
        }
    }
    return names;
}

}  // namespace

std::optional<NodeId> interpreter_of(Evidence& evidence, NodeId script) {
    std::deque<NodeId> work{script};
    std::set<NodeId> seen{script};
    while (!work.empty()) {
        const NodeId node = work.front();
        work.pop_front();
        if (const auto link = evidence.links().find(node);
            link != evidence.links().end() && link->second.kind != Link::Kind::none) {
            return node;
        }
        for (const Reason& reason : evidence.kept().at(node)) {
            if (reason.from && evidence.is_kept(*reason.from) && seen.insert(*reason.from).second) {
                work.push_back(*reason.from);
            }
        }
    }
    return std::nullopt;
}

std::optional<NodeId> machine_of(Evidence& evidence, NodeId code) {
    const auto is_machine = [&](NodeId program) {
        const std::string_view name = path::basename(evidence.rootfs()[program].path);
        return name == "java" || name == "dotnet" || name.starts_with("mono");
    };
    for (const auto& [program, link] : evidence.links()) {
        if (link.kind != Link::Kind::none && is_machine(program)) {
            return program;  // the config or a script names code and machine
        }
    }
    if (const auto program = interpreter_of(evidence, code)) {
        return program;
    }
    for (const auto& [program, link] : evidence.links()) {
        if (link.kind != Link::Kind::none) {
            return program;
        }
    }
    return std::nullopt;
}

bool keep_called_library(Evidence& evidence, NodeId program, std::string_view name,
                         const Reason& reason) {
    if (name.starts_with("lib") && name.find(".so") != std::string_view::npos) {
        return keep_dlopened(evidence, program, name, reason);
    }
    bool any = false;
    for (const std::string& library : libraries_called(evidence, program, name)) {
        any = keep_dlopened(evidence, program, library, reason) || any;
    }
    return any;
}

const std::set<std::string, std::less<>>& callable_libraries(Evidence& evidence) {
    return evidence.noted("callable libraries", 0, read_callable);
}

}  // namespace slimimg::closure
