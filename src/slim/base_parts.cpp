#include <array>

#include "slimimg/base/path.hpp"

#include "slim/accounts.hpp"
#include "slim/bases/parts.hpp"
#include "slim/build_time.hpp"
#include "slim/plan.hpp"

namespace slimimg::slim {
namespace {

/// distroless's accounts.
constexpr std::array<std::string_view, 3> users{
    "root:x:0:0:root:/root:/sbin/nologin", "nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin",
    "nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin"};
constexpr std::array<std::string_view, 5> groups{
    "root:x:0:", "nobody:x:65534:", "tty:x:5:", "staff:x:50:", "nonroot:x:65532:"};

/// Where something that is no folder stands in the way, nothing is made.
void make_file(Plan& plan, const rootfs::Rootfs& rootfs, std::string_view path,
               const std::string& content, const archive::Timestamp& mtime,
               const std::string& why) {
    const std::string folder =
        put_folder(plan, rootfs, path::parent(path), {.mtime = mtime, .why = why});
    if (folder.empty()) {
        return;
    }
    PlanItem item{.path = path::join(folder, path::basename(path)), .why = why};
    item.header.mode = 0644;
    item.header.mtime = mtime;
    item.header.size = content.size();
    item.content = slice_of(content);
    put_item(plan, std::move(item));
}

/// The image's own file with the entries that it lacks.
void add_entries(Plan& plan, const rootfs::Rootfs& rootfs, std::string_view path,
                 std::span<const std::string_view> entries, const archive::Timestamp& mtime,
                 const std::string& why) {
    const auto node = rootfs.find(path);
    if (node && !rootfs[*node].is_file()) {
        return;  // a link, or a folder with what the image has in it
    }
    if (!node) {
        make_file(plan, rootfs, path, with_entries("", entries), mtime, why);
        return;
    }
    const Slice old = rootfs.content(*node);
    std::string text = with_entries(old.text(), entries);
    PlanItem& item = put_item(plan, item_of(rootfs, *node, why));
    if (text.size() != old.size()) {
        item.header.size = text.size();
        item.content = slice_of(std::move(text));
    }
}

}  // namespace

void add_base_parts(Plan& plan, const rootfs::Rootfs& rootfs, const image::Config& config,
                    const BaseStyle& style) {
    const archive::Timestamp now{build_time(config).seconds, 0};
    const std::string why = "style " + std::string(style.id) + " has it";
    for (const BaseStyle* at = &style; at != nullptr; at = at->below) {
        for (const BasePart& part : at->parts) {
            const std::string_view path = part.names.front();
            if (!part.text.empty() && !rootfs.resolve(path).node) {
                make_file(plan, rootfs, path, std::string(part.text), now, why);
            }
        }
    }
    const auto missing = bases::missing_parts(style, rootfs, config);
    plan.diagnostics.insert(plan.diagnostics.end(), missing.begin(), missing.end());
    add_entries(plan, rootfs, "/etc/passwd", users, now, why);
    add_entries(plan, rootfs, "/etc/group", groups, now, why);
    put_folder(plan, rootfs, "/root", {.mode = 0700, .mtime = now, .why = why});
    put_folder(plan, rootfs, "/home", {.mode = 0755, .mtime = now, .why = why});
    put_folder(plan, rootfs, "/home/nonroot",
               {.mode = 0700, .mtime = now, .why = why, .owner = nonroot_id});
}

}  // namespace slimimg::slim
