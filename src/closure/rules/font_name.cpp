#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <string>
#include <string_view>

#include "slimimg/base/one_of.hpp"
#include "slimimg/base/path.hpp"

#include "closure/rules/folders.hpp"
#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::Node;
using rootfs::NodeId;
using Names = std::set<std::string, std::less<>>;

constexpr std::array<std::string_view, 5> endings{".otf", ".pfb", ".ttc", ".ttf", ".woff"};

bool is_in_fonts(std::string_view path) {
    return path.find("/fonts/") != path.npos || path.find("/.fonts/") != path.npos;
}

Names font_files(Evidence& evidence, NodeId) {
    Names names;
    for (const Node& node : evidence.rootfs().nodes()) {
        if (ends_with_one_of(node.path, endings) && is_in_fonts(node.path) &&
            !node.is_directory()) {
            names.emplace(path::basename(node.path));
        }
    }
    return names;
}

/// The name that ends at `end`: up to a quote, a slash or the like.
std::string_view name_before(std::string_view text, std::size_t end) {
    constexpr std::size_t longest = 128;
    using namespace std::string_view_literals;
    constexpr std::string_view marks = "/\\\"'`,:;=()<>[]{}\n\r\t\0"sv;
    const std::size_t from = end > longest ? end - longest : 0;
    const std::string_view part = text.substr(from, end - from);
    return part.substr(part.find_last_of(marks) + 1);
}

/// The names of fonts that a file has in it.
Names named_fonts(Evidence& evidence, NodeId node) {
    const Names& fonts = evidence.noted("fonts", 0, font_files);
    const std::string_view text = evidence.text(node);
    Names found;
    for (const std::string_view ending : endings) {
        for (std::size_t at = text.find(ending); at != text.npos; at = text.find(ending, at + 1)) {
            const std::size_t end = at + ending.size();
            const std::string_view name = name_before(text, end);
            if (end < text.size() && std::isalnum(static_cast<unsigned char>(text[end])) != 0) {
                continue;
            }
            // In a command line or a sentence it is the last word.
            for (const std::string_view each : {name, name.substr(name.rfind(' ') + 1)}) {
                if (fonts.contains(each)) {
                    found.emplace(each);
                }
            }
        }
    }
    return found;
}

/// Libraries that draw text look for a font's file name in all folders of fonts (Pillow's
/// ImageFont.truetype, ReportLab's TTFont).
void inspect(Evidence& evidence, NodeId node) {
    constexpr std::size_t largest = 4UL << 20;
    const Node& file = evidence.rootfs()[node];
    if (!file.is_file() || file.header.size > largest ||
        evidence.noted("fonts", 0, font_files).empty() || is_in_fonts(file.path) ||
        path::is_within(file.path, "/etc/fonts")) {
        return;
    }
    const Names& named = evidence.noted("named fonts", node, named_fonts);
    if (named.empty()) {
        return;
    }
    const auto nodes = evidence.rootfs().nodes();
    for (NodeId id = 0; id < nodes.size(); ++id) {
        const std::string_view path = nodes[id].path;
        if (ends_with_one_of(path, endings) && is_in_fonts(path) && !nodes[id].is_directory() &&
            named.contains(path::basename(path))) {
            evidence.keep(id, {font_name.id, node, Confidence::likely,
                               "names the font " + std::string(path::basename(path))});
        }
    }
}

}  // namespace

const Rule font_name{.id = "font-name",
                     .summary = "a font whose file name stands in a kept file",
                     .inspect = inspect};

}  // namespace slimimg::closure::rules
