#include "report/sbom/licence.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <string>

#include "slimimg/base/path.hpp"

namespace slimimg::report {
namespace {

/// Ids of SPDX's list that packages of distributions and languages have; others become references.
constexpr auto ids = std::to_array<std::string_view>({
    "0BSD",
    "AFL-2.1",
    "AFL-3.0",
    "AGPL-3.0-only",
    "AGPL-3.0-or-later",
    "Apache-1.0",
    "Apache-1.1",
    "Apache-2.0",
    "APSL-2.0",
    "Artistic-1.0",
    "Artistic-1.0-Perl",
    "Artistic-1.0-cl8",
    "Artistic-2.0",
    "Beerware",
    "BlueOak-1.0.0",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-2-Clause-Patent",
    "BSD-3-Clause",
    "BSD-3-Clause-Clear",
    "BSD-4-Clause",
    "BSD-4-Clause-UC",
    "BSD-Source-Code",
    "BSL-1.0",
    "bzip2-1.0.6",
    "CC-BY-3.0",
    "CC-BY-4.0",
    "CC-BY-SA-3.0",
    "CC-BY-SA-4.0",
    "CC0-1.0",
    "CDDL-1.0",
    "CDDL-1.1",
    "CPL-1.0",
    "curl",
    "ECL-2.0",
    "EPL-1.0",
    "EPL-2.0",
    "EUPL-1.1",
    "EUPL-1.2",
    "FSFAP",
    "FSFUL",
    "FSFULLR",
    "FTL",
    "GFDL-1.1-only",
    "GFDL-1.1-or-later",
    "GFDL-1.2-only",
    "GFDL-1.2-or-later",
    "GFDL-1.3-only",
    "GFDL-1.3-or-later",
    "GPL-1.0-only",
    "GPL-1.0-or-later",
    "GPL-2.0-only",
    "GPL-2.0-or-later",
    "GPL-3.0-only",
    "GPL-3.0-or-later",
    "HPND",
    "HPND-sell-variant",
    "ICU",
    "IJG",
    "ImageMagick",
    "Info-ZIP",
    "IPL-1.0",
    "ISC",
    "JSON",
    "LGPL-2.0-only",
    "LGPL-2.0-or-later",
    "LGPL-2.1-only",
    "LGPL-2.1-or-later",
    "LGPL-3.0-only",
    "LGPL-3.0-or-later",
    "Libpng",
    "libpng-2.0",
    "libtiff",
    "LPPL-1.3c",
    "MIT",
    "MIT-0",
    "MIT-CMU",
    "MirOS",
    "MPL-1.0",
    "MPL-1.1",
    "MPL-2.0",
    "MS-PL",
    "NCSA",
    "NTP",
    "OFL-1.0",
    "OFL-1.1",
    "OLDAP-2.8",
    "OpenSSL",
    "OSL-3.0",
    "PHP-3.0",
    "PHP-3.01",
    "PostgreSQL",
    "PSF-2.0",
    "Python-2.0",
    "Python-2.0.1",
    "QPL-1.0",
    "Ruby",
    "SGI-B-2.0",
    "Sleepycat",
    "SMLNJ",
    "SSH-OpenSSH",
    "TCL",
    "TCP-wrappers",
    "Unicode-3.0",
    "Unicode-DFS-2015",
    "Unicode-DFS-2016",
    "Unlicense",
    "UPL-1.0",
    "Vim",
    "W3C",
    "WTFPL",
    "X11",
    "Zlib",
    "zlib-acknowledgement",
    "ZPL-2.1",
});

constexpr auto exceptions = std::to_array<std::string_view>(
    {"Autoconf-exception-2.0", "Autoconf-exception-3.0", "Bison-exception-2.2",
     "Classpath-exception-2.0", "Font-exception-2.0", "GCC-exception-3.1", "GCC-exception-2.0",
     "LLVM-exception", "Libtool-exception", "OpenSSL-exception", "OCaml-LGPL-linking-exception",
     "Linux-syscall-note", "Swift-exception"});

/// What others call them: Debian's short names, old SPDX ids, what Python's packages write.
struct Other {
    std::string_view name;
    std::string_view id;
};
constexpr auto others = std::to_array<Other>({
    {"Expat", "MIT"},
    {"MIT License", "MIT"},
    {"BSD-2-clause", "BSD-2-Clause"},
    {"BSD-3-clause", "BSD-3-Clause"},
    {"BSD-4-clause", "BSD-4-Clause"},
    {"zlib", "Zlib"},
    {"Apache 2.0", "Apache-2.0"},
    {"Apache License 2.0", "Apache-2.0"},
    {"Apache License, Version 2.0", "Apache-2.0"},
    {"Apache-2", "Apache-2.0"},
    {"Artistic", "Artistic-1.0"},
    {"Artistic-2", "Artistic-2.0"},
    {"MPL-2", "MPL-2.0"},
    {"OpenLDAP-2.8", "OLDAP-2.8"},
    {"CC0", "CC0-1.0"},
    {"PSF-2", "PSF-2.0"},
    {"Python-2", "Python-2.0"},
    {"isc", "ISC"},
    {"BSL-1", "BSL-1.0"},
    {"MIT/X11", "MIT"},
    {"BSD 3-Clause", "BSD-3-Clause"},
    {"BSD-3-Clause License", "BSD-3-Clause"},
});

constexpr auto classifiers = std::to_array<Other>({
    {"OSI Approved :: MIT License", "MIT"},
    {"OSI Approved :: Apache Software License", "Apache-2.0"},
    {"OSI Approved :: ISC License (ISCL)", "ISC"},
    {"OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)", "MPL-2.0"},
    {"OSI Approved :: The Unlicense (Unlicense)", "Unlicense"},
    {"OSI Approved :: GNU General Public License v2 (GPLv2)", "GPL-2.0-only"},
    {"OSI Approved :: GNU General Public License v2 or later (GPLv2+)", "GPL-2.0-or-later"},
    {"OSI Approved :: GNU General Public License v3 (GPLv3)", "GPL-3.0-only"},
    {"OSI Approved :: GNU General Public License v3 or later (GPLv3+)", "GPL-3.0-or-later"},
    {"OSI Approved :: GNU Lesser General Public License v3 (LGPLv3)", "LGPL-3.0-only"},
});

std::string_view trimmed(std::string_view text) {
    const std::size_t from = text.find_first_not_of(" \t\r\n");
    return from == text.npos ? "" : text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1);
}

template <typename List, typename T>
bool holds(const List& list, const T& value) {
    return std::find(list.begin(), list.end(), value) != list.end();
}

/// "GPL-2+", "LGPL-2.1", "GFDL-1.3+": Debian's and SPDX's former way to write GNU's licences.
std::string gnu_id(std::string_view name) {
    static constexpr auto families =
        std::to_array<std::string_view>({"AGPL-", "LGPL-", "GPL-", "GFDL-"});
    for (const std::string_view family : families) {
        if (!name.starts_with(family)) {
            continue;
        }
        std::string_view version = name.substr(family.size());
        const bool later = version.ends_with('+');
        version = later ? version.substr(0, version.size() - 1) : version;
        std::string id(family);
        id += version;
        id += version.find('.') == version.npos ? ".0" : "";
        id += later ? "-or-later" : "-only";
        return holds(ids, id) ? id : "";
    }
    return "";
}

std::string id_of(std::string_view name) {
    if (holds(ids, name)) {
        return std::string(name);
    }
    const auto at = std::find_if(others.begin(), others.end(),
                                 [&](const Other& other) { return other.name == name; });
    return at != others.end() ? std::string(at->id) : gnu_id(name);
}

std::string reference_to(std::string_view name, Licence& licence) {
    std::string id = "LicenseRef-";
    for (const char c : name) {
        const bool fits = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-';
        id += fits ? c : '-';
    }
    const std::pair<std::string, std::string> entry{id, path::printable(name)};
    if (!holds(licence.references, entry)) {
        licence.references.push_back(entry);
    }
    return id;
}

std::string name_or_reference(std::string_view name, Licence& licence) {
    const std::string id = id_of(name);
    return id.empty() ? reference_to(name, licence) : id;
}

/// Words; brackets are words of their own.
std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    std::string word;
    const auto end_word = [&] {
        if (!word.empty()) {
            words.push_back(std::move(word));
        }
        word.clear();
    };
    for (const char c : text) {
        if (c == '(' || c == ')') {
            end_word();
            words.emplace_back(1, c);
        } else if (std::isspace(static_cast<unsigned char>(c)) != 0) {
            end_word();
        } else {
            word += c;
        }
    }
    end_word();
    return words;
}

