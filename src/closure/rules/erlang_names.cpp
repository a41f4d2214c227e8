#include "closure/rules/erlang_names.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "slimimg/archive/zip.hpp"
#include "slimimg/base/lines.hpp"
#include "slimimg/base/one_of.hpp"
#include "slimimg/base/path.hpp"

namespace slimimg::closure {
namespace {

using rootfs::NodeId;
using Names = std::set<std::string, std::less<>>;

constexpr std::size_t largest_code = 64UL << 20;
constexpr std::size_t largest_text = 1UL << 20;
constexpr std::size_t longest_command = 1024;
constexpr std::size_t longest_atom = 255;  // MAX_ATOM_CHARACTERS

constexpr std::string_view form_mark = "FOR1";

std::optional<std::uint32_t> number(Bytes bytes, std::uint64_t at) {
    return read_uint<std::uint32_t>(bytes, at, std::endian::big);
}

/// A compiled module as it was before erlc's option `compressed` made a gzip of it, without a name
/// or other fields in its header (erts/emulator/beam/beam_file.c takes both).
std::optional<Slice> plain_module(Bytes bytes) {
    constexpr std::string_view gzip("\x1f\x8b\x08\0", 4);
    constexpr std::size_t header = 10;
    constexpr std::size_t trailer = 8;
    if (!as_text(bytes).starts_with(gzip) || bytes.size() < header + trailer) {
        return Slice{bytes, nullptr};
    }
    const archive::ZipMember packed{
        .name = {},
        .method = 8,
        .packed = bytes.subspan(header, bytes.size() - header - trailer),
        .size = read_uint<std::uint32_t>(bytes, bytes.size() - 4).value_or(0)};
    return archive::zip_content(packed, largest_code);
}

/// The chunk of this name in a compiled module (IFF, see "The BEAM file format" in beam_lib).
std::optional<Bytes> chunk(Bytes module, std::string_view name) {
    constexpr std::size_t first = 12;  // behind FOR1, the size and BEAM
    std::uint64_t at = first;
    while (const auto size = number(module, at + 4)) {
        const auto content = checked_subspan(module, at + 8, *size);
        if (!content) {
            return std::nullopt;
        }
        if (as_text(module.subspan(at, 4)) == name) {
            return content;
        }
        at += 8 + (std::uint64_t{*size} + 3) / 4 * 4;
    }
    return std::nullopt;
}

/// An atom's length: a byte, or since OTP 28, where the count of atoms is negative, a compact term
/// (beamreader_read_tagged).
std::optional<std::size_t> atom_length(Bytes chunk, std::uint64_t& at, bool compact) {
    const auto byte = read_uint<std::uint8_t>(chunk, at++);
    if (!byte || !compact) {
        return byte;
    }
    if ((*byte & 0x08U) == 0) {
        return *byte >> 4U;
    }
    const auto next = read_uint<std::uint8_t>(chunk, at++);
    if (!next || (*byte & 0x10U) != 0) {
        return std::nullopt;
    }
    return (*byte & 0xE0U) << 3U | *next;
}

/// The table of atoms; others name them by their place in it, from 1.
std::vector<std::string_view> atoms(Bytes module) {
    std::vector<std::string_view> list;
    auto table = chunk(module, "AtU8");
    if (!table) {
        table = chunk(module, "Atom");
    }
    const auto count = table ? number(*table, 0) : std::nullopt;
    const bool compact = count && static_cast<std::int32_t>(*count) < 0;
    const std::uint32_t many = count ? (compact ? 0U - *count : *count) : 0U;
    std::uint64_t at = 4;
    for (std::uint32_t i = 0; i < many; ++i) {
        const auto length = atom_length(*table, at, compact);
        const auto name = length ? checked_subspan(*table, at, *length) : std::nullopt;
        if (!name) {
            break;
        }
        list.push_back(as_text(*name));
        at += *length;
    }
    return list;
}

/// How long a term of the external term format is, without the terms inside it, which stand behind
/// it: after the tag a size of `size` bytes, `fixed` further bytes and as many as the size says.
struct TermForm {
    char tag;
    std::size_t size;
    std::size_t fixed;
};
constexpr std::array<TermForm, 21> term_forms{{
    {'\x83', 0, 0},                                          // the version, before a term
    {'a', 0, 1},                                             // integers
    {'b', 0, 4},    {'n', 1, 1}, {'o', 4, 1}, {'c', 0, 31},  // floats
    {'F', 0, 8},    {'d', 2, 0},                             // atoms
    {'s', 1, 0},    {'v', 2, 0}, {'w', 1, 0}, {'h', 0, 1},   // tuples
    {'i', 0, 4},    {'j', 0, 0},                             // lists
    {'l', 0, 4},    {'k', 2, 0},                             // strings and binaries
    {'m', 4, 0},    {'M', 4, 1}, {'t', 0, 4},                // maps
    {'q', 0, 0},                                             // fun M:F/A
    {'p', 4, 0},                                             // a fun, whole
}};

std::uint64_t big_endian(Bytes bytes) {
    std::uint64_t value = 0;
    for (const std::byte byte : bytes) {
        value = value << 8U | std::to_integer<std::uint64_t>(byte);
    }
    return value;
}

/// The atoms in a term; up to what is no term.
void add_atoms_of_term(Bytes term, Names& names) {
    for (std::uint64_t at = 0; at < term.size();) {
        const char tag = as_text(term)[at];
        const auto* const form =
            std::find_if(term_forms.begin(), term_forms.end(),
                         [&](const TermForm& known) { return known.tag == tag; });
        const auto size =
            form == term_forms.end() ? std::nullopt : checked_subspan(term, at + 1, form->size);
        const auto content =
            size ? checked_subspan(term, at + 1 + form->size, form->fixed + big_endian(*size))
                 : std::nullopt;
        if (!content) {
            return;
        }
        if (std::string_view("dsvw").find(tag) != std::string_view::npos) {
            names.emplace(as_text(*content));
        }
        at += 1 + form->size + content->size();
    }
}

/// How many there are, then each with its size.
void add_atoms_of_literals(Bytes literals, Names& names) {
    std::uint64_t at = 4;
    while (const auto size = number(literals, at)) {
        const auto term = checked_subspan(literals, at + 4, *size);
        if (!term) {
            return;
        }
        add_atoms_of_term(*term, names);
        at += 4 + term->size();
    }
}

/// The literals of a module, which since OTP 28 are not deflated (their size is 0 then).
void add_literals(Bytes module, Names& names) {
    constexpr std::size_t before = 6;  // the size, and zlib's header
    const auto literals = chunk(module, "LitT");
    const auto size = literals ? number(*literals, 0) : std::nullopt;
    if (!size || literals->size() < before) {
        return;
    }
    if (*size == 0) {
        add_atoms_of_literals(literals->subspan(4), names);
        return;
    }
    const archive::ZipMember packed{
        .name = {}, .method = 8, .packed = literals->subspan(before), .size = *size};
    if (const auto terms = archive::zip_content(packed, largest_code)) {
        add_atoms_of_literals(terms->bytes, names);
    }
}

void add_module(Bytes file, Names& names) {
    const auto module = plain_module(file);
    if (!module || !as_text(module->bytes).starts_with(form_mark)) {
        return;
    }
    for (const std::string_view atom : atoms(module->bytes)) {
        names.emplace(atom);
    }
    add_literals(module->bytes, names);
}

bool is_word_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '@' || c == '.';
}

/// "Logger.info": the aliases Elixir.Logger and Elixir.Logger.info; "ssl.start": ssl too.
void add_word(std::string_view word, Names& names) {
    while (word.starts_with('.')) {
        word.remove_prefix(1);
    }
    if (word.empty() || word.size() > longest_atom) {
        return;
    }
    const std::string prefix = word[0] >= 'A' && word[0] <= 'Z' ? "Elixir." : "";
    for (std::size_t end = word.find('.'); end != word.npos; end = word.find('.', end + 1)) {
        names.insert(prefix + std::string(word.substr(0, end)));
    }
    names.insert(prefix + std::string(word));
    if (!prefix.empty()) {
        names.emplace(word);
    }
}

/// What a shell script has that starts Erlang: its programs, or variables that they look at.
bool starts_erlang(const Names& words) {
    static constexpr std::array<std::string_view, 5> programs{"erl", "erlexec", "escript", "elixir",
                                                              "iex"};
    const auto variable = words.lower_bound("Elixir.ERL");
    return std::any_of(programs.begin(), programs.end(),
                       [&](std::string_view program) { return words.contains(program); }) ||
           (variable != words.end() && variable->starts_with("Elixir.ERL"));
}

/// What file:consult reads, as sys.config and RabbitMQ's enabled_plugins: terms with a full stop
/// behind.
bool is_terms(std::string_view text) {
    const std::size_t end = text.find_last_not_of(" \t\r\n");
    const bool stopped = end != text.npos && text[end] == '.';
    while (stopped && !text.empty()) {
        const std::string_view line = take_line(text);
        const std::size_t start = line.find_first_not_of(" \t\r");
        if (start != line.npos && line[start] != '%') {
            return line[start] == '[' || line[start] == '{';
        }
    }
    return false;
}

bool is_source(std::string_view path) {
    static constexpr std::array<std::string_view, 6> endings{".exs", ".ex",      ".erl",
                                                             ".hrl", ".escript", ".args"};
    return ends_with_one_of(path, endings);
}

void add_archive(std::string_view text, Names& names) {
    for (const archive::ZipMember& member : archive::zip_members(as_bytes(text))) {
        if (member.name.ends_with(".beam")) {
            if (const auto content = archive::zip_content(member, largest_code)) {
                add_module(content->bytes, names);
            }
        }
    }
}

/// An escript is source, a compiled module or an archive behind its first lines (escript.erl).
void add_script(std::string_view text, Names& names) {
    const std::size_t module = text.substr(0, largest_text).find("\nFOR1");
    if (module != text.npos) {
        add_module(as_bytes(text.substr(module + 1)), names);
    } else if (text.find("PK\3\4") != text.npos) {
        add_archive(text, names);
    } else if (text.size() <= largest_text) {
        Names words = erlang_words(text);
        if (starts_erlang(words)) {
            names.merge(words);
        }
    }
}

/// The programs of a command line: what stands first in it and behind "|", ";" and "&".
void add_programs(std::string_view command, Names& names) {
    while (!command.empty()) {
        const std::string_view part = command.substr(0, command.find_first_of("|;&"));
        command.remove_prefix(std::min(part.size() + 1, command.size()));
        const std::size_t start = std::min(part.find_first_not_of(' '), part.size());
        const std::string_view program =
            part.substr(start, part.find_first_of(" \t\n<>", start) - start);
        if (!program.empty() && program.size() <= longest_atom) {
            names.emplace(program);
        }
    }
}

/// System.cmd("date", []), os:cmd("date +%Y"), {spawn_executable, "/bin/date"}.
void add_programs_of_source(std::string_view text, Names& names) {
    static constexpr std::array<std::string_view, 4> calls{"cmd", "System.shell", "find_executable",
                                                           "spawn_executable"};
    for (const std::string_view call : calls) {
        for (std::size_t at = text.find(call); at != text.npos; at = text.find(call, at + 1)) {
            const std::size_t open = text.find_first_not_of(" (,~c", at + call.size());
            if (open == text.npos || (text[open] != '"' && text[open] != '\'')) {
                continue;
            }
            const std::string_view rest = text.substr(open + 1, longest_command);
            add_programs(rest.substr(0, rest.find(text[open])), names);
        }
    }
}

}  // namespace

