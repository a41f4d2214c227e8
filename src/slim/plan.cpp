#include "slim/plan.hpp"

#include <algorithm>
#include <deque>

#include "slimimg/base/error.hpp"
#include "slimimg/base/path.hpp"

namespace slimimg::slim {
namespace {

/// The index of the first item that does not stand before `path`.
std::size_t place_of(const Plan& plan, std::string_view path) {
    const auto at = std::lower_bound(plan.items.begin(), plan.items.end(), path,
                                     [](const PlanItem& item, std::string_view wanted) {
                                         return stands_before(item.path, wanted);
                                     });
    return static_cast<std::size_t>(at - plan.items.begin());
}

bool has_at(const Plan& plan, std::size_t place, std::string_view path) {
    return place < plan.items.size() && plan.items[place].path == path;
}

Plan plan_of_kept(const rootfs::Rootfs& rootfs, const closure::Closure& closure) {
    Plan plan;
    // With room for what is added, so that a long list is not copied into one of twice its size.
    constexpr std::size_t most_added = 1000;
    plan.items.reserve(closure.kept.size() + most_added);
    for (const auto& [node, reasons] : closure.kept) {
        plan.items.push_back(item_of(rootfs, node));
    }
    return plan;
}

PlanItem new_folder(std::string_view path, const NewFolder& folder) {
    PlanItem item{.path = path, .why = folder.why};
    item.header.type = archive::EntryType::directory;
    item.header.mode = folder.mode;
    item.header.mtime = folder.mtime;
    item.header.uid = folder.owner;
    item.header.gid = folder.owner;
    item.content = Slice{};
    return item;
}

}  // namespace

bool stands_before(std::string_view path, std::string_view other) {
    const auto [a, b] = std::mismatch(path.begin(), path.end(), other.begin(), other.end());
    if (a == path.end() || b == other.end()) {
        return path.size() < other.size();
    }
    const auto rank = [](char c) { return c == '/' ? 0 : 1 + static_cast<unsigned char>(c); };
    return rank(*a) < rank(*b);
}

PlanItem* find_item(Plan& plan, std::string_view path) {
    const std::size_t place = place_of(plan, path);
    return has_at(plan, place, path) ? &plan.items[place] : nullptr;
}

const PlanItem* find_item(const Plan& plan, std::string_view path) {
    const std::size_t place = place_of(plan, path);
    return has_at(plan, place, path) ? &plan.items[place] : nullptr;
}

PlanItem& put_item(Plan& plan, PlanItem item) {
    const std::size_t place = place_of(plan, item.path);
    if (has_at(plan, place, item.path)) {
        plan.items[place] = std::move(item);
    } else {
        plan.items.insert(plan.items.begin() + static_cast<std::ptrdiff_t>(place), std::move(item));
    }
    return plan.items[place];
}

PlanItem item_of(const rootfs::Rootfs& rootfs, rootfs::NodeId node, std::string_view why) {
    return {.path = rootfs[node].path,
            .source = node,
            .header = rootfs[node].header,
            .content = std::nullopt,
            .why = why};
}

void add_why(PlanItem& item, std::string_view more) {
    item.why = (item.why.empty() ? std::string() : item.why + "; ").append(more);
}

std::string put_folder(Plan& plan, const rootfs::Rootfs& rootfs, std::string_view path,
                       const NewFolder& folder) {
    static constexpr unsigned most_links = 40;  // MAXSYMLINKS of Linux
    std::deque<std::string> todo;
    const auto push_front = [&](std::string_view more) {
        const auto parts = path::components(more);
        todo.insert(todo.begin(), parts.begin(), parts.end());
    };
    push_front(path);
    const NewFolder above{.mode = 0755, .mtime = folder.mtime, .why = folder.why};
    std::string at = "/";
    unsigned links = 0;
    while (!todo.empty()) {
        const std::string next = path::normalize(path::join(at, todo.front()));
        todo.pop_front();
        const PlanItem* item = find_item(plan, next);
        if (item == nullptr) {
            const auto node = rootfs.find(next);
            item = &put_item(plan, node ? item_of(rootfs, *node, folder.why)
                                        : new_folder(next, todo.empty() ? folder : above));
        }
        if (item->header.type == archive::EntryType::symlink) {
            if (++links > most_links) {
                return {};
            }
            push_front(item->header.link);
            at = item->header.link.starts_with('/') ? "/" : at;
        } else if (item->header.type == archive::EntryType::directory) {
            at = next;
        } else {
            return {};
        }
    }
    return at;
}

void put_file(Plan& plan, const rootfs::Rootfs& rootfs, const NewFile& file,
              const archive::Timestamp& time) {
    const std::string folder =
        put_folder(plan, rootfs, path::parent(file.path), {.mtime = time, .why = file.why});
    if (folder.empty()) {
        throw Error(Exit::usage, "no-folder",
                    "the image has something else in the place of the folder " +
                        std::string(path::parent(file.path)),
                    file.why);
    }
    PlanItem item{.path = path::join(folder, path::basename(file.path)), .why = file.why};
    item.header.mode = 0644;
    item.header.mtime = time;
    item.content = slice_of(file.content);
    item.header.size = file.content.size();
    plan.bytes += file.content.size();
    put_item(plan, std::move(item));
}

Plan make_plan(const rootfs::Rootfs& rootfs, const image::Config& config,
               const closure::PackageDb& packages, const closure::Closure& closure,
               const PlanOptions& options, const RunOptions& run) {
    Plan plan = plan_of_kept(rootfs, closure);
    add_root_folders(plan, rootfs, config);
    if (const BaseStyle* style = find_base_style(options.base);
        style != nullptr && !style->is_empty()) {
        add_base_parts(plan, rootfs, config, *style);
    }
    if (options.nonroot) {
        give_to_nonroot(plan, rootfs, config);
    }
    prune_ld_cache(plan, rootfs, closure);
    if (options.strip) {
        strip_files(plan, rootfs, run);
    }
    if (options.records) {
        add_package_records(plan, rootfs, packages);
    }
    tie_hard_links(plan, rootfs);
    return plan;
}

}  // namespace slimimg::slim
