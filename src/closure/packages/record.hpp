#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "slimimg/base/diagnostic.hpp"
#include "slimimg/closure/packages.hpp"
#include "slimimg/rootfs/rootfs.hpp"

/// What the readers of the package databases share.
namespace slimimg::closure {

/// A package as its database tells it: Package::files holds every node that it lists, shared
/// folders too, in the database's order.
using Records = std::vector<Package>;

/// `part`, a view into `whole`, with its owner.
Slice part_of(const Slice& whole, std::string_view part);

/// Leaves the first of each name, in order.
void remove_repeats(std::vector<std::string>& names);

/// A file of the image; empty, with a diagnostic, where its content can't be read.
Slice read_database(const rootfs::Rootfs& rootfs, rootfs::NodeId file,
                    std::vector<Diagnostic>& diagnostics);

/// /var/lib/dpkg: status, status.d, info and diversions (dpkg(1), deb-conffiles(5)).
void read_dpkg(const rootfs::Rootfs& rootfs, Records& records,
               std::vector<Diagnostic>& diagnostics);

/// lib/apk/db/installed, from Alpine 3.22 on usr/lib/apk/db/installed (apk-package(5)).
void read_apk(const rootfs::Rootfs& rootfs, Records& records, std::vector<Diagnostic>& diagnostics);

/// The rpm database, which is only told of.
void read_rpm(const rootfs::Rootfs& rootfs, std::vector<Diagnostic>& diagnostics);

}  // namespace slimimg::closure
