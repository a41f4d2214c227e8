#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/base/one_of.hpp"
#include "slimimg/base/path.hpp"

#include "closure/rules/called_library.hpp"
#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::Node;
using rootfs::NodeId;
using Names = std::set<std::string, std::less<>>;

constexpr std::string_view folder = "/girepository-1.0/";
constexpr std::string_view ending = ".typelib";

bool is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_typelib(std::string_view path) {
    return path.ends_with(ending) && path.find(folder) != path.npos;
}

Names typelibs(Evidence& evidence, NodeId) {
    Names paths;
    for (const Node& node : evidence.rootfs().nodes()) {
        if (is_typelib(node.path) && !node.is_directory()) {
            paths.emplace(node.path);
        }
    }
    return paths;
}

/// "Gtk" and "Gtk-3.0" mean Gtk-3.0.typelib.
void keep_typelibs(Evidence& evidence, NodeId from, std::string_view name) {
    for (const std::string& path : evidence.noted("typelibs", 0, typelibs)) {
        std::string_view file = path::basename(path);
        file.remove_suffix(ending.size());
        if (file == name || (file.starts_with(name) && file.substr(name.size()).starts_with('-'))) {
            evidence.keep_path(path, {typelib.id, from, Confidence::likely,
                                      "describes " + std::string(name) + " to a script"});
        }
    }
}

/// from gi.repository import Gtk, Gio as IO; gi.require_version("Gtk", "3.0"); imports.gi.Gtk.
void read_script(Evidence& evidence, NodeId node) {
    static constexpr std::array<std::string_view, 3> marks{"gi.repository", "require_version",
                                                           "imports.gi."};
    constexpr std::size_t looked_at = 400;  // of a list of names
    const std::string_view text = evidence.text(node);
    for (const std::string_view mark : marks) {
        for (std::size_t at = text.find(mark); at != text.npos; at = text.find(mark, at + 1)) {
            std::string_view rest = text.substr(at + mark.size(), looked_at);
            // Up to the end of the statement, which brackets carry over lines.
            const std::size_t open = rest.find('(');
            const std::size_t line = std::min(rest.find('\n'), rest.size());
            rest = rest.substr(0, open < line ? std::min(rest.find(')'), rest.size()) : line);
            while (!rest.empty()) {
                const auto first = std::find_if(rest.begin(), rest.end(), is_name_char);
                const auto last = std::find_if_not(first, rest.end(), is_name_char);
                const std::string_view name(first, last);
                if (name.size() > 1) {
                    keep_typelibs(evidence, node, name);
                }
                rest = std::string_view(last, rest.end());
            }
        }
    }
}

/// Those that it includes ("Gio-2.0|GModule-2.0"), and the libraries that have its functions
/// ("libgtk-3.so.0,libgdk-3.so.0"): texts of the file (girepository's Header: dependencies,
/// shared_library).
void read_typelib(Evidence& evidence, NodeId node) {
    std::string_view rest = evidence.text(node);
    const auto program = machine_of(evidence, node);
    while (!rest.empty()) {
        const std::string_view text = rest.substr(0, rest.find('\0'));
        rest.remove_prefix(std::min(text.size() + 1, rest.size()));
        if (text.size() < 4 || text.size() > 1000) {
            continue;
        }
        const bool libraries = text.starts_with("lib") && text.find(".so") != text.npos;
        const std::size_t dash = text.find('-');
        const bool others =
            dash + 1 < text.size() && dash != 0 && dash != text.npos &&
            std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(dash),
                        is_name_char) &&
            text[dash + 1] >= '0' && text[dash + 1] <= '9';
        for (std::string_view list = text; (libraries || others) && !list.empty();) {
            const std::string_view part = list.substr(0, list.find_first_of(libraries ? "," : "|"));
            list.remove_prefix(std::min(part.size() + 1, list.size()));
            if (libraries && program) {
                keep_called_library(evidence, *program, part,
                                    {typelib.id, node, Confidence::likely,
                                     "has the functions of " + std::string(path::basename(
                                                                   evidence.rootfs()[node].path))});
            } else if (others) {
                keep_typelibs(evidence, node, part);
            }
        }
    }
}

void inspect(Evidence& evidence, NodeId node) {
    static constexpr std::array<std::string_view, 3> scripts{".py", ".js", ".pl"};
    constexpr std::size_t largest = 4UL << 20;
    const Node& file = evidence.rootfs()[node];
    if (!file.is_file() || file.header.size > largest ||
        evidence.noted("typelibs", 0, typelibs).empty()) {
        return;
    }
    if (is_typelib(file.path)) {
        read_typelib(evidence, node);
    } else if (ends_with_one_of(file.path, scripts) || evidence.text(node).starts_with("#!")) {
        read_script(evidence, node);
    }
}

}  // namespace

const Rule typelib{.id = "typelib",
                   .summary = "what a script opens through GObject introspection",
                   .inspect = inspect};

}  // namespace slimimg::closure::rules
