#include "slimimg/elf/strip.hpp"

#include <algorithm>
#include <map>
#include <vector>

#include "slimimg/base/file.hpp"
#include "slimimg/base/parallel.hpp"
#include "slimimg/base/path.hpp"
#include "slimimg/elf/elf.hpp"

#include "slim/plan.hpp"

namespace slimimg::slim {
namespace {

/// A file of the plan, once whatever names it has.
struct Candidate {
    PlanItem* item = nullptr;
    Slice content;
    elf::StripResult result;
    std::uint64_t offset = 0;  ///< in the spool file
};

/// Why the bytes of a file must stay as they are; empty where nothing is known that checks them.
/// OpenSSL's and NSS's FIPS modules hold their files against sums beside them, as does libkcapi's
/// convention for others (.NAME.hmac); the kernel's IMA has them in an attribute.
std::string_view checked_by(const PlanItem& item, const rootfs::Rootfs& rootfs) {
    const auto& xattrs = item.header.xattrs;
    if (std::any_of(xattrs.begin(), xattrs.end(), [](const auto& xattr) {
            return xattr.first == "security.ima" || xattr.first == "security.evm";
        })) {
        return "it is signed for the kernel's integrity check";
    }
    const std::string_view folder = path::parent(item.path);
    const std::string name(path::basename(item.path));
    const auto has_beside = [&](const std::string& sibling) {
        return rootfs.find(path::join(folder, sibling)).has_value();
    };
    const std::string stem = name.substr(0, name.rfind(".so"));
    if (name == "fips.so" || has_beside("." + name + ".hmac") || has_beside(stem + ".chk")) {
        return "a checksum of it is kept beside it";
    }
    return {};
}

std::vector<Candidate> candidates(Plan& plan, const rootfs::Rootfs& rootfs) {
    std::vector<Candidate> found;
    std::map<rootfs::NodeId, std::string_view> seen;  // inodes
    for (PlanItem& item : plan.items) {
        if (!item.source || item.content || !rootfs[*item.source].is_file() ||
            rootfs.stored(*item.source).entry.sparse) {  // it would have to be laid out
            continue;
        }
        if (seen.emplace(rootfs[*item.source].inode, item.path).second) {
            Slice content = rootfs.content(*item.source);
            if (elf::is_elf(content.bytes)) {
                found.push_back({.item = &item, .content = std::move(content), .result = {}});
            }
        }
    }
    return found;
}

void note(Plan& plan, const PlanItem& item, std::string_view problem) {
    plan.diagnostics.push_back({Severity::note, "not-stripped", item.path,
                                "has debug data that could go, but " + std::string(problem)});
}

}  // namespace

void strip_files(Plan& plan, const rootfs::Rootfs& rootfs, const RunOptions& run) {
    std::vector<Candidate> files = candidates(plan, rootfs);
    parallel_for(run.threads, files.size(),
                 [&](std::size_t i) { files[i].result = elf::strip(files[i].content.bytes); });
    std::erase_if(files, [&](const Candidate& file) {
        if (file.result.problem == elf::Unstrippable::appended_data && !file.result.file) {
            note(plan, *file.item, "data of its own stands behind it");
        }
        if (!file.result.file) {
            return true;
        }
        const std::string_view checker = checked_by(*file.item, rootfs);
        if (!checker.empty()) {
            note(plan, *file.item, checker);
        }
        return !checker.empty();
    });
    if (files.empty()) {
        return;
    }
    SpoolFile spool(run.spool_dir);
    for (Candidate& file : files) {
        file.offset = spool.size();
        spool.write(as_bytes(file.result.file->header));
        spool.write(file.result.file->kept);
        spool.write(as_bytes(file.result.file->tail));
    }
    const Slice all = spool.map();
    std::map<rootfs::NodeId, const Candidate*> by_inode;
    for (const Candidate& file : files) {
        by_inode.emplace(rootfs[*file.item->source].inode, &file);
        ++plan.stripped_files;
        plan.stripped_bytes += file.content.size() - file.result.file->size();
    }
    for (PlanItem& item : plan.items) {
        const auto found = item.source ? by_inode.find(rootfs[*item.source].inode) : by_inode.end();
        if (found == by_inode.end() || item.content) {
            continue;
        }
        const Candidate& file = *found->second;
        item.content = all.sub(file.offset, file.result.file->size());
        item.header.size = item.content->size();
        item.stripped = true;
        add_why(item, "stripped of " + std::to_string(file.content.size() - item.header.size) +
                          " bytes that only debuggers read");
    }
}

}  // namespace slimimg::slim
