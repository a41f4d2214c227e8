#include <array>
#include <string>
#include <string_view>

#include "slimimg/base/path.hpp"

#include "closure/rules/folders.hpp"
#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

/// What libraries open by paths that they put together from several texts, so that none names it.
/// A path without a leading "/" is beside the library.
struct Data {
    std::string_view library;  ///< its SONAME begins so
    std::array<std::string_view, 4> paths;
};
constexpr std::array<Data, 6> known{
    {{"libgdk_pixbuf-2.0.so.", {"gdk-pixbuf-2.0"}},
     {"libgio-2.0.so.",
      {"gio", "/usr/share/glib-2.0/schemas/gschemas.compiled", "/usr/share/mime/mime.cache"}},
     {"libaspell.so.", {"/usr/lib/aspell", "/var/lib/aspell", "/etc/aspell.conf"}},
     {"libodbc.so.", {"/etc/odbcinst.ini", "/etc/odbc.ini"}},
     {"libodbcinst.so.", {"/etc/odbcinst.ini", "/etc/odbc.ini", "odbc"}},
     {"libOpenCL.so.", {"/etc/OpenCL/vendors"}}}};

void inspect(Evidence& evidence, rootfs::NodeId node) {
    const elf::ElfFacts* facts = evidence.elf(node);
    if (facts == nullptr || !facts->soname) {
        return;
    }
    const std::string_view folder = path::parent(evidence.rootfs()[node].path);
    for (const Data& data : known) {
        for (const std::string_view path : data.paths) {
            if (!path.empty() && facts->soname->starts_with(data.library)) {
                keep_named(evidence, path,
                           {library_data.id, node, Confidence::likely,
                            std::string(*facts->soname) + " opens " + std::string(path)},
                           folder);
            }
        }
    }
}

}  // namespace

const Rule library_data{.id = "library-data",
                        .summary = "plugins and settings whose path a library puts together",
                        .inspect = inspect};

}  // namespace slimimg::closure::rules
