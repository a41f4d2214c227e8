#include <map>
#include <utility>

#include "slim/plan.hpp"

namespace slimimg::slim {
namespace {

void make_link(PlanItem& item, const PlanItem& first) {
    item.header = first.header;
    item.header.type = archive::EntryType::hardlink;
    item.header.link = first.path;
    item.header.size = 0;
    item.content.reset();
}

}  // namespace

void tie_hard_links(Plan& plan, const rootfs::Rootfs& rootfs) {
    // One whose content is another one now is no name of that file any more.
    std::map<std::pair<rootfs::NodeId, const void*>, const PlanItem*> first_name;
    plan.bytes = 0;
    for (PlanItem& item : plan.items) {
        if (item.source && (!item.content || item.stripped) &&
            !rootfs[*item.source].is_directory()) {
            const void* const content = item.content ? item.content->bytes.data() : nullptr;
            const auto [first, added] =
                first_name.try_emplace({rootfs[*item.source].inode, content}, &item);
            if (!added) {
                make_link(item, *first->second);
                continue;
            }
        }
        if (item.header.type == archive::EntryType::file) {
            plan.bytes += item.header.size;
        }
    }
}

}  // namespace slimimg::slim
