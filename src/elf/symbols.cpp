#include <algorithm>
#include <unordered_map>

#include <elf.h>

#include "slimimg/elf/elf.hpp"

#include "elf/look.hpp"
#include "elf/tables.hpp"

namespace slimimg::elf {
namespace {

/// node, which exports itself to its modules, has 75,000.
constexpr std::uint64_t max_symbols = 2U << 20U;
constexpr std::uint64_t max_symbol_text = 256U << 20U;
constexpr unsigned version_hidden = 0x8000;
constexpr std::uint64_t dt_mips_symtabno = 0x70000011;

class SymbolReader {
  public:
    SymbolReader(const Look& look, const Dynamic& dynamic)
        : look_(look),
          dynamic_(dynamic),
          encoding_(look.encoding()),
          record_size_(encoding_.pick(sizeof(Elf32_Sym), sizeof(Elf64_Sym))),
          strings_(dynamic_strings(look, dynamic, max_symbol_text)) {}

    /// Nothing where the table is damaged.
    std::optional<std::vector<DynamicSymbol>> read() {
        const auto address = dynamic_.value(DT_SYMTAB);
        if (!address) {
            return std::vector<DynamicSymbol>{};
        }
        const auto count = symbol_count(*address);
        if (!count || *count > max_symbols) {
            return std::nullopt;
        }
        const auto table = checked_subspan(look_.at_address(*address), 0, *count * record_size_);
        if (!table || !read_versions_of_symbols(*count)) {
            return std::nullopt;
        }
        std::vector<DynamicSymbol> symbols;
        symbols.reserve(*count);
        for (std::uint64_t i = 1; i < *count; ++i) {
            if (!read_symbol(table->subspan(i * record_size_, record_size_), i, symbols)) {
                return std::nullopt;
            }
        }
        return symbols;
    }

  private:
    /// Loaders look symbols up by hash and never count them: each table says it in its own way.
    std::optional<std::uint64_t> symbol_count(std::uint64_t address) const {
        if (const auto count = dynamic_.value(dt_mips_symtabno);
            count && look_.abi().machine == EM_MIPS) {
            return count;
        }
        if (const auto hash = dynamic_.value(DT_HASH)) {
            return count_by_hash(look_.at_address(*hash));
        }
        const auto hash = dynamic_.value(DT_GNU_HASH);
        const auto hashed = hash ? count_by_gnu_hash(look_.at_address(*hash)) : 0;
        if (!hashed) {
            return std::nullopt;
        }
        // The GNU table leaves out undefined symbols: without a defined one it says nothing.
        return std::max(*hashed, count_by_section(address));
    }

    std::optional<std::uint64_t> count_by_hash(Bytes table) const {
        // Two ABIs have hash tables of 8-byte words.
        const bool large =
            encoding_.wide && (look_.abi().machine == EM_S390 || look_.abi().machine == EM_ALPHA);
        if (large) {
            return read_uint<std::uint64_t>(table, 8, encoding_.order);
        }
        return read_uint<std::uint32_t>(table, 4, encoding_.order);
    }

    /// The end of the chain that begins last.
    std::optional<std::uint64_t> count_by_gnu_hash(Bytes table) const {
        const auto word = [&](std::uint64_t at) {
            return read_uint<std::uint32_t>(table, at, encoding_.order);
        };
        const auto bucket_count = word(0);
        const auto first_symbol = word(4);
        const auto bloom_words = word(8);
        if (!bucket_count || !first_symbol || !bloom_words) {
            return std::nullopt;
        }
        const std::uint64_t buckets = 16 + encoding_.pick(4, 8) * *bloom_words;
        const std::uint64_t chains = buckets + std::uint64_t{4} * *bucket_count;
        if (!checked_subspan(table, buckets, chains - buckets)) {
            return std::nullopt;
        }
        std::uint64_t last = 0;
        for (std::uint64_t at = buckets; at < chains; at += 4) {
            last = std::max<std::uint64_t>(last, word(at).value_or(0));
        }
        if (last < *first_symbol) {
            return *first_symbol;
        }
        for (;; ++last) {
            const auto hash = word(chains + (last - *first_symbol) * 4);
            if (!hash) {
                return std::nullopt;
            }
            if ((*hash & 1U) != 0) {
                return last + 1;
            }
        }
    }

    std::uint64_t count_by_section(std::uint64_t address) const {
        for (const Section& section : read_sections(look_).list) {
            if (section.type == SHT_DYNSYM && section.address == address) {
                return section.size / record_size_;
            }
        }
        return 0;
    }

    bool read_versions_of_symbols(std::uint64_t count) {
        const auto address = dynamic_.value(DT_VERSYM);
        if (!address) {
            return true;
        }
        const auto table =
            checked_subspan(look_.at_address(*address), 0, count * sizeof(Elf64_Versym));
        const Versions versions = read_versions(look_, dynamic_, strings_);
        if (!table || !versions.whole) {
            return false;
        }
        version_of_symbol_ = *table;
        for (const NeedRecord& need : versions.needs) {
            for (const NeedRecord::Name& name : need.names) {
                names_.emplace(name.index & ~version_hidden, name.name);
            }
        }
        for (const DefinitionRecord& definition : versions.definitions) {
            names_.emplace(definition.index & ~version_hidden, definition.name);
        }
        return true;
    }

    bool read_symbol(Bytes bytes, std::uint64_t index, std::vector<DynamicSymbol>& symbols) {
        Record record(bytes, encoding_);
        const std::uint32_t name_at = record.word();
        if (!encoding_.wide) {
            record.native();  // st_value
            record.native();  // st_size
        }
        const unsigned binding = record.byte() >> 4U;
        record.byte();  // st_other
        const std::uint16_t section = record.half();
        if (binding == STB_LOCAL) {
            return true;
        }
        const auto name = strings_.at(name_at);
        if (!name) {
            return false;
        }
        if (name->empty()) {  // SPARC declares its registers so
            return true;
        }
        DynamicSymbol& symbol = symbols.emplace_back();
        symbol.name = *name;
        symbol.defined = section != SHN_UNDEF;
        symbol.weak = binding == STB_WEAK;
        const auto version = read_uint<std::uint16_t>(
            version_of_symbol_, index * sizeof(Elf64_Versym), encoding_.order);
        const unsigned version_index = version.value_or(VER_NDX_GLOBAL) & ~version_hidden;
        if (version_index > VER_NDX_GLOBAL) {
            const auto found = names_.find(version_index);
            if (found == names_.end()) {
                return false;
            }
            symbol.version = found->second;
            symbol.hidden_version = symbol.defined && (*version & version_hidden) != 0;
        }
        return true;
    }

    const Look& look_;
    const Dynamic& dynamic_;
    Encoding encoding_;
    std::uint64_t record_size_;
    StringTable strings_;
    Bytes version_of_symbol_;
    std::unordered_map<unsigned, std::string_view> names_;
};

}  // namespace

std::vector<DynamicSymbol> read_dynamic_symbols(Bytes file, const Limits& limits,
                                                std::vector<Diagnostic>& diagnostics) {
    const auto look = file.size() > limits.elf_bytes ? std::nullopt : Look::open(file);
    const auto dynamic = look ? read_dynamic(*look) : std::nullopt;
    if (!dynamic) {
        return {};
    }
    auto symbols = SymbolReader(*look, *dynamic).read();
    if (!symbols) {
        diagnostics.push_back({Severity::warning,
                               "elf-symbols-damaged",
                               {},
                               "the dynamic symbols can't be read: they are not checked"});
    }
    return std::move(symbols).value_or(std::vector<DynamicSymbol>{});
}

}  // namespace slimimg::elf
