#include "slim/records/records.hpp"

#include <algorithm>
#include <array>

#include "slimimg/base/path.hpp"

#include "slim/plan.hpp"

namespace slimimg::slim {
namespace {

/// What scanners tell the distribution and its version by; a file of a few lines each.
constexpr std::array<std::string_view, 7> release_files = {
    "/etc/os-release",     "/usr/lib/os-release", "/etc/debian_version", "/etc/lsb-release",
    "/etc/alpine-release", "/etc/redhat-release", "/etc/system-release"};

/// Adds a node of the image and the folders it stands in.
void add_node(Plan& plan, const rootfs::Rootfs& rootfs, rootfs::NodeId node,
              const std::string& why) {
    for (rootfs::NodeId at = node;; at = rootfs[at].parent) {
        if (find_item(plan, rootfs[at].path) == nullptr) {
            put_item(plan, item_of(rootfs, at, why));
        }
        if (at == 0) {
            return;
        }
    }
}

void add_release_files(Plan& plan, const rootfs::Rootfs& rootfs) {
    for (const std::string_view path : release_files) {
        const rootfs::Resolution found = rootfs.resolve(path);
        if (!found.node || !rootfs[*found.node].is_file()) {
            continue;
        }
        const std::string why = "scanners know the distribution by it";
        for (const rootfs::NodeId link : found.links) {
            add_node(plan, rootfs, link, why);
        }
        add_node(plan, rootfs, *found.node, why);
    }
}

}  // namespace

KeptFiles::KeptFiles(const Plan& plan, const rootfs::Rootfs& rootfs)
    : rootfs_(rootfs), kept_(rootfs.size()) {
    for (const PlanItem& item : plan.items) {
        if (item.source && !rootfs[*item.source].is_directory()) {
            kept_[*item.source] = true;
        }
    }
}

std::vector<closure::PackageId> KeptFiles::owners(const closure::PackageDb& packages) const {
    std::vector<closure::PackageId> owners;
    for (rootfs::NodeId node = 0; node < kept_.size(); ++node) {
        if (const auto owner = kept_[node] ? packages.owner(node) : std::nullopt) {
            owners.push_back(*owner);
        }
    }
    std::sort(owners.begin(), owners.end());
    owners.erase(std::unique(owners.begin(), owners.end()), owners.end());
    return owners;
}

std::optional<rootfs::NodeId> KeptFiles::listed(const closure::Package& package,
                                                std::string_view path) const {
    const auto node = closure::locate(rootfs_, path::join("/", path));
    const bool ours =
        node && has(*node) && std::binary_search(package.files.begin(), package.files.end(), *node);
    return ours ? node : std::nullopt;
}

void add_package_records(Plan& plan, const rootfs::Rootfs& rootfs,
                         const closure::PackageDb& packages) {
    add_release_files(plan, rootfs);
    const KeptFiles kept(plan, rootfs);
    add_dpkg_records(plan, rootfs, packages, kept);
    add_apk_records(plan, rootfs, packages, kept);
    if (const auto database = closure::find_rpm_database(rootfs);
        database && find_item(plan, rootfs[*database].path) == nullptr) {
        plan.diagnostics.push_back(
            {Severity::note, "rpm-records-left-out", rootfs[*database].path,
             "rpm's database is not carried into the new image, so a scanner finds no packages in "
             "it; scan the source image beside the list of files that --sbom writes, or keep the "
             "whole database with --include " +
                 path::printable(rootfs[*database].path)});
    }
}

}  // namespace slimimg::slim
