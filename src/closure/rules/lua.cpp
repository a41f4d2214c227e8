#include <algorithm>
#include <string>
#include <string_view>

#include "slimimg/base/path.hpp"

#include "closure/rules/constant_strings.hpp"
#include "closure/rules/folders.hpp"
#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::NodeId;

/// Lua has its module path compiled in as templates, "/usr/share/lua/5.4/?.lua;…" (luaconf.h:
/// LUA_PATH_DEFAULT, LUA_CPATH_DEFAULT); modules are required by computed names too.
void inspect(Evidence& evidence, NodeId node) {
    const elf::ElfFacts* facts = evidence.elf(node);
    if (facts == nullptr || !facts->dynamic) {
        return;
    }
    for_each_string(evidence, node, [&](std::string_view text) {
        if (text.find("?.lua") == std::string_view::npos &&
            text.find("?.so") == std::string_view::npos) {
            return;
        }
        while (!text.empty()) {
            const std::string_view part = text.substr(0, text.find(';'));
            text.remove_prefix(std::min(part.size() + 1, text.size()));
            const std::string_view folder = part.substr(0, part.find("/?"));
            const auto found = evidence.rootfs().resolve(folder).node;
            if (!part.starts_with('/') || folder == part || folder.empty() || !found ||
                !evidence.rootfs()[*found].is_directory()) {
                continue;
            }
            const Reason reason{lua.id, node, Confidence::likely,
                                "on Lua's path: " + std::string(part)};
            evidence.keep_path(folder, reason);
            keep_folder(evidence, *found, reason);
        }
    });
}

}  // namespace

const Rule lua{.id = "lua", .summary = "a module on Lua's path", .inspect = inspect};

}  // namespace slimimg::closure::rules
