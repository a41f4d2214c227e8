#include "report/sbom/language.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "slimimg/base/json_cursor.hpp"
#include "slimimg/base/path.hpp"
#include "slimimg/elf/elf.hpp"

#include "report/sbom/licence.hpp"
#include "report/sbom/purl.hpp"

namespace slimimg::report {
namespace {

using rootfs::NodeId;

std::string_view take_line(std::string_view& text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
}

/// The value of a header field in the part before the first empty line.
std::string header_field(std::string_view text, std::string_view name) {
    for (std::string_view line = take_line(text); !line.empty(); line = take_line(text)) {
        if (line.starts_with(name) && line.substr(name.size()).starts_with(": ")) {
            return std::string(line.substr(name.size() + 2));
        }
    }
    return {};
}

/// PEP 503: names that differ in case and in runs of "-_." are one.
std::string python_name(std::string_view name) {
    std::string result;
    for (const char c : name) {
        if (c == '-' || c == '_' || c == '.') {
            result += result.ends_with('-') ? "" : "-";
        } else {
            result += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        }
    }
    return result;
}

/// The first column of RECORD, a CSV file.
std::string record_path(std::string_view line) {
    if (!line.starts_with('"')) {
        return std::string(line.substr(0, line.find(',')));
    }
    std::string path;
    for (std::size_t i = 1; i < line.size(); ++i) {
        if (line[i] == '"') {
            if (i + 1 == line.size() || line[i + 1] != '"') {
                break;
            }
            ++i;
        }
        path += line[i];
    }
    return path;
}

class Finder {
  public:
    Finder(const rootfs::Rootfs& tree, const closure::PackageDb& packages)
        : tree_(tree), packages_(packages) {}

    std::vector<LanguagePackage> run() {
        for (NodeId node = 0; node < tree_.size(); ++node) {
            const Text& path = tree_[node].path;
            if (!tree_[node].is_file() || packages_.owner(node)) {
                continue;
            }
            const std::string_view name = path::basename(path);
            const std::string_view folder = path::parent(path);
            if ((name == "METADATA" && folder.ends_with(".dist-info")) ||
                (name == "PKG-INFO" && folder.ends_with(".egg-info"))) {
                add_python(node);
            } else if (name == "package.json" && is_package_folder(folder)) {
                add_node(node);
            }
        }
        return std::move(found_);
    }

  private:
    /// node_modules/name or node_modules/@scope/name
    static bool is_package_folder(std::string_view folder) {
        std::string_view above = path::parent(folder);
        if (path::basename(above).starts_with('@')) {
            above = path::parent(above);
        }
        return path::basename(above) == "node_modules";
    }

    void add_python(NodeId record) {
        const Slice content = tree_.content(record);
        LanguagePackage package{.type = "pypi",
                                .name = header_field(content.text(), "Name"),
                                .version = header_field(content.text(), "Version"),
                                .purl = {},
                                .licence = licence_of_metadata(content.text()),
                                .files = {}};
        if (package.name.empty() || package.version.empty()) {
            return;
        }
        package.purl = package_url("pypi", "", python_name(package.name), package.version);
        const std::string_view folder = path::parent(tree_[record].path);
        add_below(*tree_.find(folder), package);
        if (const auto list = tree_.find(path::join(folder, "RECORD"))) {
            const Slice lines = tree_.content(*list);
            std::string_view text = lines.text();
            while (!text.empty()) {
                const std::string name = record_path(take_line(text));
                const auto node =
                    tree_.find(path::normalize(path::join(path::parent(folder), name)));
                if (node && !name.empty()) {
                    add_file(*node, package);
                }
            }
        }
        finish(std::move(package));
    }

    void add_node(NodeId record) {
        const Slice content = tree_.content(record);
        LanguagePackage package{.type = "npm"};
        std::string licence;
        JsonCursor json(content.text());
        const bool whole = json.object([&](const std::string& key) {
            std::string* const to = key == "name"      ? &package.name
                                    : key == "version" ? &package.version
                                    : key == "license" ? &licence
                                                       : nullptr;
            if (to == nullptr || json.peek() != '"') {
                return json.skip();
            }
            const auto value = json.string();
            *to = value.value_or("");
            return value.has_value();
        });
        if (!whole || package.name.empty() || package.version.empty()) {
            return;
        }
        package.licence = licence_of_expression(licence);
        const std::size_t slash = package.name.find('/');
        const bool scoped = package.name.starts_with('@') && slash != std::string::npos;
        package.purl =
            package_url("npm", scoped ? package.name.substr(0, slash) : "",
                        scoped ? package.name.substr(slash + 1) : package.name, package.version);
        add_below(*tree_.find(path::parent(tree_[record].path)), package);
        finish(std::move(package));
    }