/// Reads "A AND (B OR C WITH D)" word by word; false where it is none.
bool read_expression(const std::vector<std::string>& words, Licence& licence) {
    enum class Want { name, exception, operation } want = Want::name;
    int depth = 0;
    std::string text;
    for (const std::string& word : words) {
        std::string next = word;
        if (word == "(" || word == ")") {
            const bool opens = word == "(";
            depth += opens ? 1 : -1;
            if (depth < 0 || opens != (want == Want::name)) {
                return false;
            }
        } else if (want == Want::operation) {
            std::transform(next.begin(), next.end(), next.begin(),
                           [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
            if (next != "AND" && next != "OR" && next != "WITH") {
                return false;
            }
            want = next == "WITH" ? Want::exception : Want::name;
        } else if (want == Want::exception) {
            if (!holds(exceptions, word)) {
                return false;
            }
            want = Want::operation;
        } else {
            next = name_or_reference(word, licence);
            want = Want::operation;
        }
        const bool tight = text.empty() || text.ends_with('(') || word == ")";
        text += (tight ? "" : " ") + next;
    }
    licence.expression = text;
    return depth == 0 && want == Want::operation;
}

std::string_view take_line(std::string_view& text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
}

bool is_field(std::string_view line, std::string_view name) {
    return line.size() > name.size() && line[name.size()] == ':' &&
           std::equal(name.begin(), name.end(), line.begin(), [](char a, char b) {
               return std::tolower(static_cast<unsigned char>(a)) ==
                      std::tolower(static_cast<unsigned char>(b));
           });
}

std::string_view value_of(std::string_view line) {
    return trimmed(line.substr(line.find(':') + 1));
}

/// The terms of "A AND B", each once; an alternative is one term.
void add_parts(const std::string& expression, bool in_brackets, std::set<std::string>& parts) {
    static constexpr std::string_view conjunction = " AND ";
    if (expression.find(" OR ") != std::string::npos) {
        parts.insert(in_brackets ? "(" + expression + ")" : expression);
        return;
    }
    std::string_view rest = expression;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(conjunction), rest.size());
        parts.emplace(rest.substr(0, end));
        rest.remove_prefix(std::min(end + conjunction.size(), rest.size()));
    }
}

}  // namespace

