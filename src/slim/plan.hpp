#pragma once

#include <string>
#include <string_view>

#include "slimimg/slim/base_style.hpp"
#include "slimimg/slim/slim.hpp"

/// The plan as a list of passes over plain values. A pass is a function in a file of its own that
/// takes the plan of the passes before it; make_plan names them in order.
namespace slimimg::slim {

/// The order of items: by path, a folder right before what it holds.
bool stands_before(std::string_view path, std::string_view other);

/// Null where the plan has no such path.
PlanItem* find_item(Plan& plan, std::string_view path);
const PlanItem* find_item(const Plan& plan, std::string_view path);

/// Adds an item in its place, or replaces that of the same path.
PlanItem& put_item(Plan& plan, PlanItem item);

/// The image's own node, as it is.
PlanItem item_of(const rootfs::Rootfs& rootfs, rootfs::NodeId node, std::string_view why = {});

/// Adds to why an item is made or changed.
void add_why(PlanItem& item, std::string_view more);

/// Puts a folder at `path`: the image's own with what leads to it where the image has it, else one
/// of root's with `mode`, in folders of root's with 0755. Symlinks on the way are followed and
/// kept. Returns where the folder stands. Where something that is no folder stands in the way,
/// nothing is made, and the answer is empty.
struct NewFolder {
    std::uint16_t mode = 0755;
    archive::Timestamp mtime;
    std::string why;
    std::uint32_t owner = 0;  ///< user and group
};
std::string put_folder(Plan& plan, const rootfs::Rootfs& rootfs, std::string_view path,
                       const NewFolder& folder);

/// Adds a file of root's with what leads to it, and its size to the sum. Throws Error (usage) where
/// something that is no folder stands in the way.
void put_file(Plan& plan, const rootfs::Rootfs& rootfs, const NewFile& file,
              const archive::Timestamp& time);

/// Pass: folders that engines and programs expect of any root.
void add_root_folders(Plan& plan, const rootfs::Rootfs& rootfs, const image::Config& config);

/// distroless's user and group "nonroot".
inline constexpr std::uint32_t nonroot_id = 65532;

/// Pass: what a base style has and the image lacks, as far as slimimg has a text for it; accounts
/// and homes.
void add_base_parts(Plan& plan, const rootfs::Rootfs& rootfs, const image::Config& config,
                    const BaseStyle& style);

/// Pass: what the former user owned and what is there to be written to belongs to nonroot.
void give_to_nonroot(Plan& plan, const rootfs::Rootfs& rootfs, const image::Config& config);

/// Pass: /etc/ld.so.cache names only what is kept. Goes where no program has glibc.
void prune_ld_cache(Plan& plan, const rootfs::Rootfs& rootfs, const closure::Closure& closure);

/// Pass: ELF files without debug sections and symbol tables, elf::strip. Left as they are, and
/// told, are those whose bytes something checks or that have data of their own behind them.
void strip_files(Plan& plan, const rootfs::Rootfs& rootfs, const RunOptions& run);

/// Pass: what scanners know the distribution and the packages of kept files by. dpkg's records as
/// distroless has them, apk's database cut, a diagnostic for rpm's. Goes behind what keeps files.
void add_package_records(Plan& plan, const rootfs::Rootfs& rootfs,
                         const closure::PackageDb& packages);

/// Pass, the last: of the names of one file the first holds the content and the others are hard
/// links to it, whatever they were in the source; and the sum of it all.
void tie_hard_links(Plan& plan, const rootfs::Rootfs& rootfs);

}  // namespace slimimg::slim
