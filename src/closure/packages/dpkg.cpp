#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "slimimg/base/lines.hpp"
#include "slimimg/base/name_hash.hpp"
#include "slimimg/base/path.hpp"

#include "closure/packages/record.hpp"

namespace slimimg::closure {
namespace {

constexpr std::string_view admin_folder = "/var/lib/dpkg";

bool same_field(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return std::tolower(static_cast<unsigned char>(x)) ==
               std::tolower(static_cast<unsigned char>(y));
    });
}

/// A stanza of a control file: deb822(5).
struct Stanza {
    struct Field {
        std::string_view name;
        std::string_view value;  ///< with its continuation lines
    };
    std::vector<Field> fields;
    std::string_view text;  ///< all its lines
    bool damaged = false;

    [[nodiscard]] std::string_view get(std::string_view name) const {
        for (const Field& field : fields) {
            if (same_field(field.name, name)) {
                return trim(field.value);
            }
        }
        return {};
    }
};

/// Takes the next stanza off `text`; one without fields at the end.
Stanza take_stanza(std::string_view& text) {
    Stanza stanza;
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        if (trim(line).empty()) {
            if (stanza.fields.empty()) {
                continue;
            }
            break;
        }
        const char* const begin = stanza.text.empty() ? line.data() : stanza.text.data();
        stanza.text = {begin, static_cast<std::size_t>(line.data() + line.size() - begin)};
        if (line[0] == ' ' || line[0] == '\t') {
            if (stanza.fields.empty()) {
                stanza.damaged = true;
            } else {
                std::string_view& value = stanza.fields.back().value;
                value = {value.data(),
                         static_cast<std::size_t>(line.data() + line.size() - value.data())};
            }
            continue;
        }
        const std::size_t colon = line.find(':');
        if (colon == line.npos) {
            stanza.damaged = true;
            continue;
        }
        stanza.fields.push_back({line.substr(0, colon), line.substr(colon + 1)});
    }
    return stanza;
}

/// The names of "a (>= 1) | b:any, c [amd64]", in order.
void add_relations(std::vector<std::string>& names, std::string_view relations) {
    while (!relations.empty()) {
        const std::size_t end = std::min(relations.find_first_of(",|"), relations.size());
        const std::string_view relation = trim(relations.substr(0, end));
        const std::string_view name = relation.substr(0, relation.find_first_of(" \t\n([:<"));
        if (!name.empty()) {
            names.emplace_back(name);
        }
        relations.remove_prefix(std::min(end + 1, relations.size()));
    }
}

/// True where the package's files are on the disk: "install ok installed", and the states of one
/// whose maintainer scripts have not run to their end.
bool is_unpacked(std::string_view status) {
    static constexpr std::array<std::string_view, 5> states = {
        "installed", "triggers-pending", "triggers-awaited", "half-configured", "unpacked"};
    const std::string_view state = status.substr(status.find_last_of(" \t") + 1);
    return std::find(states.begin(), states.end(), state) != states.end();
}

Package package_of(const Stanza& stanza) {
    Package package;
    package.manager = PackageManager::dpkg;
    package.name = stanza.get("Package");
    package.version = stanza.get("Version");
    package.architecture = stanza.get("Architecture");
    // "Source: name (version)" where the source's version is another one.
    const std::string_view source = stanza.get("Source");
    package.source = trim(source.substr(0, source.find('(')));
    add_relations(package.depends, stanza.get("Pre-Depends"));
    add_relations(package.depends, stanza.get("Depends"));
    add_relations(package.recommends, stanza.get("Recommends"));
    add_relations(package.recommends, stanza.get("Suggests"));
    add_relations(package.provides, stanza.get("Provides"));
    remove_repeats(package.depends);
    remove_repeats(package.recommends);
    remove_repeats(package.provides);
    return package;
}

/// What dpkg-divert(1) moved aside: triples of lines.
struct Diversion {
    std::string to;
    std::string package;  ///< whose file stands at the old name; ":" for the administrator
};

class DpkgReader {
  public:
    DpkgReader(const rootfs::Rootfs& rootfs, Records& records, std::vector<Diagnostic>& diagnostics)
        : rootfs_(rootfs), records_(records), diagnostics_(diagnostics) {}

    void read() {
        read_diversions();
        read_extended_states();
        if (const auto status = file("status")) {
            read_status(*status);
        }
        if (const auto folder = locate(rootfs_, path::join(admin_folder, "status.d"))) {
            read_status_folder(*folder);
        }
        tell("dpkg-database-damaged", damaged_, damaged_where_,
             " damaged stanzas: their packages may own files without it being known");
        tell("package-files-unknown", without_list_, admin_folder,
             " packages have no list of files (first: " + first_without_list_ +
                 "): their files are owned by no package");
    }

  private:
    std::optional<rootfs::NodeId> file(std::string_view name) const {
        const auto node = rootfs_.resolve(path::join(admin_folder, name)).node;
        return node && rootfs_[*node].is_file() ? node : std::nullopt;
    }

    void tell(std::string_view code, std::size_t count, std::string_view where,
              const std::string& what) {
        if (count > 0) {
            diagnostics_.push_back({Severity::warning, std::string(code), std::string(where),
                                    std::to_string(count) + what});
        }
    }

    void read_diversions() {
        const auto node = file("diversions");
        if (!node) {
            return;
        }
        const Slice content = read_database(rootfs_, *node, diagnostics_);
        std::string_view text = content.text();
        while (!text.empty()) {
            const std::string_view from = take_line(text);
            const std::string_view to = take_line(text);
            const std::string_view package = take_line(text);
            if (!package.empty()) {
                diversions_[std::string(from)] = {std::string(to), std::string(package)};
            }
        }
    }

