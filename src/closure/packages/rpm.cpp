#include <array>
#include <string_view>

#include "slimimg/base/path.hpp"

#include "closure/packages/record.hpp"

namespace slimimg::closure {

std::optional<rootfs::NodeId> find_rpm_database(const rootfs::Rootfs& rootfs) {
    static constexpr std::array<std::string_view, 2> folders = {"/var/lib/rpm",
                                                                "/usr/lib/sysimage/rpm"};
    // SQLite since Fedora 33, Berkeley DB before it, ndb at SUSE.
    static constexpr std::array<std::string_view, 3> names = {"rpmdb.sqlite", "Packages",
                                                              "Packages.db"};
    for (const std::string_view folder : folders) {
        for (const std::string_view name : names) {
            const auto node = rootfs.resolve(path::join(folder, name)).node;
            if (node && rootfs[*node].is_file()) {
                return node;
            }
        }
    }
    return std::nullopt;
}

void read_rpm(const rootfs::Rootfs& rootfs, std::vector<Diagnostic>& diagnostics) {
    if (const auto database = find_rpm_database(rootfs)) {
        diagnostics.push_back(
            {Severity::warning, "rpm-database-unread", rootfs[*database].path,
             "rpm's database is not read: no file counts as owned by a package, so sizes by "
             "package are missing and nothing is kept for its package's sake; name what is missed "
             "with --include"});
    }
}

}  // namespace slimimg::closure
