#include <algorithm>

#include <elf.h>

#include "slimimg/base/limit_names.hpp"
#include "slimimg/elf/elf.hpp"

#include "elf/compact.hpp"
#include "elf/lief_reader.hpp"
#include "elf/look.hpp"
#include "elf/notes.hpp"
#include "elf/tables.hpp"

namespace slimimg::elf {
namespace {

/// All names of one file together. Search paths of a hundred folders are far below.
constexpr std::uint64_t max_text = 4U << 20U;
/// Linux' PATH_MAX, the longest PT_INTERP that it takes.
constexpr std::uint64_t max_interpreter = 4096;

ElfFacts::Type type_of(std::uint16_t e_type) {
    switch (e_type) {
        case ET_NONE:
            return ElfFacts::Type::none;
        case ET_REL:
            return ElfFacts::Type::relocatable;
        case ET_EXEC:
            return ElfFacts::Type::executable;
        case ET_DYN:
            return ElfFacts::Type::shared;
        case ET_CORE:
            return ElfFacts::Type::core;
        default:
            return ElfFacts::Type::other;
    }
}

bool agree(const ElfFacts& a, const ElfFacts& b) {
    return a.interpreter == b.interpreter && a.needed == b.needed && a.soname == b.soname &&
           a.rpath == b.rpath && a.runpath == b.runpath && a.flags == b.flags &&
           a.flags_1 == b.flags_1 && a.version_needs == b.version_needs &&
           a.version_definitions == b.version_definitions;
}

class FactReader {
  public:
    FactReader(const Look& look, ElfFacts& facts) : look_(look), facts_(facts) {}

    void read_debug_sizes(const Sections& sections) {
        for (const Section& section : sections.list) {
            const auto content = look_.content(section);
            if (!content || (section.flags & SHF_ALLOC) != 0) {
                continue;
            }
            if (section.name.starts_with(".debug_") || section.name.starts_with(".zdebug_")) {
                add_size(facts_.debug_bytes, content->size());
            } else if (section.name == ".symtab" || section.name == ".strtab") {
                add_size(facts_.symbol_bytes, content->size());
            }
        }
        if (sections.damaged) {
            diagnose(Severity::note, "elf-sections-damaged",
                     "the section headers can't be read; loaders don't need them");
        }
    }

    void read_loading() {
        check_segments();
        read_interpreter();
        const auto dynamic = read_dynamic(look_);
        if (!dynamic) {
            return;
        }
        facts_.dynamic = true;
        if (!dynamic->whole) {
            damaged("the dynamic section is cut off: needed libraries may be unknown");
        }
        StringTable strings = dynamic_strings(look_, *dynamic, max_text);
        read_entries(*dynamic, strings);
        const Versions versions = read_versions(look_, *dynamic, strings);
        read_version_names(versions);
        if (names_whole_) {
            compare_with_lief(compact_image(look_, *dynamic, strings, versions));
        }
    }

  private:
    void diagnose(Severity severity, std::string_view code, std::string_view message) {
        facts_.diagnostics.push_back({severity, std::string(code), {}, std::string(message)});
    }
    void damaged(std::string_view message) { diagnose(Severity::warning, "elf-damaged", message); }

    /// Sections of a hostile file may lie over each other.
    void add_size(std::uint64_t& sum, std::uint64_t size) const {
        sum = std::min<std::uint64_t>(sum + size, look_.file().size());
    }

    void check_segments() {
        constexpr std::uint64_t smallest_page = 4096;
        bool cut = false;
        bool askew = false;
        for (const Segment& segment : look_.segments()) {
            if (segment.type == PT_LOAD) {
                cut = cut || (segment.file_size != 0 && !look_.content(segment));
                askew = askew || (segment.address - segment.offset) % smallest_page != 0;
            }
            facts_.relro = facts_.relro || segment.type == PT_GNU_RELRO;
            facts_.executable_stack = facts_.executable_stack ||
                                      (segment.type == PT_GNU_STACK && (segment.flags & PF_X) != 0);
        }
        if (cut) {
            damaged("the file is cut off: it ends before its last loaded segment");
        }
        if (askew) {
            damaged("a loaded segment is not aligned to pages: no loader maps it");
        }
    }

    void read_interpreter() {
        const auto& segments = look_.segments();
        const auto segment =
            std::find_if(segments.begin(), segments.end(),
                         [](const Segment& candidate) { return candidate.type == PT_INTERP; });
        if (segment == segments.end()) {
            return;
        }
        // As load_elf_binary takes it: with its NUL, which is what the path ends at.
        const auto content = look_.content(*segment);
        if (!content || content->size() < 2 || content->size() > max_interpreter ||
            content->back() != std::byte{0}) {
            damaged("the name of its interpreter can't be read: the kernel won't start it");
            names_whole_ = false;
            return;
        }
        facts_.interpreter = read_c_string(*content, 0);
    }

