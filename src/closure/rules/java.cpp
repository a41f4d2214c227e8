#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "slimimg/archive/zip.hpp"
#include "slimimg/base/lines.hpp"
#include "slimimg/base/path.hpp"

#include "closure/rules/folders.hpp"
#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::Node;
using rootfs::NodeId;

/// The other tools of a JDK, and what is for its developers.
bool is_development(const Node& node) {
    static constexpr std::array<std::string_view, 5> folders{"demo", "include", "man", "legal",
                                                             "docs"};
    const std::string_view folder = path::basename(path::parent(node.path));
    return folder == "bin" ||
           std::any_of(folders.begin(), folders.end(), [&](std::string_view name) {
               const std::size_t at = node.path.find("/" + std::string(name) + "/");
               return at != std::string::npos || path::basename(node.path) == name;
           });
}

/// Class paths are put together by names inside archives and scripts. Where a package brings the
/// archive, its dependencies say which others it uses (Debian's Java policy, 2.4).
void keep_used_archives(Evidence& evidence, NodeId archive) {
    const PackageDb& packages = evidence.packages();
    const auto owner = packages.owner(archive);
    if (!owner) {
        return;
    }
    for (const std::string& name : packages[*owner].depends) {
        const auto id = packages.find(name);
        for (const NodeId file : id ? packages[*id].files : std::vector<NodeId>()) {
            const Node& node = evidence.rootfs()[file];
            const bool native = node.path.find("/jni/") != std::string::npos;
            if (native ||
                (node.path.ends_with(".jar") && path::is_within(node.path, "/usr/share/java"))) {
                evidence.keep(
                    file, {java.id, archive, Confidence::likely, "its package depends on " + name});
            }
        }
    }
}

constexpr std::size_t largest_manifest = 1UL << 20;

/// The value of an attribute in a manifest's main section, whose long lines go on behind a blank
/// (the JAR file specification, "Manifest Specification").
std::string attribute(std::string_view manifest, std::string_view name) {
    std::string value;
    bool inside = false;
    while (!manifest.empty()) {
        std::string_view line = take_line(manifest);
        if (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        if (line.empty()) {
            break;
        }
        if (line.front() == ' ') {
            value += inside ? line.substr(1) : std::string_view();
            continue;
        }
        inside = line.starts_with(name) && line.substr(name.size()).starts_with(": ");
        if (inside) {
            value = line.substr(name.size() + 2);
        }
    }
    return value;
}

/// The archives that one names in its Class-Path, from its own folder on (getClassPath of the
/// JDK's URLClassPath).
void keep_class_path(Evidence& evidence, NodeId archive) {
    const std::string folder(path::parent(evidence.rootfs()[archive].path));
    for (const archive::ZipMember& member :
         archive::zip_members(as_bytes(evidence.text(archive)))) {
        const auto content = member.name == "META-INF/MANIFEST.MF"
                                 ? archive::zip_content(member, largest_manifest)
                                 : std::nullopt;
        if (!content) {
            continue;
        }
        const std::string names = attribute(as_text(content->bytes), "Class-Path");
        std::string_view rest = names;
        while (!rest.empty()) {
            std::string_view name = rest.substr(0, rest.find(' '));
            rest.remove_prefix(std::min(name.size() + 1, rest.size()));
            if (name.starts_with("file:/")) {
                name.remove_prefix(std::string_view("file:").size());
            }
            if (name.ends_with(".jar")) {
                evidence.keep_path(name,
                                   {java.id, archive, Confidence::likely,
                                    "the Class-Path of its manifest names " + std::string(name)},
                                   folder);
            }
        }
        return;
    }
}

/// The launcher finds its home by its own place (libjli's GetApplicationHome): bin/java below it
/// and lib/libjli.so or jre/lib beside.
void inspect(Evidence& evidence, NodeId node) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    if (tree[node].is_file() && tree[node].path.ends_with(".jar")) {
        keep_used_archives(evidence, node);
        keep_class_path(evidence, node);
        return;
    }
    const elf::ElfFacts* facts = evidence.elf(node);
    if (facts == nullptr || !facts->is_program()) {
        return;
    }
    const std::string_view bin = path::parent(tree[node].path);
    const std::string home(path::parent(bin));
    const bool launcher = path::basename(bin) == "bin" &&
                          (tree.find(home + "/lib/modules") || tree.find(home + "/lib/rt.jar") ||
                           tree.find(home + "/jre/lib/rt.jar"));
    if (const auto folder = tree.find(home); launcher && folder) {
        keep_folder(evidence, *folder,
                    {java.id, node, Confidence::likely, "part of the Java runtime in " + home},
                    is_development);
        evidence.keep_path("/etc/ssl/certs/java/cacerts",
                           {java.id, node, Confidence::likely, "Java's certificates on Debian"});
    }
}

}  // namespace

const Rule java{.id = "java", .summary = "part of the Java runtime", .inspect = inspect};

}  // namespace slimimg::closure::rules