Names erlang_words(std::string_view text) {
    Names names;
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        const std::size_t start = line.find_first_not_of(" \t");
        const bool first = line.starts_with("#!");
        if (start == line.npos || (!first && (line[start] == '%' || line[start] == '#'))) {
            continue;
        }
        for (std::size_t at = start; at < line.size();) {
            const std::size_t from = at;
            while (at < line.size() && is_word_char(line[at])) {
                ++at;
            }
            add_word(line.substr(from, at - from), names);
            at += at == from ? 1 : 0;
        }
    }
    return names;
}

Names called_modules(Evidence& evidence, NodeId beam) {
    Names names;
    const auto module = plain_module(as_bytes(evidence.text(beam)));
    if (!module || !as_text(module->bytes).starts_with(form_mark)) {
        return names;
    }
    const std::vector<std::string_view> known = atoms(module->bytes);
    const auto imports = chunk(module->bytes, "ImpT");
    constexpr std::uint64_t entry = 12;  // module, function and arity
    for (std::uint64_t at = 4; imports && at + entry <= imports->size(); at += entry) {
        const std::uint32_t atom = number(*imports, at).value_or(0);
        if (atom != 0 && atom <= known.size()) {
            names.emplace(known[atom - 1]);
        }
    }
    return names;
}

Names erlang_programs(Evidence& evidence, NodeId node) {
    Names names;
    const std::string_view text = evidence.text(node);
    if (text.size() <= largest_text &&
        (is_source(evidence.rootfs()[node].path) || text.starts_with("#!/usr/bin/env escript"))) {
        add_programs_of_source(text, names);
    }
    return names;
}

