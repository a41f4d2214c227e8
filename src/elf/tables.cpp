#include "elf/tables.hpp"

#include <algorithm>

#include <elf.h>

namespace slimimg::elf {
namespace {

/// Real files have fewer than a hundred.
constexpr std::size_t max_dynamic_entries = 1U << 16U;
/// All records of both version tables. libc.so.6 has some eighty.
constexpr std::size_t max_version_records = 1U << 15U;

/// Follows the records of one version table, which name their successors by distance.
class VersionWalk {
  public:
    VersionWalk(Bytes table, Encoding encoding, std::size_t& budget)
        : table_(table), encoding_(encoding), budget_(budget) {}

    std::optional<Record> record(std::uint64_t at, std::uint64_t size) {
        const auto bytes = checked_subspan(table_, at, size);
        if (!bytes || budget_ == 0) {
            return std::nullopt;
        }
        --budget_;
        end_ = std::max<std::uint64_t>(end_, at + size);
        return Record(*bytes, encoding_);
    }
    [[nodiscard]] Bytes seen() const { return table_.first(end_); }

  private:
    Bytes table_;
    Encoding encoding_;
    std::size_t& budget_;
    std::uint64_t end_ = 0;
};

/// The names that one Verneed record wants; false where they can't all be read. glibc follows
/// vna_next alone; a vn_cnt that says otherwise is damage.
bool read_need_names(VersionWalk& walk, std::uint64_t at, std::uint16_t count, StringTable& strings,
                     std::vector<NeedRecord::Name>& names) {
    for (std::uint16_t seen = 1;; ++seen) {
        auto record = walk.record(at, sizeof(Elf64_Vernaux));
        if (!record || seen > count) {
            return false;
        }
        record->word();  // vna_hash
        NeedRecord::Name name;
        name.weak = (record->half() & VER_FLG_WEAK) != 0;
        name.index = record->half();
        const auto text = strings.at(record->word());
        if (!text) {
            return false;
        }
        name.name = *text;
        names.push_back(name);
        const std::uint32_t next = record->word();
        if (next == 0) {
            return seen == count;
        }
        at += next;
    }
}

bool read_needs(VersionWalk& walk, std::uint64_t count, StringTable& strings,
                std::vector<NeedRecord>& needs) {
    std::uint64_t at = 0;
    for (std::uint64_t seen = 1;; ++seen) {
        auto record = walk.record(at, sizeof(Elf64_Verneed));
        if (!record || record->half() != VER_NEED_CURRENT) {
            return false;
        }
        const std::uint16_t names = record->half();
        const auto library = strings.at(record->word());
        const std::uint32_t first = record->word();
        const std::uint32_t next = record->word();
        if (!library) {
            return false;
        }
        needs.push_back({*library, {}});
        if (!read_need_names(walk, at + first, names, strings, needs.back().names)) {
            return false;
        }
        if (next == 0) {
            return seen == count;
        }
        at += next;
    }
}

/// The first name is the version's own, the others are those that it follows.
std::optional<std::string_view> read_definition_name(VersionWalk& walk, std::uint64_t at,
                                                     std::uint16_t count, StringTable& strings) {
    std::optional<std::string_view> first;
    for (std::uint16_t i = 0; i < count; ++i) {
        auto record = walk.record(at, sizeof(Elf64_Verdaux));
        const auto name = record ? strings.at(record->word()) : std::nullopt;
        if (!name) {
            return std::nullopt;
        }
        first = first ? first : name;
        at += record->word();
    }
    return first;
}

bool read_definitions(VersionWalk& walk, std::uint64_t count, StringTable& strings,
                      std::vector<DefinitionRecord>& definitions) {
    std::uint64_t at = 0;
    for (std::uint64_t seen = 1;; ++seen) {
        auto record = walk.record(at, sizeof(Elf64_Verdef));
        if (!record || record->half() != VER_DEF_CURRENT) {
            return false;
        }
        record->half();  // vd_flags
        const std::uint16_t index = record->half();
        const std::uint16_t names = record->half();
        record->word();  // vd_hash
        const std::uint32_t first = record->word();
        const std::uint32_t next = record->word();
        const auto name = read_definition_name(walk, at + first, names, strings);
        if (!name) {
            return false;
        }
        definitions.push_back({*name, index});
        if (next == 0) {
            return seen == count;
        }
        at += next;
    }
}

}  // namespace

std::optional<std::string_view> StringTable::at(std::uint64_t offset) {
    if (offset >= bytes_.size()) {
        return std::nullopt;
    }
    const auto start = static_cast<std::size_t>(offset);
    const std::size_t window = std::min<std::uint64_t>(bytes_.size() - start, budget_);
    const std::string_view rest = as_text(bytes_.subspan(start, window));
    const std::size_t length = rest.find('\0');
    if (length == std::string_view::npos) {
        budget_ -= window;
        return std::nullopt;
    }
    budget_ -= length + 1;
    used_ = std::max(used_, start + length + 1);
    return rest.substr(0, length);
}

std::optional<std::uint64_t> Dynamic::value(std::uint64_t tag) const {
    const auto found = std::find_if(entries.rbegin(), entries.rend(),
                                    [&](const DynamicEntry& entry) { return entry.tag == tag; });
    return found == entries.rend() ? std::nullopt : std::optional(found->value);
}

std::optional<Dynamic> read_dynamic(const Look& look) {
    // glibc takes the last; an empty one is what a debug companion has.
    const auto& segments = look.segments();
    const auto segment =
        std::find_if(segments.rbegin(), segments.rend(), [](const Segment& candidate) {
            return candidate.type == PT_DYNAMIC && candidate.file_size != 0;
        });
    if (segment == segments.rend()) {
        return std::nullopt;
    }
    Bytes table = look.at_address(segment->address);
    table = table.first(std::min<std::uint64_t>(table.size(), segment->file_size));
    const Encoding encoding = look.encoding();
    const std::uint64_t size = encoding.pick(sizeof(Elf32_Dyn), sizeof(Elf64_Dyn));
    const std::size_t count = std::min<std::uint64_t>(table.size() / size, max_dynamic_entries);
    Dynamic dynamic;
    for (std::size_t i = 0; i < count; ++i) {
        Record record(table.subspan(i * size, size), encoding);
        const std::uint64_t tag = record.native();
        if (tag == DT_NULL) {
            return dynamic;
        }
        dynamic.entries.push_back({tag, record.native()});
    }
    dynamic.whole = false;
    return dynamic;
}

StringTable dynamic_strings(const Look& look, const Dynamic& dynamic, std::uint64_t budget) {
    const auto address = dynamic.value(DT_STRTAB);
    return {address ? look.at_address(*address) : Bytes{}, budget};
}

Versions read_versions(const Look& look, const Dynamic& dynamic, StringTable& strings) {
    Versions versions;
    std::size_t budget = max_version_records;
    if (const auto address = dynamic.value(DT_VERNEED)) {
        VersionWalk walk(look.at_address(*address), look.encoding(), budget);
        versions.whole =
            read_needs(walk, dynamic.value(DT_VERNEEDNUM).value_or(0), strings, versions.needs);
        versions.need_bytes = walk.seen();
    }
    if (const auto address = dynamic.value(DT_VERDEF)) {
        VersionWalk walk(look.at_address(*address), look.encoding(), budget);
        versions.whole = read_definitions(walk, dynamic.value(DT_VERDEFNUM).value_or(0), strings,
                                          versions.definitions) &&
                         versions.whole;
        versions.definition_bytes = walk.seen();
    }
    return versions;
}

}  // namespace slimimg::elf
