#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "slimimg/base/path.hpp"

#include "closure/rules/bytecode_texts.hpp"
#include "closure/rules/called_library.hpp"
#include "closure/rules/folders.hpp"
#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::NodeId;

constexpr std::string_view assemblies = "/usr/lib/mono";

using DllMap = std::map<std::string, std::string, std::less<>>;

std::string_view attribute(std::string_view element, std::string_view name) {
    const std::size_t at = element.find(std::string(name).append("=\""));
    if (at == element.npos) {
        return {};
    }
    const std::string_view rest = element.substr(at + name.size() + 2);
    return rest.substr(0, rest.find('"'));
}

/// Mono's names of libraries for those that its assemblies import (mono-config(5)).
DllMap read_dll_map(Evidence& evidence) {
    DllMap map;
    const auto settings = evidence.rootfs().resolve("/etc/mono/config").node;
    if (!settings || !evidence.rootfs()[*settings].is_file()) {
        return map;
    }
    constexpr std::string_view start = "<dllmap ";
    const std::string_view text = evidence.text(*settings);
    for (std::size_t at = text.find(start); at != text.npos; at = text.find(start, at + 1)) {
        const std::string_view element = text.substr(at, text.substr(at).find('>'));
        const std::string_view system = attribute(element, "os");
        const std::string_view target = attribute(element, "target");
        if (!target.empty() && (system.empty() || system.starts_with('!'))) {
            map.emplace(attribute(element, "dll"), path::basename(target));
        }
    }
    return map;
}

/// "/usr/lib/mono/gac/System.Xml/4.0.0.0__…/System.Xml.dll", and the link beside the core library.
void keep_assembly(Evidence& evidence, const std::string& name, const Reason& reason) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    if (const auto folder = tree.find(path::join(assemblies, "gac/" + name))) {
        keep_folder(evidence, *folder, reason);
    }
    for (const std::string_view folder : {"4.5", "4.5/Facades"}) {
        evidence.keep_path(path::join(assemblies, std::string(folder) + "/" + name + ".dll"),
                           reason);
    }
}

/// The core library asks for the converters of charsets by the name I18N and an ending, and for
/// time zones.
void keep_of_core(Evidence& evidence, NodeId core) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    for (const NodeId file : tree.children(tree[core].parent)) {
        const std::string_view name = path::basename(tree[file].path);
        if (name.starts_with("I18N.")) {
            const Reason reason{mono.id, core, Confidence::likely, "converts charsets with it"};
            keep_assembly(evidence, std::string(name.substr(0, name.rfind('.'))), reason);
        }
    }
    keep_named(evidence, "/usr/share/zoneinfo",
               {mono.id, core, Confidence::likely, "reads time zones"});
}

/// What an assembly refers to is found by name among those of the machine; its names of functions
/// and classes stand beside, and mean nothing there.
void inspect(Evidence& evidence, NodeId node) {
    const rootfs::Node& file = evidence.rootfs()[node];
    const bool assembly =
        file.is_file() && (file.path.ends_with(".dll") || file.path.ends_with(".exe"));
    if (!assembly || !evidence.rootfs().find(assemblies)) {
        return;
    }
    if (path::basename(file.path) == "mscorlib.dll") {
        keep_of_core(evidence, node);
    }
    const DllMap map = read_dll_map(evidence);
    for (const std::string& name : assembly_texts(as_bytes(evidence.text(node))).libraries) {
        const Reason reason{mono.id, node, Confidence::likely, "refers to " + name};
        const auto mapped = map.find(name);
        const auto program = mapped == map.end() ? std::nullopt : machine_of(evidence, node);
        if (program) {
            keep_called_library(evidence, *program, mapped->second, reason);
        }
        keep_assembly(evidence, name, reason);
    }
}

}  // namespace

const Rule mono{.id = "mono",
                .summary = "assemblies and libraries that Mono's code refers to",
                .inspect = inspect};

}  // namespace slimimg::closure::rules