Names erlang_names(Evidence& evidence, NodeId node) {
    Names names;
    const std::string_view path = evidence.rootfs()[node].path;
    const std::string_view text = evidence.text(node);
    if (path.ends_with(".beam")) {
        add_module(as_bytes(text), names);
    } else if (path.ends_with(".boot")) {
        add_atoms_of_term(as_bytes(text), names);
    } else if (path.ends_with(".ez")) {
        add_archive(text, names);
    } else if (text.starts_with("#!")) {
        add_script(text, names);
    } else if (text.size() <= largest_text &&
               (is_source(path) ||
                (!path.ends_with(".app") && !path.ends_with(".rel") && is_terms(text)))) {
        names = erlang_words(text);
    }
    return names;
}

/// The lists of `applications`, `included_applications` and `optional_applications` (app(4)).
Names started_before(Evidence& evidence, NodeId file) {
    Names names;
    constexpr std::string_view key = "applications";
    const std::string_view text = evidence.text(file);
    if (text.size() > largest_text) {
        return names;
    }
    for (std::size_t at = text.find(key); at != text.npos; at = text.find(key, at)) {
        const std::size_t open = text.find_first_not_of(" \t\r\n,", at + key.size());
        if (open == text.npos || text[open] != '[') {
            at += key.size();
            continue;
        }
        at = std::min(text.find(']', open), text.size());
        names.merge(erlang_words(text.substr(open, at - open)));
    }
    return names;
}

}  // namespace slimimg::closure