Licence licence_of_expression(std::string_view text) {
    text = trimmed(text);
    constexpr std::size_t longest = 200;  // more is the licence's text, not its name
    Licence licence;
    if (text.empty() || text.size() > longest || text.find('\n') != text.npos) {
        return licence;
    }
    if (const std::string id = id_of(text); !id.empty()) {
        licence.expression = id;
    } else if (!read_expression(words_of(text), licence)) {
        licence = {};
        licence.expression = reference_to(text, licence);
    }
    return licence;
}

Licence licence_of_copyright(std::string_view text) {
    if (text.substr(0, 300).find("copyright-format/1.0") == text.npos) {
        return {};
    }
    std::set<std::string, std::less<>> names;
    bool of_files = false;
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        if (trimmed(line).empty()) {
            of_files = false;
        } else if (is_field(line, "Files")) {
            of_files = true;
        } else if (of_files && is_field(line, "License") && !value_of(line).empty()) {
            names.emplace(value_of(line));
        }
    }
    Licence licence;
    std::set<std::string> parts;
    for (const std::string& name : names) {
        const Licence one = licence_of_expression(name);
        add_parts(one.expression, names.size() > 1, parts);
        for (const auto& reference : one.references) {
            if (!holds(licence.references, reference)) {
                licence.references.push_back(reference);
            }
        }
    }
    for (const std::string& part : parts) {
        licence.expression += (licence.expression.empty() || part.empty() ? "" : " AND ") + part;
    }
    return licence;
}

Licence licence_of_metadata(std::string_view text) {
    constexpr std::string_view classifier = "License :: ";
    std::string name;
    std::string classified;
    for (std::string_view line = take_line(text); !line.empty(); line = take_line(text)) {
        if (is_field(line, "License-Expression")) {
            return licence_of_expression(value_of(line));
        }
        if (is_field(line, "License")) {
            name = id_of(value_of(line));
        } else if (is_field(line, "Classifier") && value_of(line).starts_with(classifier)) {
            const auto at =
                std::find_if(classifiers.begin(), classifiers.end(), [&](const Other& other) {
                    return other.name == value_of(line).substr(classifier.size());
                });
            const std::string id = at == classifiers.end() ? "" : std::string(at->id);
            classified += id.empty() || classified.empty() ? id : " AND " + id;
        }
    }
    return licence_of_expression(name.empty() ? classified : name);
}

}  // namespace slimimg::report
