#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "elf/look.hpp"

/// The tables that a loader follows from PT_DYNAMIC, found by address as it finds them.
namespace slimimg::elf {

/// A string table that gives out only so much text, so that a million names that share one long
/// string stay cheap.
class StringTable {
  public:
    StringTable(Bytes bytes, std::uint64_t budget) : bytes_(bytes), budget_(budget) {}

    /// The string at `offset`; nothing where it has no end or the budget is spent.
    std::optional<std::string_view> at(std::uint64_t offset);
    /// The part of the table that holds all strings given out so far.
    [[nodiscard]] Bytes used() const { return bytes_.first(used_); }

  private:
    Bytes bytes_;
    std::uint64_t budget_;
    std::size_t used_ = 0;
};

struct DynamicEntry {
    std::uint64_t tag = 0;
    std::uint64_t value = 0;
};

struct Dynamic {
    std::vector<DynamicEntry> entries;  ///< without the closing DT_NULL
    bool whole = true;                  ///< the table is in the file and has its DT_NULL

    /// Of an entry that is there twice the last counts, in glibc as in musl.
    [[nodiscard]] std::optional<std::uint64_t> value(std::uint64_t tag) const;
};

/// Nothing where there is no PT_DYNAMIC.
std::optional<Dynamic> read_dynamic(const Look& look);

/// The strings that the dynamic table's numbers mean. Not cut at DT_STRSZ, as no loader does.
StringTable dynamic_strings(const Look& look, const Dynamic& dynamic, std::uint64_t budget);

struct NeedRecord {
    struct Name {
        std::string_view name;
        bool weak = false;
        std::uint16_t index = 0;  ///< what DT_VERSYM calls it
    };
    std::string_view library;
    std::vector<Name> names;
};

struct DefinitionRecord {
    std::string_view name;
    std::uint16_t index = 0;
};

struct Versions {
    std::vector<NeedRecord> needs;
    std::vector<DefinitionRecord> definitions;
    bool whole = true;       ///< all records could be read and their counts agree
    Bytes need_bytes;        ///< what of the tables was read
    Bytes definition_bytes;  ///< "
};

Versions read_versions(const Look& look, const Dynamic& dynamic, StringTable& strings);

}  // namespace slimimg::elf