    /// What apt installed by itself, for others.
    void read_extended_states() {
        const auto node = rootfs_.resolve("/var/lib/apt/extended_states").node;
        if (!node || !rootfs_[*node].is_file()) {
            return;
        }
        const Slice content = read_database(rootfs_, *node, diagnostics_);
        std::string_view text = content.text();
        while (!text.empty()) {
            const Stanza stanza = take_stanza(text);
            if (stanza.get("Auto-Installed") == "1") {
                automatic_.emplace(stanza.get("Package"));
            }
        }
    }

    void add_file(Package& package, std::string_view path) {
        if (const auto diversion = diversions_.find(std::string(path));
            diversion != diversions_.end() && diversion->second.package != package.name) {
            path = diversion->second.to;
        }
        if (const auto node = locate(rootfs_, path)) {
            package.files.push_back(*node);
        }
    }

    /// "/etc/x.conf <md5> [obsolete|remove-on-upgrade]", one a line.
    void add_conffiles(Package& package, std::string_view conffiles) {
        while (!conffiles.empty()) {
            const std::string_view line = trim(take_line(conffiles));
            const std::string_view name = line.substr(0, line.find(' '));
            if (name.starts_with('/') && !line.ends_with(" obsolete")) {
                add_file(package, name);
            }
        }
    }

    void note_damage(std::string_view where) {
        ++damaged_;
        if (damaged_where_.empty()) {
            damaged_where_ = where;
        }
    }

    void note_without_list(const Package& package) {
        if (without_list_++ == 0) {
            first_without_list_ = package.name;
        }
    }

    void read_status(rootfs::NodeId status) {
        const Slice content = read_database(rootfs_, status, diagnostics_);
        std::string_view text = content.text();
        while (!text.empty()) {
            const Stanza stanza = take_stanza(text);
            if (stanza.damaged) {
                note_damage(rootfs_[status].path);
            }
            if (stanza.fields.empty() || !is_unpacked(stanza.get("Status"))) {
                continue;
            }
            Package package = package_of(stanza);
            if (package.name.empty()) {
                note_damage(rootfs_[status].path);
                continue;
            }
            package.record = {status, part_of(content, stanza.text),
                              info_file(package, ".md5sums")};
            package.asked_for = !automatic_.contains(package.name);
            package.of_every_system = stanza.get("Essential") == "yes" ||
                                      stanza.get("Priority") == "required" ||
                                      stanza.get("Priority") == "important";
            add_conffiles(package, stanza.get("Conffiles"));
            read_list(package);
            records_.push_back(std::move(package));
        }
    }

    /// A file of dpkg's about a package; of one that can be there for several architectures, its
    /// name tells which.
    [[nodiscard]] std::optional<rootfs::NodeId> info_file(const Package& package,
                                                          std::string_view ending) const {
        const auto of =
            file("info/" + package.name + ":" + package.architecture + std::string(ending));
        return of ? of : file("info/" + package.name + std::string(ending));
    }

    void read_list(Package& package) {
        const auto list = info_file(package, ".list");
        if (!list) {
            note_without_list(package);
            return;
        }
        const Slice content = read_database(rootfs_, *list, diagnostics_);
        std::string_view text = content.text();
        while (!text.empty()) {
            const std::string_view path = take_line(text);
            if (path.starts_with('/')) {
                add_file(package, path);
            }
        }
    }

    /// Distroless images: a file a package with its stanza, and <file>.md5sums beside it.
    void read_status_folder(rootfs::NodeId folder) {
        for (const rootfs::NodeId node : rootfs_.children(folder)) {
            const Text& path = rootfs_[node].path;
            if (!rootfs_[node].is_file() || path.ends_with(".md5sums")) {
                continue;
            }
            const Slice content = read_database(rootfs_, node, diagnostics_);
            std::string_view text = content.text();
            const Stanza stanza = take_stanza(text);
            Package package = package_of(stanza);
            if (stanza.damaged || package.name.empty()) {
                note_damage(path);
            }
            if (package.name.empty()) {
                continue;
            }
            package.record = {node, part_of(content, stanza.text), rootfs_.find(path + ".md5sums")};
            add_conffiles(package, stanza.get("Conffiles"));
            read_sums(package);
            records_.push_back(std::move(package));
        }
    }

    /// "<md5>  usr/share/x", one a line.
    void read_sums(Package& package) {
        const auto sums = package.record.sums;
        if (!sums) {
            note_without_list(package);
            return;
        }
        const Slice content = read_database(rootfs_, *sums, diagnostics_);
        std::string_view text = content.text();
        while (!text.empty()) {
            const std::string_view line = take_line(text);
            const std::size_t space = line.find(' ');
            const std::size_t name = line.find_first_not_of(' ', space);
            if (space != line.npos && name != line.npos) {
                add_file(package, path::join("/", line.substr(name)));
            }
        }
    }

    const rootfs::Rootfs& rootfs_;
    Records& records_;
    std::vector<Diagnostic>& diagnostics_;
    NameMap<Diversion> diversions_;
    std::set<std::string, std::less<>> automatic_;
    std::size_t damaged_ = 0;
    std::string damaged_where_;
    std::size_t without_list_ = 0;
    std::string first_without_list_;
};

}  // namespace

void read_dpkg(const rootfs::Rootfs& rootfs, Records& records,
               std::vector<Diagnostic>& diagnostics) {
    DpkgReader(rootfs, records, diagnostics).read();
}

}  // namespace slimimg::closure
