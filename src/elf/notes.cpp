#include "elf/notes.hpp"

#include <algorithm>
#include <iterator>

#include <elf.h>

#include "slimimg/base/json_cursor.hpp"

namespace slimimg::elf {
namespace {

constexpr std::uint32_t note_dlopen = 0x407c0c0a;   // UAPI.12
constexpr std::uint32_t note_package = 0xcafe1a7e;  // systemd, "Package Metadata for ELF Files"
/// A file has half a dozen.
constexpr std::size_t max_notes = 4096;
constexpr std::size_t max_note_text = 1U << 20U;
constexpr std::uint64_t header_size = 12;

struct Note {
    std::string_view owner;
    std::uint32_t type = 0;
    Bytes description;
};

std::uint64_t round_up(std::uint64_t value, std::uint64_t alignment) {
    return (value + alignment - 1) / alignment * alignment;
}

std::string_view up_to_nul(std::string_view text) {
    return text.substr(0, text.find('\0'));
}

/// Takes the first note off `rest`. Notes are padded to 4 bytes, in a segment aligned to 8 to 8
/// (the Linux extensions to the gABI; binutils and glibc do the same).
std::optional<Note> take_note(Bytes& rest, Encoding encoding, std::uint64_t alignment) {
    const auto header = checked_subspan(rest, 0, header_size);
    if (!header) {
        return std::nullopt;
    }
    Record record(*header, encoding);
    const std::uint64_t owner_size = record.word();
    const std::uint64_t description_size = record.word();
    Note note;
    note.type = record.word();
    const auto owner = checked_subspan(rest, header_size, owner_size);
    const std::uint64_t description_at = round_up(header_size + owner_size, alignment);
    const auto description = checked_subspan(rest, description_at, description_size);
    if (!owner || !description) {
        return std::nullopt;
    }
    note.owner = up_to_nul(as_text(*owner));
    note.description = *description;
    rest = rest.subspan(std::min<std::uint64_t>(
        round_up(description_at + description_size, alignment), rest.size()));
    return note;
}

std::string hex(Bytes bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const std::byte byte : bytes) {
        const auto value = std::to_integer<unsigned>(byte);
        text.push_back(digits[value >> 4U]);
        text.push_back(digits[value & 15U]);
    }
    return text;
}

DlopenNote::Priority priority_of(std::string_view name) {
    if (name == "required") {
        return DlopenNote::Priority::required;
    }
    return name == "suggested" ? DlopenNote::Priority::suggested
                               : DlopenNote::Priority::recommended;
}

bool parse_sonames(JsonCursor& json, std::vector<std::string>& sonames) {
    const auto one = [&] {
        auto name = json.string();
        if (name) {
            sonames.push_back(std::move(*name));
        }
        return name.has_value();
    };
    return json.peek() == '"' ? one() : json.array(one);
}

bool parse_dlopen_entry(JsonCursor& json, std::vector<DlopenNote>& notes) {
    DlopenNote note;
    const auto text = [&](std::string& into) {
        auto value = json.string();
        into = value.value_or("");
        return value.has_value();
    };
    const bool whole = json.object([&](const std::string& key) {
        if (key == "soname") {
            return parse_sonames(json, note.sonames);
        }
        if (key == "feature") {
            return text(note.feature);
        }
        if (key == "description") {
            return text(note.description);
        }
        if (key == "priority") {
            std::string name;
            const bool read = text(name);
            note.priority = priority_of(name);
            return read;
        }
        return json.skip();
    });
    if (!whole || note.sonames.empty()) {
        return false;
    }
    notes.push_back(std::move(note));
    return true;
}

class NoteReader {
  public:
    explicit NoteReader(ElfFacts& facts) : facts_(facts) {}

    void take(const Note& note) {
        if (note.owner == "GNU" && note.type == NT_GNU_BUILD_ID) {
            take_build_id(note.description);
        } else if (note.owner == "FDO" && note.type == note_dlopen) {
            take_dlopen(as_text(note.description));
        } else if (note.owner == "FDO" && note.type == note_package) {
            take_package(as_text(note.description));
        }
    }

    void damaged(std::string_view what) {
        facts_.diagnostics.push_back(
            {Severity::warning, "elf-note-damaged", {}, std::string(what)});
    }

  private:
    void take_build_id(Bytes id) {
        constexpr std::size_t longest = 64;
        if (facts_.build_id.empty() && id.size() <= longest) {
            facts_.build_id = hex(id);
        }
    }

    void take_dlopen(std::string_view text) {
        auto notes =
            text.size() > max_note_text - text_ ? std::nullopt : parse_dlopen_note(up_to_nul(text));
        if (!notes) {
            damaged("a note on libraries loaded at run time (.note.dlopen) can't be read");
            return;
        }
        text_ += text.size();
        std::move(notes->begin(), notes->end(), std::back_inserter(facts_.dlopen_notes));
    }

    void take_package(std::string_view text) {
        if (text.size() > max_note_text) {
            damaged("the package note (.note.package) is too long to be one");
        } else if (facts_.package_note.empty()) {
            facts_.package_note = up_to_nul(text);
        }
    }

    ElfFacts& facts_;
    std::size_t text_ = 0;
};

}  // namespace

std::optional<std::vector<DlopenNote>> parse_dlopen_note(std::string_view json) {
    JsonCursor cursor(json);
    std::vector<DlopenNote> notes;
    const auto entry = [&] { return parse_dlopen_entry(cursor, notes); };
    const bool whole = cursor.peek() == '{' ? entry() : cursor.array(entry);
    if (!whole || !cursor.at_end()) {
        return std::nullopt;
    }
    return notes;
}

void read_notes(const Look& look, ElfFacts& facts) {
    NoteReader reader(facts);
    std::size_t left = max_notes;
    for (const Segment& segment : look.segments()) {
        if (segment.type != PT_NOTE) {
            continue;
        }
        auto rest = look.content(segment);
        bool whole = rest.has_value();
        while (whole && rest->size() >= header_size && left > 0) {
            const auto note = take_note(*rest, look.encoding(), segment.alignment == 8 ? 8 : 4);
            whole = note.has_value();
            if (note) {
                reader.take(*note);
                --left;
            }
        }
        if (!whole || left == 0) {
            reader.damaged(left == 0 ? "has too many notes; the rest is not read"
                                     : "a note segment is damaged; what follows is not read");
            return;
        }
    }
}

}  // namespace slimimg::elf
