#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/base/diagnostic.hpp"
#include "slimimg/rootfs/rootfs.hpp"

namespace slimimg::closure {

enum class PackageManager { dpkg, apk, rpm };
std::string_view package_manager_name(PackageManager manager);

/// Where the package manager's database tells of a package.
struct PackageRecord {
    rootfs::NodeId database = 0;         ///< the file it stands in
    Slice text;                          ///< the package's part of that file, as it stands
    std::optional<rootfs::NodeId> sums;  ///< of dpkg: the MD5 sums of what it installs
};

struct Package {
    PackageManager manager = PackageManager::dpkg;
    std::string name;
    std::string version;
    std::string architecture;
    std::string source;                   ///< source package or origin; empty: the name
    std::vector<std::string> depends;     ///< names only, alternatives in order
    std::vector<std::string> recommends;  ///< and suggests: of dpkg, names only
    std::vector<std::string> provides;    ///< names only
    std::vector<rootfs::NodeId> files;    ///< what it owns and the image still has, in path order;
                                          ///< folders that only it owns too
    PackageRecord record;
    bool of_every_system = false;  ///< dpkg's Essential, and Priority required or important; apk's
                                   ///< own and what Alpine starts from
    bool asked_for = false;        ///< installed by name, not as another one's dependency: apt's
                                   ///< extended_states has no mark, apk's world has the name

    /// The source package: what Debian and others split into several.
    [[nodiscard]] const std::string& origin() const { return source.empty() ? name : source; }
};

using PackageId = std::uint32_t;

/// The packages installed in an image and what they own.
class PackageDb {
  public:
    /// Reads dpkg's status, status.d and info/*.list, apk's installed database, and of rpm what
    /// can be read (else a diagnostic). Damage is a diagnostic, never an error.
    static PackageDb read(const rootfs::Rootfs& rootfs);

    [[nodiscard]] const std::vector<Package>& packages() const { return packages_; }
    [[nodiscard]] const Package& operator[](PackageId id) const { return packages_[id]; }
    /// Who owns a file or symlink; a folder only where one package alone has it.
    [[nodiscard]] std::optional<PackageId> owner(rootfs::NodeId node) const;
    /// True for two files of one source package.
    [[nodiscard]] bool have_same_origin(rootfs::NodeId a, rootfs::NodeId b) const;
    [[nodiscard]] std::optional<PackageId> find(std::string_view name) const;
    [[nodiscard]] const std::vector<Diagnostic>& diagnostics() const { return diagnostics_; }

  private:
    std::vector<Package> packages_;
    std::vector<PackageId> owners_;  // of each node
    std::vector<Diagnostic> diagnostics_;
};

/// The node that a database means by `path` (with or without a leading "/"): folders that are
/// symlinks are followed, a symlink at the end is itself the answer. Nothing where the image has
/// no such file any more.
std::optional<rootfs::NodeId> locate(const rootfs::Rootfs& rootfs, std::string_view path);

/// The file of rpm's database, which is not read.
std::optional<rootfs::NodeId> find_rpm_database(const rootfs::Rootfs& rootfs);

}  // namespace slimimg::closure
