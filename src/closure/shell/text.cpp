#include "closure/shell/text.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

#include "slimimg/base/path.hpp"

namespace slimimg::closure::shell {
namespace {

// Trying every prefix costs the square of the length; paths and names are far below this.
constexpr std::size_t longest_value = 256;
constexpr std::size_t longest_pattern = 64;

constexpr std::size_t most_brace_atoms = 1000;
constexpr std::size_t most_brace_words = 256;

bool can_match(std::string_view value, std::string_view pattern) {
    return is_known(value) && is_known(pattern) && value.size() <= longest_value &&
           pattern.size() <= longest_pattern;
}

/// glob_match's pattern for one of the shell's, whose "*" takes slashes too.
std::string deep_pattern(std::string_view pattern) {
    std::string deep;
    for (const char c : pattern) {
        deep += c;
        if (c == '*') {
            deep += c;
        }
    }
    return deep;
}

std::optional<std::int64_t> number(std::string_view text) {
    while (text.starts_with(' ')) {
        text.remove_prefix(1);
    }
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

/// A character of unquoted text, or a part that braces don't look into.
struct Atom {
    char character = 0;
    const Part* part = nullptr;

    [[nodiscard]] bool is(char c) const { return part == nullptr && character == c; }
};
using Atoms = std::vector<Atom>;

Word word_of(const Atoms& atoms) {
    Word word;
    for (const Atom& atom : atoms) {
        if (atom.part != nullptr) {
            word.push_back(*atom.part);
            continue;
        }
        if (word.empty() || word.back().kind != Part::Kind::text || word.back().quoted) {
            word.emplace_back();
        }
        word.back().text += atom.character;
    }
    return word;
}

/// The brace pair that opens at `open`: where its commas and its end stand; no commas where it is
/// no list.
std::vector<std::size_t> brace_marks(const Atoms& atoms, std::size_t open) {
    std::vector<std::size_t> marks;
    unsigned depth = 0;
    for (std::size_t i = open + 1; i < atoms.size(); ++i) {
        if (atoms[i].is('{')) {
            ++depth;
        } else if (atoms[i].is('}')) {
            if (depth-- == 0) {
                marks.push_back(i);
                return marks.size() > 1 ? marks : std::vector<std::size_t>();
            }
        } else if (atoms[i].is(',') && depth == 0) {
            marks.push_back(i);
        }
    }
    return {};
}

/// Expands the first list of each and puts what came of it back, until no list is left.
std::vector<Word> expand_lists(Atoms first) {
    std::vector<Word> words;
    std::vector<std::pair<Atoms, std::size_t>> work;  // in reverse; where to look from
    work.emplace_back(std::move(first), 0);
    while (!work.empty() && words.size() + work.size() <= most_brace_words) {
        const Atoms atoms = std::move(work.back().first);
        std::size_t from = work.back().second;
        work.pop_back();
        std::vector<std::size_t> marks;
        for (; from < atoms.size() && marks.empty(); ++from) {
            if (atoms[from].is('{')) {
                marks = brace_marks(atoms, from);
            }
        }
        if (marks.empty()) {
            words.push_back(word_of(atoms));
            continue;
        }
        const std::size_t open = from - 1;
        const auto at = [&atoms](std::size_t i) {
            return atoms.begin() + static_cast<std::ptrdiff_t>(i);
        };
        for (std::size_t i = marks.size(); i-- > 0;) {
            Atoms next(atoms.begin(), at(open));
            next.insert(next.end(), at(i == 0 ? open + 1 : marks[i - 1] + 1), at(marks[i]));
            next.insert(next.end(), at(marks.back() + 1), atoms.end());
            work.emplace_back(std::move(next), open);
        }
    }
    return words;
}

/// Ends a path in running text.
bool is_path_end(char c) {
    static constexpr std::string_view ends = " \t\r\n\"'`:;,()<>|&{}$^\\=";
    return ends.find(c) != ends.npos;
}

bool is_path_start(std::string_view text, std::size_t at) {
    static constexpr std::string_view starts = " \t\r\n\"'`:;,()<>|&{}=@[";
    if (at > 0 && starts.find(text[at - 1]) == starts.npos) {
        return false;
    }
    const char next = at + 1 < text.size() ? text[at + 1] : '/';
    return (next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z') ||
           (next >= '0' && next <= '9') || next == '_' || next == '.' || next == '*' ||
           next == unknown;
}

}  // namespace

std::string shown(std::string_view text) {
    std::string result(text);
    std::replace(result.begin(), result.end(), unknown, '*');
    return result;
}

std::string remove_prefix(std::string_view value, std::string_view pattern, bool longest) {
    if (!can_match(value, pattern)) {
        return unknown_text();
    }
    const std::string deep = deep_pattern(pattern);
    for (std::size_t i = 0; i <= value.size(); ++i) {
        const std::size_t length = longest ? value.size() - i : i;
        if (path::glob_match(deep, value.substr(0, length))) {
            return std::string(value.substr(length));
        }
    }
    return std::string(value);
}

std::string remove_suffix(std::string_view value, std::string_view pattern, bool longest) {
    if (!can_match(value, pattern)) {
        return unknown_text();
    }
    const std::string deep = deep_pattern(pattern);
    for (std::size_t i = 0; i <= value.size(); ++i) {
        const std::size_t rest = longest ? i : value.size() - i;
        if (path::glob_match(deep, value.substr(rest))) {
            return std::string(value.substr(0, rest));
        }
    }
    return std::string(value);
}

std::string replace_text(std::string_view value, std::string_view operation, std::string_view from,
                         std::string_view to) {
    if (!can_match(value, from) || path::is_glob(from) || from.empty()) {
        return unknown_text();
    }
    if (operation == "/#") {
        return value.starts_with(from) ? std::string(to) + std::string(value.substr(from.size()))
                                       : std::string(value);
    }
    if (operation == "/%") {
        return value.ends_with(from)
                   ? std::string(value.substr(0, value.size() - from.size())) + std::string(to)
                   : std::string(value);
    }
    std::string result;
    while (true) {
        const std::size_t at = value.find(from);
        if (at == value.npos) {
            break;
        }
        result += value.substr(0, at);
        result += to;
        value.remove_prefix(at + from.size());
        if (operation == "/") {
            break;
        }
    }
    return result + std::string(value);
}

std::string slice(std::string_view value, std::string_view offset,
                  std::optional<std::string_view> length) {
    const auto size = static_cast<std::int64_t>(value.size());
    const auto from = number(offset);
    const auto count = length ? number(*length) : std::optional(size);
    if (!is_known(value) || !from || !count) {
        return unknown_text();
    }
    const std::int64_t first = *from < 0 ? *from + size : *from;
    if (first < 0 || first > size) {
        return {};
    }
    const std::int64_t last = *count < 0 ? *count + size : std::min(size - first, *count) + first;
    return last <= first ? std::string()
                         : std::string(value.substr(static_cast<std::size_t>(first),
                                                    static_cast<std::size_t>(last - first)));
}

std::vector<Word> expand_braces(const Word& word) {
    Atoms atoms;
    bool has_list = false;
    for (const Part& part : word) {
        if (part.kind != Part::Kind::text || part.quoted) {
            atoms.push_back({0, &part});
            continue;
        }
        has_list = has_list || part.text.find(',') != part.text.npos;
        for (const char c : part.text) {
            atoms.push_back({c, nullptr});
        }
        if (atoms.size() > most_brace_atoms) {
            return {};
        }
    }
    const bool has_brace =
        std::any_of(atoms.begin(), atoms.end(), [](const Atom& atom) { return atom.is('{'); });
    return has_brace && has_list ? expand_lists(std::move(atoms)) : std::vector<Word>();
}

std::vector<std::string> patterns_of_find(const std::vector<std::string>& arguments) {
    std::vector<std::string> patterns;
    std::string name;
    bool in_folders = true;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& argument = arguments[i];
        if (argument == "-H" || argument == "-L" || argument == "-P") {
            continue;
        }
        in_folders = in_folders && !argument.starts_with('-') && argument != "!" &&
                     argument != "(" && !argument.empty();
        if (in_folders) {
            patterns.push_back(argument + (argument.ends_with('/') ? "**" : "/**"));
        } else if (argument == "-name" && i + 1 < arguments.size() && name.empty()) {
            name = arguments[++i];
        } else if (argument == "-o") {
            return patterns;  // other names too
        }
    }
    for (std::string& pattern : patterns) {
        pattern += name.substr(std::min(name.find_first_not_of('*'), name.size()));
    }
    return patterns;
}

void find_paths(std::string_view text,
                const std::function<void(std::string_view path, bool whole)>& found) {
    const bool one_word = text.find_first_of(" \t\r\n\"'`;()|&$^\\") == text.npos;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '/' || !is_path_start(text, i)) {
            continue;
        }
        std::size_t end = i;
        while (end < text.size() && !is_path_end(text[end])) {
            ++end;
        }
        std::string_view path = text.substr(i, end - i);
        while (!one_word && path.size() > 1 && path.ends_with('.')) {
            path.remove_suffix(1);  // the end of a sentence
        }
        if (path.size() > 1) {
            found(path, one_word);
        }
        i = end;
    }
}

}  // namespace slimimg::closure::shell
