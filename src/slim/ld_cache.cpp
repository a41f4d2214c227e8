#include "slimimg/closure/ld_cache.hpp"

#include <algorithm>

#include "slim/plan.hpp"

namespace slimimg::slim {
namespace {

constexpr std::string_view cache_path = "/etc/ld.so.cache";

/// A glibc program that the cache is for; null where there is none.
const closure::Link* glibc_program(const closure::Closure& closure) {
    const auto at = std::find_if(
        closure.links.begin(), closure.links.end(),
        [](const closure::Link& link) { return link.kind == closure::Link::Kind::glibc; });
    return at == closure.links.end() ? nullptr : &*at;
}

bool asked_for(const closure::Closure& closure, rootfs::NodeId node) {
    const auto reasons = closure.kept.find(node);
    return reasons != closure.kept.end() &&
           std::any_of(reasons->second.begin(), reasons->second.end(),
                       [](const closure::Reason& reason) { return reason.rule == "request"; });
}

/// True where the file that `path` leads to and every link on the way are planned.
bool is_planned(const Plan& plan, const rootfs::Rootfs& rootfs, std::string_view path) {
    const rootfs::Resolution found = rootfs.resolve(path);
    const auto has = [&](rootfs::NodeId node) {
        return find_item(plan, rootfs[node].path) != nullptr;
    };
    return found.node && has(*found.node) &&
           std::all_of(found.links.begin(), found.links.end(), has);
}

}  // namespace

void prune_ld_cache(Plan& plan, const rootfs::Rootfs& rootfs, const closure::Closure& closure) {
    PlanItem* const item = find_item(plan, cache_path);
    if (item == nullptr || !item->source || !rootfs[*item->source].is_file() ||
        asked_for(closure, *item->source)) {
        return;
    }
    const auto drop = [&] { plan.items.erase(plan.items.begin() + (item - plan.items.data())); };
    const closure::Link* const program = glibc_program(closure);
    if (program == nullptr) {
        drop();
        return;
    }
    auto cache = closure::LdCache::parse(rootfs.content(*item->source).bytes);
    if (!cache) {
        return;  // the loader does not take it either
    }
    const std::size_t before = cache->entries.size();
    std::erase_if(cache->entries, [&](const closure::LdCacheEntry& entry) {
        return !is_planned(plan, rootfs, entry.path);
    });
    const std::size_t after = cache->entries.size();
    if (after == before) {
        return;
    }
    if (after == 0) {
        drop();
        return;
    }
    item->content = slice_of(cache->serialize(cache->order));
    item->header.size = item->content->size();
    item->why = "lists the " + std::to_string(after) + " of " + std::to_string(before) +
                " libraries that are kept";
}

}  // namespace slimimg::slim
