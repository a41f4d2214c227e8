#include "slimimg/closure/packages.hpp"

#include <algorithm>
#include <limits>
#include <tuple>
#include <unordered_set>
#include <utility>

#include "slimimg/base/error.hpp"
#include "slimimg/base/name_hash.hpp"
#include "slimimg/base/path.hpp"

#include "closure/packages/record.hpp"

namespace slimimg::closure {
namespace {

constexpr PackageId no_package = std::numeric_limits<PackageId>::max();

/// A folder, or a symlink to one: what many packages list and none of them brought alone.
bool leads_to_folder(const rootfs::Rootfs& rootfs, rootfs::NodeId node) {
    if (!rootfs[node].is_symlink()) {
        return rootfs[node].is_directory();
    }
    const auto target = rootfs.resolve(rootfs[node].path).node;
    return target && rootfs[*target].is_directory();
}

auto order(const Package& package) {
    return std::tie(package.name, package.manager, package.architecture);
}

}  // namespace

std::string_view package_manager_name(PackageManager manager) {
    switch (manager) {
        case PackageManager::dpkg:
            return "dpkg";
        case PackageManager::apk:
            return "apk";
        case PackageManager::rpm:
            return "rpm";
    }
    return "";
}

std::optional<rootfs::NodeId> locate(const rootfs::Rootfs& rootfs, std::string_view path) {
    // A node's path has no symlink among its folders, so most look-ups end here.
    if (const auto exact = rootfs.find(path::normalize(path))) {
        return exact;
    }
    return rootfs.resolve(path, "/", false).node;
}

Slice part_of(const Slice& whole, std::string_view part) {
    return {as_bytes(part), whole.owner};
}

void remove_repeats(std::vector<std::string>& names) {
    std::unordered_set<std::string, NameHash, std::equal_to<>> seen;
    std::erase_if(names, [&](const std::string& name) { return !seen.insert(name).second; });
}

Slice read_database(const rootfs::Rootfs& rootfs, rootfs::NodeId file,
                    std::vector<Diagnostic>& diagnostics) {
    try {
        return rootfs.content(file);
    } catch (const Error& error) {
        diagnostics.push_back(
            {Severity::warning, "package-database-unread", rootfs[file].path,
             "cannot be read, so what it lists is owned by no package: " + error.message(), true});
        return {};
    }
}

PackageDb PackageDb::read(const rootfs::Rootfs& rootfs) {
    PackageDb db;
    Records records;
    read_dpkg(rootfs, records, db.diagnostics_);
    read_apk(rootfs, records, db.diagnostics_);
    read_rpm(rootfs, db.diagnostics_);

    std::stable_sort(records.begin(), records.end(),
                     [](const Package& a, const Package& b) { return order(a) < order(b); });
    // A package in both of dpkg's databases: the first one read is kept.
    records.erase(
        std::unique(records.begin(), records.end(),
                    [](const Package& a, const Package& b) { return order(a) == order(b); }),
        records.end());

    std::vector<std::uint32_t> owner_count(rootfs.size());
    for (Package& package : records) {
        std::sort(package.files.begin(), package.files.end());
        package.files.erase(std::unique(package.files.begin(), package.files.end()),
                            package.files.end());
        for (const rootfs::NodeId node : package.files) {
            ++owner_count[node];
        }
    }
    db.owners_.assign(rootfs.size(), no_package);
    for (PackageId id = 0; id < records.size(); ++id) {
        std::vector<rootfs::NodeId>& files = records[id].files;
        std::erase_if(files, [&](rootfs::NodeId node) {
            return node == 0 || (owner_count[node] > 1 && leads_to_folder(rootfs, node));
        });
        for (const rootfs::NodeId node : files) {
            PackageId& owner = db.owners_[node];
            owner = std::min(owner, id);
        }
    }
    db.packages_ = std::move(records);
    return db;
}

std::optional<PackageId> PackageDb::owner(rootfs::NodeId node) const {
    const PackageId owner = node < owners_.size() ? owners_[node] : no_package;
    return owner == no_package ? std::nullopt : std::optional(owner);
}

bool PackageDb::have_same_origin(rootfs::NodeId a, rootfs::NodeId b) const {
    const auto one = owner(a);
    const auto other = owner(b);
    return one && other && packages_[*one].origin() == packages_[*other].origin();
}

std::optional<PackageId> PackageDb::find(std::string_view name) const {
    const auto lookup = [&](std::string_view wanted, std::string_view architecture) {
        auto at = std::lower_bound(
            packages_.begin(), packages_.end(), wanted,
            [](const Package& package, std::string_view text) { return package.name < text; });
        for (; at != packages_.end() && at->name == wanted; ++at) {
            if (architecture.empty() || at->architecture == architecture) {
                return std::optional(static_cast<PackageId>(at - packages_.begin()));
            }
        }
        return std::optional<PackageId>();
    };
    if (const auto found = lookup(name, {})) {
        return found;
    }
    if (const std::size_t colon = name.rfind(':'); colon != name.npos) {
        if (const auto found = lookup(name.substr(0, colon), name.substr(colon + 1))) {
            return found;
        }
    }
    for (PackageId id = 0; id < packages_.size(); ++id) {
        const std::vector<std::string>& provides = packages_[id].provides;
        if (std::find(provides.begin(), provides.end(), name) != provides.end()) {
            return id;
        }
    }
    return std::nullopt;
}

}  // namespace slimimg::closure
