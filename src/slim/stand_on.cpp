#include "slim/stand_on.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <set>

#include "slimimg/base/error.hpp"
#include "slimimg/base/path.hpp"
#include "slimimg/closure/ld_cache.hpp"
#include "slimimg/closure/loader.hpp"

#include "slim/accounts.hpp"
#include "slim/records/join.hpp"

namespace slimimg::slim {
namespace {

using archive::EntryType;
using rootfs::NodeId;
using rootfs::Rootfs;

constexpr std::string_view cache_path = "/etc/ld.so.cache";
constexpr std::string_view dpkg_records = "/var/lib/dpkg/status.d";
constexpr std::string_view dpkg_sums_ending = ".md5sums";
constexpr std::string_view apk_database = "/lib/apk/db/installed";

bool same_bytes(Bytes a, Bytes b) {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

bool same_owner(const archive::Header& a, const archive::Header& b) {
    return a.mode == b.mode && a.uid == b.uid && a.gid == b.gid && a.xattrs == b.xattrs;
}

/// The versions that planned files want of each library.
using Wanted = std::map<std::string, std::set<std::string>, std::less<>>;

class Stand {
  public:
    Stand(const Plan& plan, const Rootfs& source, const Rootfs& base, const RunOptions& run)
        : whole_(plan),
          source_(source),
          base_(base),
          source_elves_(source, run.limits),
          base_elves_(base, run.limits) {}

    Standing run() {
        list_libraries();
        demand_c_library();
        for (const PlanItem& item : whole_.items) {
            place(untied(item));
        }
        for (const PlanItem& link : folder_links_) {
            spread(link);
        }
        lead_to_base();
        join_cache();
        join_records();
        tie_hard_links(top_.plan, source_);
        tell();
        return std::move(top_);
    }

  private:
    /// The item as it was before it became a further name of another.
    PlanItem untied(const PlanItem& item) const {
        PlanItem result = item;
        if (item.header.type == EntryType::hardlink) {
            const PlanItem* first = find_item(whole_, item.header.link);
            if (first != nullptr) {
                result.header = first->header;
                result.content = first->content;
                result.stripped = first->stripped;
            }
        }
        return result;
    }

    Bytes bytes_of(const PlanItem& item, Slice& owner) const {
        owner =
            item.content ? *item.content : (item.source ? source_.content(*item.source) : Slice{});
        return owner.bytes;
    }

    const elf::ElfFacts* facts_of(const PlanItem& item) {
        return item.source && (!item.content || item.stripped) && source_[*item.source].is_file()
                   ? source_elves_.facts(*item.source)
                   : nullptr;
    }

    void list_libraries() {
        for (const PlanItem& item : whole_.items) {
            if (const elf::ElfFacts* facts = facts_of(item)) {
                for (const elf::VersionNeed& need : facts->version_needs) {
                    for (const auto& version : need.versions) {
                        if (!version.weak) {
                            wanted_[need.library].insert(version.name);
                        }
                    }
                }
            }
        }
        for (NodeId node = 0; node < base_.size(); ++node) {
            if (!base_[node].is_file() || base_[node].inode != node) {
                continue;
            }
            const elf::ElfFacts* facts = base_elves_.facts(node);
            if (facts != nullptr && facts->soname) {
                libraries_.try_emplace(*facts->soname, node);
            }
        }
    }

    /// What a library of the base lacks to stand for one of the source's; nothing where it can.
    std::optional<std::string> lack_of(const elf::ElfFacts& ours,
                                       const elf::ElfFacts& theirs) const {
        if (ours.abi.machine != theirs.abi.machine || ours.abi.bits != theirs.abi.bits ||
            ours.abi.order != theirs.abi.order) {
            return "the machine";
        }
        const auto wanted = wanted_.find(*ours.soname);
        for (const std::string& version :
             wanted == wanted_.end() ? std::set<std::string>() : wanted->second) {
            // Libraries of one C library share private names, which fit those alone.
            if (version != "GLIBC_PRIVATE" &&
                std::find(theirs.version_definitions.begin(), theirs.version_definitions.end(),
                          version) == theirs.version_definitions.end()) {
                return version;
            }
        }
        return std::nullopt;
    }

    static bool is_of_c_library(const elf::ElfFacts& facts) {
        return std::find(facts.version_definitions.begin(), facts.version_definitions.end(),
                         "GLIBC_PRIVATE") != facts.version_definitions.end();
    }

    /// Two C libraries can't be mixed: where the base has one it must do.
    void demand_c_library() {
        const auto base_libc = libraries_.find("libc.so.6");
        has_c_library_ = base_libc != libraries_.end();
        if (!has_c_library_) {
            return;
        }
        for (const PlanItem& item : whole_.items) {
            const elf::ElfFacts* facts = facts_of(item);
            if (facts == nullptr || !facts->soname || *facts->soname != "libc.so.6") {
                continue;
            }
            if (const auto lack = lack_of(*facts, *base_elves_.facts(base_libc->second))) {
                throw Error(Exit::unresolved, "base-too-old",
                            "the C library of the base (" + base_[base_libc->second].path +
                                ") can't stand for the image's: it lacks " + *lack,
                            "take a base of the same distribution or a later one");
            }
        }
    }

    /// What C library a library was linked with; none for one that needs no C library.
    enum class CLibrary { none, glibc, musl };
    static CLibrary c_library_of(const elf::ElfFacts& facts) {
        for (const std::string& needed : facts.needed) {
            if (needed.starts_with("libc.musl-")) {
                return CLibrary::musl;
            }
            if (needed == "libc.so.6" || needed.starts_with("ld-linux")) {
                return CLibrary::glibc;
            }
        }
        return CLibrary::none;
    }

    /// Both in one process would have two of everything: malloc, stdio, threads.
    static bool have_other_c_libraries(const elf::ElfFacts& a, const elf::ElfFacts& b) {
        const CLibrary one = c_library_of(a);
        const CLibrary other = c_library_of(b);
        return one != other && one != CLibrary::none && other != CLibrary::none;
    }

    /// True where a library of the base stands for this one.
    bool is_provided_library(const PlanItem& item) {
        const elf::ElfFacts* facts = facts_of(item);
        if (facts == nullptr || !facts->soname || !facts->dynamic) {
            return false;
        }
        const auto found = libraries_.find(*facts->soname);
        if (found == libraries_.end()) {
            return false;
        }
        const elf::ElfFacts& theirs = *base_elves_.facts(found->second);
        return !have_other_c_libraries(*facts, theirs) &&
               ((has_c_library_ && is_of_c_library(*facts)) || !lack_of(*facts, theirs));
    }

    /// The item's name with the base's symlinks followed in its folders.
    std::string name_in_base(const std::string& name) const {
        std::string_view folder = path::parent(name);
        while (folder != "/" && !base_.resolve(folder).node) {
            folder = path::parent(folder);  // what the base lacks is made in what it has
        }
        const auto there = base_.resolve(folder).node;
        const std::size_t start = folder == "/" ? 1 : folder.size() + 1;
        return there && name.size() > start ? path::join(base_[*there].path, name.substr(start))
                                            : name;
    }

    void place(PlanItem item) {
        item.path = name_in_base(item.path);
        const auto there = base_.find(item.path);
        if (item.header.type == EntryType::file && is_provided_library(item)) {
            provided_.insert(item.path);
            provided_bytes_ += item.header.size;
            stands_for_[source_[*item.source].inode] =
                libraries_.find(*facts_of(item)->soname)->second;
            return;
        }
        if (!there) {
            put_item(top_.plan, std::move(item));
            return;
        }
        const rootfs::Node& node = base_[*there];
        const auto leads_to = base_.resolve(item.path).node;
        const bool is_folder_there = leads_to && base_[*leads_to].is_directory();
        if (item.header.type == EntryType::directory && is_folder_there) {
            if (!same_owner(item.header, base_[*leads_to].header)) {
                item.path = base_[*leads_to].path;
                put_item(top_.plan, std::move(item));
            }
        } else if (item.header.type == EntryType::symlink && node.is_directory()) {
            // An empty folder gives way, so that what is written later is seen under both names.
            if (node.subtree_end == *there + 1) {
                put_item(top_.plan, std::move(item));
            } else {
                folder_links_.push_back(std::move(item));
            }
        } else if (item.header.type == EntryType::symlink && node.is_symlink() &&
                   (item.header.link == node.header.link || leads_to_provided(item.path))) {
            return;
        } else if (item.path == cache_path) {
            put_item(top_.plan, std::move(item));  // joined when all is placed
        } else if (item.header.type == EntryType::file && node.is_file()) {
            place_file(std::move(item), *there);
        } else {
            override(std::move(item), "is something else there");
        }
    }

    /// A link of the base's to one of its own libraries, of another release than the source's.
    [[nodiscard]] bool leads_to_provided(const std::string& path) const {
        const auto target = base_.resolve(path).node;
        return target && std::any_of(libraries_.begin(), libraries_.end(),
                                     [&](const auto& entry) { return entry.second == *target; });
    }

    void place_file(PlanItem item, NodeId there) {
        static constexpr std::array<std::string_view, 4> of_the_base{
            "/etc/os-release", "/usr/lib/os-release", "/etc/debian_version", "/etc/alpine-release"};
        Slice ours;
        const Bytes bytes = bytes_of(item, ours);
        const Slice theirs = base_.content(there);
        // The base has a stripped file as it was before.
        const bool same =
            same_bytes(bytes, theirs.bytes) ||
            (item.stripped && same_bytes(source_.content(*item.source).bytes, theirs.bytes));
        if (same && same_owner(item.header, base_[there].header)) {
            provided_.insert(item.path);
            provided_bytes_ += bytes.size();
            return;
        }
        if (std::find(of_the_base.begin(), of_the_base.end(), item.path) != of_the_base.end()) {
            return;
        }
        if (path::is_within(item.path, dpkg_records) || item.path.ends_with(apk_database)) {
            records_.push_back(std::move(item));
            return;
        }
        if (item.path == "/etc/passwd" || item.path == "/etc/group") {
            join_accounts(std::move(item), ours.text(), theirs.text());
            return;
        }
        override(std::move(item), same ? "has another owner or mode" : "differs");
    }

    void join_accounts(PlanItem item, std::string_view ours, std::string_view theirs) {
        std::vector<std::string_view> lines;
        for (std::string_view rest = theirs; !rest.empty();) {
            const std::string_view line = rest.substr(0, rest.find('\n'));
            rest.remove_prefix(std::min(line.size() + 1, rest.size()));
            if (!line.empty()) {
                lines.push_back(line);
            }
        }
        item.content = slice_of(with_entries(ours, lines));
        item.header.size = item.content->size();
        add_why(item, "joined with the base's");
        put_item(top_.plan, std::move(item));
    }

    /// The content under a path of the plan's, and of the base's; empty where there is none.
    std::string planned_text(const std::string& path) const {
        Slice owner;
        const PlanItem* const item = find_item(whole_, path);
        return item == nullptr ? std::string() : std::string(as_text(bytes_of(*item, owner)));
    }
    std::string base_text(const std::string& path) const {
        const auto node = base_.resolve(path).node;
        return node ? std::string(base_.content(*node).text()) : std::string();
    }

    /// Packages that both sides have a record of.
    void join_records() {
        const HasAbove has_above = [&](std::string_view path) {
            const PlanItem* const item = find_item(top_.plan, name_in_base(std::string(path)));
            return item != nullptr && item->header.type != EntryType::directory;
        };
        for (PlanItem& item : records_) {
            std::optional<std::string> text;
            if (item.path.ends_with(apk_database)) {
                text = join_apk(planned_text(item.path), base_text(item.path), has_above);
            } else {
                const bool is_sums = item.path.ends_with(dpkg_sums_ending);
                const std::string package(item.path.substr(
                    0, item.path.size() - (is_sums ? dpkg_sums_ending.size() : 0)));
                const std::string sums = package + std::string(dpkg_sums_ending);
                if (auto joined = join_dpkg({planned_text(package), planned_text(sums)},
                                            {base_text(package), base_text(sums)}, has_above)) {
                    text = is_sums ? std::move(joined->sums) : std::move(joined->control);
                }
            }
            if (text && *text != base_text(item.path)) {
                item.content = slice_of(*text);
                item.header.size = text->size();
                item.why = "packages of the base and of the layer above it";
                put_item(top_.plan, std::move(item));
            }
        }
    }

    void override(PlanItem item, const std::string& problem) {
        top_.diagnostics.push_back({Severity::note, "base-conflict", item.path,
                                    "the base's " + problem + "; the image's is taken"});
        put_item(top_.plan, std::move(item));
    }

    /// The source has a symlink where the base has a folder with something in it (/lib of a base
    /// that is not usrmerged): the folder stays, and names in it lead to what the symlink led to.
    void spread(const PlanItem& link) {
        const std::string target =
            path::normalize(link.header.link.starts_with('/')
                                ? link.header.link.str()
                                : path::join(path::parent(link.path), link.header.link));
        for (const PlanItem& item : std::vector<PlanItem>(top_.plan.items)) {
            if (path::is_within(item.path, target) && item.path != target) {
                add_name(link, target, item.path);
            }
        }
    }

    /// Makes the first folder on the way to `path`, or that itself, that the base lacks below
    /// `link` a link to that below `target`.
    void add_name(const PlanItem& link, const std::string& target, const std::string& path) {
        for (std::size_t end = target.size(); end != path.npos;) {
            end = path.find('/', end + 1);
            const std::string part = path.substr(0, end);
            const std::string name = name_in_base(link.path + part.substr(target.size()));
            if (base_.resolve(name).node) {
                continue;
            }
            if (find_item(top_.plan, name) == nullptr) {
                PlanItem added{.path = name, .why = "in place of the image's link " + link.path};
                added.header = link.header;
                added.header.link = part;
                added.content = Slice{};
                put_item(top_.plan, std::move(added));
            }
            return;
        }
    }

    /// Links to libraries that the base stands in for lead to the base's.
    void lead_to_base() {
        for (PlanItem& item : top_.plan.items) {
            if (item.header.type != EntryType::symlink || !item.source) {
                continue;
            }
            const auto led_to = source_.resolve(source_[*item.source].path).node;
            const auto now = led_to ? stands_for_.find(source_[*led_to].inode) : stands_for_.end();
            if (now == stands_for_.end() || base_.find(item.path)) {
                continue;
            }
            item.header.link = base_[now->second].path;
            add_why(item, "leads to the base's");
        }
    }

    /// Names of the source's cache that are still there, and the base's own.
    void join_cache() {
        PlanItem* const item = find_item(top_.plan, cache_path);
        const auto theirs = base_.resolve(cache_path).node;
        if (item == nullptr) {
            return;
        }
        Slice ours;
        auto cache = closure::LdCache::parse(bytes_of(*item, ours));
        if (!cache) {
            return;
        }
        std::erase_if(cache->entries, [&](const closure::LdCacheEntry& entry) {
            return !base_.resolve(entry.path).node && find_item(top_.plan, entry.path) == nullptr &&
                   find_item(top_.plan, name_in_base(entry.path)) == nullptr;
        });
        const auto base_cache =
            theirs ? closure::LdCache::parse(base_.content(*theirs).bytes) : std::nullopt;
        for (const auto& entry :
             base_cache ? base_cache->entries : std::vector<closure::LdCacheEntry>()) {
            const bool known = std::any_of(cache->entries.begin(), cache->entries.end(),
                                           [&](const closure::LdCacheEntry& ours_too) {
                                               return ours_too.name == entry.name &&
                                                      ours_too.flags == entry.flags &&
                                                      ours_too.hwcaps_folder == entry.hwcaps_folder;
                                           });
            if (!known) {
                cache->entries.push_back(entry);
            }
        }
        item->content = slice_of(cache->serialize(cache->order));
        item->header.size = item->content->size();
        item->why = "lists the libraries of the base and of the layer above it";
    }

    void tell() {
        if (!provided_.empty()) {
            top_.diagnostics.push_back(
                {Severity::note, "base-provides", "",
                 "the base has " + std::to_string(provided_.size()) +
                     " files that the program needs, which are not repeated: " +
                     std::to_string(provided_bytes_) + " bytes"});
        }
    }

    const Plan& whole_;
    const Rootfs& source_;
    const Rootfs& base_;
    closure::ElfStore source_elves_;
    closure::ElfStore base_elves_;
    Wanted wanted_;
    std::map<std::string, NodeId, std::less<>> libraries_;  // the base's, by SONAME
    std::map<NodeId, NodeId> stands_for_;  // the base's library, by the source's inode
    bool has_c_library_ = false;
    std::set<std::string> provided_;
    std::uint64_t provided_bytes_ = 0;
    std::vector<PlanItem> folder_links_;
    std::vector<PlanItem> records_;  // of packages that the base has a record of too
    Standing top_;
};

}  // namespace

Standing stand_on(const Plan& plan, const Rootfs& source, const Rootfs& base,
                  const RunOptions& run) {
    return Stand(plan, source, base, run).run();
}

}  // namespace slimimg::slim
