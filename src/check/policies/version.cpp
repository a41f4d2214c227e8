#include <algorithm>
#include <set>

#include "slimimg/base/name_hash.hpp"

#include "check/policies/policies.hpp"

namespace slimimg::check::policies {
namespace {

using closure::Link;
using closure::LoadedObject;
using rootfs::NodeId;

/// Every name under which the loader knows an object; the first of a name counts.
NameViewMap<NodeId> names_of(Inspection& look, const Link& link) {
    NameViewMap<NodeId> by_name;
    for (const LoadedObject& object : link.objects) {
        by_name.try_emplace(object.name, object.file);
        for (const std::string& alias : object.aliases) {
            by_name.try_emplace(alias, object.file);
        }
        const elf::ElfFacts* const facts = look.elf(object.file);
        if (facts != nullptr && facts->soname) {
            by_name.try_emplace(*facts->soname, object.file);
        }
    }
    return by_name;
}

void check_link(Inspection& look, const Link& link, std::set<std::pair<NodeId, NodeId>>& told) {
    const auto by_name = names_of(look, link);
    for (const LoadedObject& object : link.objects) {
        const elf::ElfFacts* const facts = look.elf(object.file);
        if (facts == nullptr) {
            continue;
        }
        for (const elf::VersionNeed& need : facts->version_needs) {
            const auto library = by_name.find(need.library);
            const elf::ElfFacts* const defining =
                library == by_name.end() ? nullptr : look.elf(library->second);
            // The loader only warns of a library that has no versions at all.
            if (defining == nullptr || defining->version_definitions.empty()) {
                continue;
            }
            const auto& defined = defining->version_definitions;
            const auto missing =
                std::find_if(need.versions.begin(), need.versions.end(), [&](const auto& version) {
                    return !version.weak &&
                           std::find(defined.begin(), defined.end(), version.name) == defined.end();
                });
            if (missing == need.versions.end() ||
                !told.emplace(object.file, library->second).second) {
                continue;
            }
            const Text& path = look.rootfs()[library->second].path;
            look.find_at(object.file,
                         {.message = look.rootfs()[object.file].path + " needs version " +
                                     missing->name + ", which " + path + " does not define",
                          .fix = "build it on the distribution that it runs on, or an older one, "
                                 "or take the library from where it was built",
                          .subject = need.library});
        }
    }
}

void inspect(Inspection& look) {
    std::set<std::pair<NodeId, NodeId>> told;
    for (const Link& link : look.analysis().closure.links) {
        if (link.kind == Link::Kind::glibc) {
            check_link(look, link, told);
        }
    }
}

}  // namespace

const Policy version{
    {.id = "version",
     .level = Level::error,
     .distroless = Level::error,
     .title = "A library is older than a program or library that needs it",
     .reason = "glibc's loader ends the program before its first instruction: \"version "
               "`GLIBC_2.38' not found\". It happens where the program was built on a newer "
               "distribution than the image's."},
    inspect};

}  // namespace slimimg::check::policies
