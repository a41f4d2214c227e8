#include "closure/rules/python_parts.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "slimimg/base/path.hpp"

namespace slimimg::closure {
namespace {

using rootfs::Node;
using rootfs::NodeId;

constexpr std::size_t largest_code = 4UL << 20;

/// A part by the modules that it is made of, and the text without which no code imports them. Each
/// text ends in the identifier that finds it.
struct Part {
    std::string_view name;  ///< in a reason
    bool standard;          ///< in the standard library, else a package
    std::array<std::string_view, 5> modules;
    std::array<std::string_view, 4> texts;
};

constexpr std::array<Part, 10> parts{{
    {"Python's own tests", true, {"test"}, {"from test", "import test", "test.support", "-m test"}},
    {"Python's interface to Tk",
     true,
     {"tkinter", "turtle", "turtledemo", "idlelib", "_tkinter"},
     {"tkinter", "turtle", "idlelib"}},
    {"Python's installer of pip",
     true,
     {"ensurepip"},
     {"ensurepip", "import venv", "-m venv", "from venv"}},
    {"Python's converter of old code", true, {"lib2to3"}, {"lib2to3"}},
    {"the texts of Python's help",
     true,
     {"pydoc_data"},
     {"pydoc_data", "pydoc.help", "pydoc.Helper"}},
    {"what builds extensions of Python", true, {"config-"}, {}},
    {"Python's distutils",
     true,
     {"distutils"},
     {"import distutils", "from distutils", "\"distutils", "'distutils"}},
    {"pip", false, {"pip"}, {"import pip", "from pip", "\"pip", "'pip"}},
    {"setuptools",
     false,
     {"setuptools", "pkg_resources", "_distutils_hack", "distutils-precedence"},
     {"setuptools", "pkg_resources", "import distutils", "from distutils"}},
    {"wheel", false, {"wheel"}, {"import wheel", "from wheel", "\"wheel", "'wheel"}},
}};

/// Stands for every part: code that is packed is not looked into.
constexpr std::string_view everything = "*";

/// Where a path lies in a library: behind ".../lib/python3.11" or ".../site-packages".
struct Place {
    bool standard = false;
    std::string_view folder;                   ///< the library's own path
    std::vector<std::string_view> components;  ///< below it
};

bool is_library_name(std::string_view name) {
    return name.starts_with("python") && name.size() > 6 && name[6] >= '2' && name[6] <= '9';
}

std::optional<Place> place_of(std::string_view path) {
    std::optional<Place> place;
    if (path.find("python") == path.npos && path.find("-packages") == path.npos) {
        return place;  // of nearly all files, at no cost
    }
    const std::vector<std::string_view> names = path::components(path);
    for (std::size_t i = 0; i + 1 < names.size(); ++i) {
        const bool packages = names[i] == "site-packages" || names[i] == "dist-packages";
        const bool standard = !place && i > 0 && names[i - 1].starts_with("lib") &&
                              is_library_name(names[i]) && names[i].find('.') != names[i].npos;
        if (packages || standard) {
            const auto end = static_cast<std::size_t>(names[i].data() - path.data());
            place = Place{standard,
                          path.substr(0, end + names[i].size()),
                          {names.begin() + static_cast<std::ptrdiff_t>(i) + 1, names.end()}};
        }
    }
    return place;
}

/// "turtle" of "turtle.py", "_tkinter" of "_tkinter.cpython-311-x86_64-linux-gnu.so", "pip" of
/// "pip-23.0.dist-info".
bool names_module(std::string_view name, std::string_view module) {
    if (!name.starts_with(module)) {
        return false;
    }
    const std::string_view rest = name.substr(module.size());
    return rest.empty() || module.ends_with('-') || rest.front() == '.' ||
           (rest.front() == '-' && (rest.ends_with(".dist-info") || rest.ends_with(".egg-info")));
}

const Part* part_at(const Place& place) {
    std::string_view name = place.components.front();
    const bool compiled = name == "__pycache__" || (place.standard && name == "lib-dynload");
    if (compiled && place.components.size() > 1) {
        name = place.components[1];
    }
    for (const Part& part : parts) {
        const bool here = std::any_of(part.modules.begin(), part.modules.end(), [&](auto module) {
            return !module.empty() && names_module(name, module);
        });
        if (part.standard == place.standard && here) {
            return &part;
        }
    }
    return nullptr;
}

/// A package's tests: "tests" at any depth; of the standard library's packages "test" too.
/// Nothing where the path lies in none.
std::optional<std::size_t> tests_at(const Place& place) {
    for (std::size_t i = 0; i < place.components.size(); ++i) {
        const bool last = i + 1 == place.components.size();
        const std::string_view name = place.components[i];
        const bool module = !last || name.find('.') == std::string_view::npos;
        if (module && (name == "tests" || (place.standard && i > 0 && name == "test"))) {
            return i;
        }
    }
    return std::nullopt;
}

/// "numpy.core.tests" of a path inside that package.
std::string dotted(const Place& place, std::size_t last) {
    std::string text;
    for (std::size_t i = 0; i <= last; ++i) {
        text += (i == 0 ? "" : ".") + std::string(place.components[i]);
    }
    return text;
}

bool is_packed(std::string_view path) {
    static constexpr std::array<std::string_view, 5> endings{".zip", ".pyz", ".pyzw", ".egg",
                                                             ".whl"};
    return std::any_of(endings.begin(), endings.end(),
                       [&](std::string_view ending) { return path.ends_with(ending); });
}

/// What may import modules or run the interpreter: its code, scripts, compiled modules, and what
/// supervisors read.
bool is_code(const Node& node) {
    static constexpr std::array<std::string_view, 9> endings{".py",   ".pyw", ".pth", ".sh",  ".so",
                                                             ".conf", ".ini", ".cfg", ".toml"};
    const std::string_view name = path::basename(node.path);
    return node.is_file() && node.header.size <= largest_code &&
           node.path.find("-info/") == std::string::npos &&
           (name.find('.') == std::string_view::npos ||
            std::any_of(endings.begin(), endings.end(),
                        [&](std::string_view ending) { return name.ends_with(ending); }));
}

bool is_identifier_char(char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/// The line around a place in a text, and where the place is in it.
struct Line {
    std::string_view text;
    std::size_t end;  ///< behind the identifier

    [[nodiscard]] bool is_comment() const {
        const std::size_t start = text.find_first_not_of(" \t");
        return start != std::string_view::npos && text[start] == '#' && !text.starts_with("#!");
    }
    [[nodiscard]] bool is_import() const {
        const std::size_t start = std::min(text.find_first_not_of(" \t"), text.size());
        const std::string_view code = text.substr(start);
        return code.starts_with("from ") || code.starts_with("import ");
    }
};

/// No more of a long line than tells what it is about.
Line line_around(std::string_view code, std::size_t start, std::size_t end) {
    constexpr std::size_t most = 256;
    const std::size_t from = start < most ? 0 : start - most;
    const std::string_view before = code.substr(from, start - from);
    const std::size_t first = from + before.rfind('\n') + 1;  // npos + 1: there is none
    const std::string_view after = code.substr(end, most);
    const std::size_t last = end + std::min(after.find('\n'), after.size());
    return {code.substr(first, last - first), end - first};
}

/// The dotted name that ends there: "numpy.core.tests".
std::string_view name_before(const Line& line) {
    std::size_t start = line.end;
    while (start > 0 && (line.text[start - 1] == '.' || is_identifier_char(line.text[start - 1]))) {
        --start;
    }
    return line.text.substr(start, line.end - start);
}

/// A package's tests in an import or a dotted name; "PACKAGE.*" for names that are relative in a
/// file of that package. Empty where the word means something else.
std::string tests_named(const Line& line, const std::optional<Place>& place) {
    std::string name(name_before(line));
    const std::string_view before = line.text.substr(0, line.end - name.size());
    const std::size_t from = before.find("from ");
    const bool imported = before.find("import ") != std::string_view::npos;
    if (imported && from != std::string_view::npos) {
        const std::string_view rest = before.substr(from + 5);
        name = std::string(rest.substr(0, rest.find(' '))) + "." + name;
    }
    if (name.starts_with('.') && place && !place->components.empty()) {
        return std::string(place->components.front()) + ".*";
    }
    return imported || name.find('.') != std::string::npos ? name : std::string();
}

using Mentions = std::set<std::string, std::less<>>;

/// The parts and tests that an identifier of the code mentions. `own` is the part that the code
/// itself is in: installers name much of Python that they use as they install alone.
void note_identifier(std::string_view word, const Line& line, const Part* own,
                     const std::optional<Place>& place, Mentions& mentions) {
    const std::string_view before = line.text.substr(0, line.end);
    for (const Part& part : parts) {
        const bool mentioned =
            &part != own && (own == nullptr || !part.standard) &&
            std::any_of(part.texts.begin(), part.texts.end(), [&](auto text) {
                if (text.empty()) {
                    return false;
                }
                const bool quoted = text.starts_with('"') || text.starts_with('\'');
                const bool closed = line.text.substr(line.end).starts_with(text.front());
                const bool statement = text.starts_with("from ") || text.starts_with("import ");
                return text.ends_with(word) && before.ends_with(text) && (!quoted || closed) &&
                       (!statement || line.is_import());
            });
        if (mentioned && !line.is_comment()) {
            mentions.emplace(part.name);
        }
    }
    if (word == "tests" && !line.is_comment()) {
        if (std::string name = tests_named(line, place); !name.empty()) {
            mentions.insert(std::move(name));
        }
    }
}

/// The identifiers that the parts' texts end in, and "tests".
const std::set<std::string_view>& telling_words() {
    static const std::set<std::string_view> words = [] {
        std::set<std::string_view> all{"tests"};
        for (const Part& part : parts) {
            for (const std::string_view text : part.texts) {
                std::size_t start = text.size();
                while (start > 0 && is_identifier_char(text[start - 1])) {
                    --start;
                }
                all.insert(text.substr(start));
            }
        }
        all.erase("");
        return all;
    }();
    return words;
}

Mentions read_mentions(Evidence& evidence, NodeId file) {
    const Node& node = evidence.rootfs()[file];
    const auto place = place_of(node.path);
    if (place && (place->standard || place->components.empty() || tests_at(*place))) {
        return {};
    }
    if (is_packed(node.path) && node.is_file()) {
        return {std::string(everything)};
    }
    // six names every module that moved between versions of Python.
    if (!is_code(node) || path::basename(node.path) == "six.py") {
        return {};
    }
    constexpr std::size_t longest = 24;
    const Part* own = place ? part_at(*place) : nullptr;
    const std::set<std::string_view>& words = telling_words();
    const std::string_view code = evidence.text(file);
    Mentions mentions;
    for (std::size_t at = 0; at < code.size();) {
        if (!is_identifier_char(code[at])) {
            ++at;
            continue;
        }
        const std::size_t start = at;
        while (at < code.size() && is_identifier_char(code[at])) {
            ++at;
        }
        const std::string_view word = code.substr(start, at - start);
        if (word.size() <= longest && words.contains(word)) {
            note_identifier(word, line_around(code, start, at), own, place, mentions);
        }
    }
    return mentions;
}

/// What is mentioned, and by whom; nobody: the image's config.
using Mentioners = std::map<std::string, std::optional<NodeId>, std::less<>>;

/// "python -m pip" in the image's config.
void read_commands(const Evidence& evidence, Mentioners& mentioners) {
    std::vector<std::vector<std::string>> commands = evidence.request().entrypoints;
    commands.push_back(evidence.config().argv());
    commands.push_back(evidence.config().healthcheck);
    for (const std::vector<std::string>& command : commands) {
        for (const std::string& word : command) {
            for (const Part& part : parts) {
                const bool named = std::any_of(
                    part.modules.begin(), part.modules.end(), [&](std::string_view module) {
                        return !module.empty() && names_module(word, module);
                    });
                if (named) {
                    mentioners.emplace(part.name, std::nullopt);
                }
            }
        }
    }
}

Mentioners all_mentions(Evidence& evidence) {
    Mentioners mentioners;
    read_commands(evidence, mentioners);
    std::vector<NodeId> kept;
    for (const auto& [node, reasons] : evidence.kept()) {
        kept.push_back(node);
    }
    for (const NodeId node : kept) {
        for (const std::string& name : evidence.noted("python-parts", node, read_mentions)) {
            mentioners.emplace(name, node);
        }
    }
    return mentioners;
}

/// Who wants a file of a part: by the part's name, by its tests' dotted name, or from the package
/// whose tests they are.
Mentioners::const_iterator mentioner(const Mentioners& mentioners, const Place& place) {
    if (const auto all = mentioners.find(everything); all != mentioners.end()) {
        return all;
    }
    const Part* part = part_at(place);
    const auto tests = tests_at(place);
    const auto by_part = part == nullptr ? mentioners.end() : mentioners.find(part->name);
    if (!tests || (part != nullptr && by_part == mentioners.end())) {
        return by_part;
    }
    const auto relative = mentioners.find(std::string(place.components.front()) + ".*");
    return relative != mentioners.end() ? relative : mentioners.find(dotted(place, *tests));
}

/// The files of parts in libraries that are kept themselves.
std::vector<NodeId> open_parts(const Evidence& evidence) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    std::vector<NodeId> files;
    std::map<std::string_view, bool> libraries;
    for (NodeId id = 1; id < tree.size(); ++id) {
        const Node& node = tree[id];
        if (evidence.is_kept(id) || node.path.find("/lib") == std::string::npos ||
            !is_python_part(node)) {
            continue;
        }
        const std::string_view folder = place_of(node.path)->folder;
        const auto [at, added] = libraries.try_emplace(folder, false);
        if (added) {
            const auto library = tree.find(folder);
            at->second = library && evidence.is_kept(*library);
        }
        if (at->second) {
            files.push_back(id);
        }
    }
    return files;
}

}  // namespace

bool is_python_standard_library(std::string_view path) {
    const auto place = place_of(path);
    return place && place->standard;
}

bool is_python_part(const Node& node) {
    const auto place = place_of(node.path);
    return place && (part_at(*place) != nullptr || tests_at(*place));
}

void keep_mentioned_python_parts(Evidence& evidence, std::string_view rule) {
    const std::vector<NodeId> open = open_parts(evidence);
    if (open.empty()) {
        return;
    }
    const Mentioners mentioners = all_mentions(evidence);
    for (const NodeId id : open) {
        const auto by = mentioner(mentioners, *place_of(evidence.rootfs()[id].path));
        if (by != mentioners.end()) {
            evidence.keep(id, {rule, by->second, Confidence::likely,
                               by->first == everything ? "packed code may import it"
                                                       : "mentions " + by->first});
        }
    }
}

}  // namespace slimimg::closure
