#include <array>
#include <string>
#include <string_view>

#include "slimimg/base/path.hpp"

#include "closure/rules/folders.hpp"
#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

/// What a library of Qt opens of the plugins beside it (QPlatformIntegrationFactory,
/// QImageReader, QSqlDatabase, QSslSocket and their like): a program that has no platform plugin
/// does not start.
struct Plugins {
    std::string_view library;  ///< behind "libQt5" or "libQt6"
    std::array<std::string_view, 5> folders;
};
constexpr std::array<Plugins, 6> kinds{
    {{"Gui.so.",
      {"platforms", "imageformats", "iconengines", "platforminputcontexts",
       "egldeviceintegrations"}},
     {"XcbQpa.so.", {"xcbglintegrations"}},
     {"Sql.so.", {"sqldrivers"}},
     {"Network.so.", {"bearer", "tls", "networkinformation"}},
     {"PrintSupport.so.", {"printsupport"}},
     {"Multimedia.so.", {"mediaservice", "audio", "multimedia"}}}};

void inspect(Evidence& evidence, rootfs::NodeId node) {
    constexpr std::string_view start = "libQt";
    const elf::ElfFacts* facts = evidence.elf(node);
    const std::string_view soname =
        facts != nullptr && facts->soname ? std::string_view(*facts->soname) : std::string_view();
    if (!soname.starts_with(start) || soname.size() < start.size() + 2) {
        return;
    }
    const std::string version(1, soname[start.size()]);
    const std::string_view module = soname.substr(start.size() + 1);
    const std::string place =
        path::join(path::parent(evidence.rootfs()[node].path), "qt" + version + "/plugins");
    for (const Plugins& plugins : kinds) {
        for (const std::string_view folder : plugins.folders) {
            if (module.starts_with(plugins.library) && !folder.empty()) {
                keep_named(evidence, path::join(place, folder),
                           {qt_plugin.id, node, Confidence::likely,
                            std::string(soname) + " loads its " + std::string(folder)});
            }
        }
    }
}

}  // namespace

const Rule qt_plugin{
    .id = "qt-plugin", .summary = "a plugin that a library of Qt loads", .inspect = inspect};

}  // namespace slimimg::closure::rules
