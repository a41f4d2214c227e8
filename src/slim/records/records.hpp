#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "slimimg/closure/packages.hpp"
#include "slimimg/slim/slim.hpp"

/// What package managers and scanners find of the packages that are kept.
namespace slimimg::slim {

/// The parts of a package manager's records that are about files which are kept.
class KeptFiles {
  public:
    KeptFiles(const Plan& plan, const rootfs::Rootfs& rootfs);

    /// True of a node that is kept and is no folder.
    [[nodiscard]] bool has(rootfs::NodeId node) const { return kept_[node]; }
    /// The packages that own such a node, by id.
    [[nodiscard]] std::vector<closure::PackageId> owners(const closure::PackageDb& packages) const;
    /// The kept node that a database lists as `path`; nothing where it is not kept or `package`
    /// does not own it (a diverted file is another package's).
    [[nodiscard]] std::optional<rootfs::NodeId> listed(const closure::Package& package,
                                                       std::string_view path) const;

  private:
    const rootfs::Rootfs& rootfs_;
    std::vector<bool> kept_;
};

/// A package's stanza of dpkg's status as a file of status.d: without what only the status of an
/// installed system tells (Status, Config-Version, Triggers-…), its conffiles cut to kept ones.
std::string dpkg_control(const closure::Package& package, const KeptFiles& kept);

/// The lines of its MD5 sums that are about kept files, changed ones with the sum of what the plan
/// has.
std::string dpkg_sums(const closure::Package& package, std::string_view sums, const KeptFiles& kept,
                      const Plan& plan, const rootfs::Rootfs& rootfs);

/// A package's part of apk's database with the kept files alone, changed ones with the sum of what
/// the plan has, without the empty line behind it.
std::string apk_record(const closure::Package& package, const KeptFiles& kept, const Plan& plan,
                       const rootfs::Rootfs& rootfs);

/// The packages' records in their managers' forms.
void add_dpkg_records(Plan& plan, const rootfs::Rootfs& rootfs, const closure::PackageDb& packages,
                      const KeptFiles& kept);
void add_apk_records(Plan& plan, const rootfs::Rootfs& rootfs, const closure::PackageDb& packages,
                     const KeptFiles& kept);

}  // namespace slimimg::slim