    void read_entries(const Dynamic& dynamic, StringTable& strings) {
        bool unreadable = false;
        const auto text = [&](std::uint64_t offset) {
            const auto found = strings.at(offset);
            unreadable = unreadable || !found;
            return found;
        };
        for (const DynamicEntry& entry : dynamic.entries) {
            switch (entry.tag) {
                case DT_NEEDED:
                    append(facts_.needed, text(entry.value));
                    break;
                case DT_FILTER:
                    append(facts_.filters, text(entry.value));
                    break;
                case DT_AUXILIARY:
                    append(facts_.auxiliaries, text(entry.value));
                    break;
                case DT_SONAME:
                    facts_.soname = text(entry.value);
                    break;
                case DT_RPATH:
                    facts_.rpath = text(entry.value);
                    break;
                case DT_RUNPATH:
                    facts_.runpath = text(entry.value);
                    break;
                case DT_FLAGS:
                    facts_.flags = entry.value;
                    break;
                case DT_FLAGS_1:
                    facts_.flags_1 = entry.value;
                    break;
                default:
                    break;
            }
        }
        facts_.pie = (facts_.flags_1 & DF_1_PIE) != 0;
        if (unreadable) {
            damaged("a name in the dynamic section can't be read: needed libraries may be unknown");
            names_whole_ = false;
        }
    }

    static void append(std::vector<std::string>& list, std::optional<std::string_view> name) {
        if (name) {
            list.emplace_back(*name);
        }
    }

    void read_version_names(const Versions& versions) {
        for (const NeedRecord& record : versions.needs) {
            VersionNeed& need = facts_.version_needs.emplace_back();
            need.library = record.library;
            for (const NeedRecord::Name& name : record.names) {
                need.versions.push_back({std::string(name.name), name.weak});
            }
        }
        for (const DefinitionRecord& definition : versions.definitions) {
            facts_.version_definitions.emplace_back(definition.name);
        }
        if (!versions.whole) {
            damaged("the symbol versions are damaged: some may be unknown");
        }
    }

    /// A second opinion on all that decides which files are kept. Ours stands: it follows the
    /// tables as loaders do, LIEF as the format's text has it.
    void compare_with_lief(const std::optional<std::vector<std::uint8_t>>& image) {
        const auto other = image ? read_with_lief(*image) : std::nullopt;
        if (image && (!other || !agree(*other, facts_))) {
            diagnose(Severity::note, "elf-readers-differ",
                     "two readers understand its dynamic section differently; the one that reads "
                     "as loaders do is followed");
        }
    }

    const Look& look_;
    ElfFacts& facts_;
    bool names_whole_ = true;  ///< of the interpreter and the dynamic entries
};

}  // namespace

bool ElfFacts::is_program() const {
    switch (type) {
        case Type::executable:
            return true;
        case Type::shared:
            // Linkers mark programs since binutils 2.26. Before, a program is told from a library
            // that can be started (libc.so.6) by its having no SONAME.
            return pie || (interpreter && !soname);
        default:
            return false;
    }
}

std::optional<ElfFacts> read_facts(Bytes file, const Limits& limits) {
    const auto look = Look::open(file);
    if (!look) {
        return std::nullopt;
    }
    ElfFacts facts;
    facts.abi = look->abi();
    facts.type = type_of(look->header().type);
    if (file.size() > limits.elf_bytes) {
        facts.diagnostics.push_back({Severity::error,
                                     "elf-too-large",
                                     {},
                                     "is larger than the limit for ELF files: what it needs is "
                                     "not known; " +
                                         raise_hint(&Limits::elf_bytes)});
        return facts;
    }
    FactReader reader(*look, facts);
    const Sections sections = read_sections(*look);
    reader.read_debug_sizes(sections);
    if (is_debug_companion(sections)) {
        facts.diagnostics.push_back({Severity::note,
                                     "elf-debug-only",
                                     {},
                                     "holds debug data only; its code is in another file"});
    } else if (facts.type == ElfFacts::Type::executable || facts.type == ElfFacts::Type::shared) {
        reader.read_loading();
    }
    if (facts.type != ElfFacts::Type::core) {
        read_notes(*look, facts);
    }
    return facts;
}

}  // namespace slimimg::elf