    /// All below a folder but other packages in a node_modules of its own.
    void add_below(NodeId folder, LanguagePackage& package) {
        NodeId node = folder + 1;
        while (node < tree_[folder].subtree_end) {
            const bool other =
                tree_[node].is_directory() && path::basename(tree_[node].path) == "node_modules";
            if (!other) {
                add_file(node, package);
            }
            node = other ? tree_[node].subtree_end : node + 1;
        }
    }

    void add_file(NodeId node, LanguagePackage& package) {
        if (!tree_[node].is_directory() && !packages_.owner(node)) {
            package.files.push_back(node);
        }
    }

    void finish(LanguagePackage package) {
        std::sort(package.files.begin(), package.files.end());
        package.files.erase(std::unique(package.files.begin(), package.files.end()),
                            package.files.end());
        found_.push_back(std::move(package));
    }

    const rootfs::Rootfs& tree_;
    const closure::PackageDb& packages_;
    std::vector<LanguagePackage> found_;
};

/// A text behind its length in Go's varint.
std::optional<std::string_view> take_text(std::string_view& rest) {
    std::uint64_t length = 0;
    for (unsigned shift = 0; shift < 35 && !rest.empty(); shift += 7) {
        const auto byte = static_cast<unsigned char>(rest.front());
        rest.remove_prefix(1);
        length |= std::uint64_t{byte & 0x7fU} << shift;
        if ((byte & 0x80U) == 0) {
            if (length > rest.size()) {
                return std::nullopt;
            }
            const std::string_view text = rest.substr(0, length);
            rest.remove_prefix(length);
            return text;
        }
    }
    return std::nullopt;
}

std::vector<std::string_view> columns(std::string_view line) {
    std::vector<std::string_view> result;
    while (!line.empty()) {
        const std::size_t end = std::min(line.find('\t'), line.size());
        result.push_back(line.substr(0, end));
        line.remove_prefix(std::min(end + 1, line.size()));
    }
    return result;
}

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return result;
}

GoModule module_of(std::string_view path, std::string_view version) {
    const std::string_view known = version == "(devel)" ? "" : version;
    return {.path = std::string(path),
            .version = std::string(known),
            .purl = package_url("golang", "", lower(path), known)};
}

}  // namespace

std::vector<LanguagePackage> language_packages(const rootfs::Rootfs& tree,
                                               const closure::PackageDb& packages) {
    return Finder(tree, packages).run();
}

std::vector<GoModule> go_modules(Bytes file) {
    // debug/buildinfo: a magic at a multiple of 16, flags at 15, the texts inline behind 32.
    static constexpr std::string_view magic = "\xff Go buildinf:";
    static constexpr std::size_t header = 32;
    static constexpr std::size_t frame = 16;  // around the text of the modules
    std::vector<GoModule> modules;
    for (const Bytes part : elf::constant_data(file)) {
        const std::string_view text = as_text(part);
        const std::size_t at = text.find(magic);
        if (at == text.npos || text.size() - at < header ||
            (static_cast<unsigned char>(text[at + 15]) & 2U) == 0) {
            continue;
        }
        std::string_view rest = text.substr(at + header);
        const auto version = take_text(rest);
        const auto framed = version ? take_text(rest) : std::nullopt;
        if (!framed || !version->starts_with("go")) {
            continue;
        }
        modules.push_back(module_of("stdlib", version->substr(2)));
        std::string_view lines =
            framed->size() > 2 * frame ? framed->substr(frame, framed->size() - 2 * frame) : "";
        while (!lines.empty()) {
            const auto words = columns(take_line(lines));
            if (words.size() < 3) {
                continue;
            }
            if (words[0] == "mod" || words[0] == "dep") {
                modules.push_back(module_of(words[1], words[2]));
            } else if (words[0] == "=>") {
                modules.back() = module_of(words[1], words[2]);  // what stands in for it
            }
        }
        return modules;
    }
    return modules;
}

}  // namespace slimimg::report
