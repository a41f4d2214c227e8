#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include "slimimg/base/digest.hpp"
#include "slimimg/base/path.hpp"

#include "slim/plan.hpp"
#include "slim/records/records.hpp"

namespace slimimg::slim {
namespace {

constexpr std::string_view status_path = "/var/lib/dpkg/status";
constexpr std::string_view folder_path = "/var/lib/dpkg/status.d";

/// Fields of status that a package's control file does not have: dpkg-query(1).
constexpr std::array<std::string_view, 4> status_fields = {"status", "config-version",
                                                           "triggers-awaited", "triggers-pending"};

std::string_view take_line(std::string_view& text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

std::string_view without_end(std::string_view line) {
    return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
}

bool continues(std::string_view line) {
    return line.starts_with(' ') || line.starts_with('\t');
}

/// The field's name in small letters, as names match whatever their case is.
std::string field_of(std::string_view line) {
    std::string name(line.substr(0, line.find(':')));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return name;
}

/// " /etc/x.conf <md5>[ flag]" of Conffiles.
std::string_view conffile_path(std::string_view line) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    return line.substr(0, line.find(' '));
}

/// A line of the sums: "<md5>  usr/bin/env".
struct Sum {
    std::string_view md5;
    std::string_view path;
};

Sum parse_sum(std::string_view line) {
    const std::size_t space = line.find(' ');
    const std::size_t name = line.find_first_not_of(' ', space);
    if (space == line.npos || name == line.npos) {
        return {};
    }
    return {line.substr(0, space), line.substr(name)};
}

/// True where the path as dpkg lists it, and not only the file that it meant, is in the plan.
bool is_planned(const Plan& plan, const rootfs::Rootfs& rootfs, std::string_view path) {
    const rootfs::Resolution found = rootfs.resolve(path::join("/", path), "/", false);
    return std::all_of(found.links.begin(), found.links.end(), [&](rootfs::NodeId link) {
        return find_item(plan, rootfs[link].path) != nullptr;
    });
}

/// A name that can be a file's: Debian Policy 5.6.1 allows less than this.
bool is_file_name(std::string_view name) {
    return !name.empty() && name.front() != '.' && name.find('/') == name.npos &&
           name.find('\0') == name.npos && name.size() < 200;
}

void put_record(Plan& plan, const rootfs::Rootfs& rootfs, const closure::Package& package,
                const std::string& path, const std::string& content) {
    if (find_item(plan, path) != nullptr) {
        return;  // kept as it is, for another reason
    }
    PlanItem item{.path = path};
    const auto node = rootfs.find(path);
    if (node && rootfs[*node].is_file()) {
        item = item_of(rootfs, *node);
        if (rootfs.content(*node).text() == content) {
            item.why = "record of the package " + package.name;
            put_item(plan, std::move(item));
            return;
        }
    } else {
        item.header.mode = 0644;
        item.header.mtime = rootfs[package.record.database].header.mtime;
    }
    item.content = slice_of(content);
    item.header.size = content.size();
    item.why = "record of the package " + package.name + ", cut to what is kept";
    put_item(plan, std::move(item));
}

}  // namespace

std::string dpkg_control(const closure::Package& package, const KeptFiles& kept) {
    std::string control;
    std::string field;
    std::string_view text = package.record.text.text();
    while (!text.empty()) {
        const std::string_view line = without_end(take_line(text));
        if (!continues(line)) {
            field = field_of(line);
        }
        const bool of_status =
            std::find(status_fields.begin(), status_fields.end(), field) != status_fields.end();
        const bool gone =
            field == "conffiles" && continues(line) && !kept.listed(package, conffile_path(line));
        if (!of_status && !gone) {
            control.append(line).push_back('\n');
        }
    }
    static constexpr std::string_view no_conffiles = "Conffiles:\n";
    if (const std::size_t at = control.find("\n" + std::string(no_conffiles));
        at != std::string::npos) {
        const std::size_t next = at + 1 + no_conffiles.size();
        if (next == control.size() || !continues(std::string_view(control).substr(next))) {
            control.erase(at + 1, no_conffiles.size());
        }
    }
    return control;
}

std::string dpkg_sums(const closure::Package& package, std::string_view sums, const KeptFiles& kept,
                      const Plan& plan, const rootfs::Rootfs& rootfs) {
    std::string result;
    while (!sums.empty()) {
        const Sum sum = parse_sum(without_end(take_line(sums)));
        const auto node = sum.path.empty() ? std::nullopt : kept.listed(package, sum.path);
        if (!node) {
            continue;
        }
        const Text& real = rootfs[*node].path;
        const PlanItem* const item = find_item(plan, real);
        const bool changed = item != nullptr && item->content;
        result += changed ? md5_hex(item->content->bytes) : std::string(sum.md5);
        result += "  ";
        result += is_planned(plan, rootfs, sum.path) ? sum.path : std::string_view(real).substr(1);
        result += '\n';
    }
    return result;
}

void add_dpkg_records(Plan& plan, const rootfs::Rootfs& rootfs, const closure::PackageDb& packages,
                      const KeptFiles& kept) {
    if (find_item(plan, status_path) != nullptr) {
        return;  // dpkg itself is kept, or the user wants all of it
    }
    std::string folder;
    std::set<std::string> names;
    for (const closure::PackageId id : kept.owners(packages)) {
        const closure::Package& package = packages[id];
        if (package.manager != closure::PackageManager::dpkg || !is_file_name(package.name)) {
            continue;
        }
        if (folder.empty()) {
            folder = put_folder(plan, rootfs, folder_path,
                                {.mtime = rootfs[package.record.database].header.mtime,
                                 .why = "scanners find Debian's packages in it"});
        }
        if (folder.empty()) {
            return;
        }
        const bool first = names.insert(package.name).second;
        const std::string path =
            path::join(folder, first ? package.name : package.name + ':' + package.architecture);
        put_record(plan, rootfs, package, path, dpkg_control(package, kept));
        if (package.record.sums) {
            put_record(plan, rootfs, package, path + ".md5sums",
                       dpkg_sums(package, rootfs.content(*package.record.sums).text(), kept, plan,
                                 rootfs));
        }
    }
}

}  // namespace slimimg::slim
