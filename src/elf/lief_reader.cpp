// LIEF defines names that are macros in <elf.h>: nothing here may include that.
#include "elf/lief_reader.hpp"

#include <exception>
#include <memory>

#include <LIEF/ELF.hpp>
#include <LIEF/logging.hpp>

namespace slimimg::elf {
namespace {

using LIEF::ELF::DYNAMIC_TAGS;

/// LIEF's is<T>() and as<T>() are not exported: the tag says which class an entry has.
template <typename Entry>
const Entry& entry_as(const LIEF::ELF::DynamicEntry& entry) {
    return static_cast<const Entry&>(entry);
}

void read_entry(const LIEF::ELF::DynamicEntry& entry, ElfFacts& facts) {
    switch (entry.tag()) {
        case DYNAMIC_TAGS::DT_NEEDED:
            facts.needed.push_back(entry_as<LIEF::ELF::DynamicEntryLibrary>(entry).name());
            break;
        case DYNAMIC_TAGS::DT_SONAME:
            facts.soname = entry_as<LIEF::ELF::DynamicSharedObject>(entry).name();
            break;
        case DYNAMIC_TAGS::DT_RPATH:
            facts.rpath = entry_as<LIEF::ELF::DynamicEntryRpath>(entry).rpath();
            break;
        case DYNAMIC_TAGS::DT_RUNPATH:
            facts.runpath = entry_as<LIEF::ELF::DynamicEntryRunPath>(entry).runpath();
            break;
        case DYNAMIC_TAGS::DT_FLAGS:
            facts.flags = entry.value();
            break;
        case DYNAMIC_TAGS::DT_FLAGS_1:
            facts.flags_1 = entry.value();
            break;
        default:
            break;
    }
}

ElfFacts read_binary(const LIEF::ELF::Binary& binary) {
    constexpr std::uint16_t weak_version = 2;  // VER_FLG_WEAK
    ElfFacts facts;
    if (binary.has_interpreter()) {
        facts.interpreter = binary.interpreter();
    }
    for (const LIEF::ELF::DynamicEntry& entry : binary.dynamic_entries()) {
        read_entry(entry, facts);
    }
    for (const LIEF::ELF::SymbolVersionRequirement& record : binary.symbols_version_requirement()) {
        VersionNeed& need = facts.version_needs.emplace_back();
        need.library = record.name();
        for (const auto& name : record.auxiliary_symbols()) {
            need.versions.push_back({name.name(), (name.flags() & weak_version) != 0});
        }
    }
    for (const LIEF::ELF::SymbolVersionDefinition& record : binary.symbols_version_definition()) {
        for (const LIEF::ELF::SymbolVersionAux& name : record.symbols_aux()) {
            facts.version_definitions.push_back(name.name());
            break;
        }
    }
    return facts;
}

}  // namespace

std::optional<ElfFacts> read_with_lief(const std::vector<std::uint8_t>& image) {
    // LIEF logs what it dislikes to the standard output.
    static const bool quiet = (LIEF::Logger::disable(), true);
    static_cast<void>(quiet);
    try {
        const std::unique_ptr<const LIEF::ELF::Binary> binary =
            LIEF::ELF::Parser::parse(image, "", LIEF::ELF::DYNSYM_COUNT_METHODS::COUNT_SECTION);
        return binary ? std::optional(read_binary(*binary)) : std::nullopt;
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

}  // namespace slimimg::elf
