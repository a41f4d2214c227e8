#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "slimimg/base/lines.hpp"
#include "slimimg/base/name_hash.hpp"
#include "slimimg/base/one_of.hpp"
#include "slimimg/base/path.hpp"

#include "closure/packages/record.hpp"

namespace slimimg::closure {
namespace {

/// "so:libc.so.6" of "so:libc.so.6=1.2.5", "so:libc.so.6@edge" or "so:libc.so.6~1".
std::string_view bare_name(std::string_view dependency) {
    return dependency.substr(0, dependency.find_first_of("<>=~@"));
}

void add_names(std::vector<std::string>& names, std::string_view list) {
    while (!list.empty()) {
        const std::size_t end = std::min(list.find(' '), list.size());
        const std::string_view word = list.substr(0, end);
        if (!word.empty() && word[0] != '!') {  // "!" is a conflict
            names.emplace_back(bare_name(word));
        }
        list.remove_prefix(std::min(end + 1, list.size()));
    }
}

class ApkReader {
  public:
    ApkReader(const rootfs::Rootfs& rootfs, Records& records)
        : rootfs_(rootfs), records_(records) {}

    void read(rootfs::NodeId database, const Slice& content) {
        package_.record.database = database_ = database;
        std::string_view text = content.text();
        while (!text.empty()) {
            const std::string_view next = take_line(text);
            line(next);
            note_text(content, next);
        }
        finish();
    }

    [[nodiscard]] std::size_t damaged() const { return damaged_; }

  private:
    void line(std::string_view line) {
        if (line.empty()) {
            finish();
            return;
        }
        if (line.size() < 2 || line[1] != ':') {
            ++damaged_;
            return;
        }
        const std::string_view value = line.substr(2);
        started_ = true;
        switch (line[0]) {
            case 'P':
                package_.name = value;
                break;
            case 'V':
                package_.version = value;
                break;
            case 'A':
                package_.architecture = value;
                break;
            case 'o':
                package_.source = value;
                break;
            case 'D':
                add_names(package_.depends, value);
                break;
            case 'p':
                add_names(package_.provides, value);
                break;
            case 'F':
                folder_ = path::join("/", value);
                add_file(folder_);
                break;
            case 'R':
                add_file(path::join(folder_, value));
                break;
            default:  // sizes, checksums, owners, the maintainer, …
                break;
        }
    }

    /// The record grows by the line, unless that ended it.
    void note_text(const Slice& content, std::string_view line) {
        if (started_) {
            const std::string_view so_far = package_.record.text.text();
            const char* const begin = so_far.empty() ? line.data() : so_far.data();
            package_.record.text = part_of(
                content, {begin, static_cast<std::size_t>(line.data() + line.size() - begin)});
        }
    }

    void add_file(std::string_view path) {
        if (const auto node = locate(rootfs_, path)) {
            package_.files.push_back(*node);
        }
    }

    void finish() {
        if (started_ && package_.name.empty()) {
            ++damaged_;
        } else if (started_) {
            package_.manager = PackageManager::apk;
            remove_repeats(package_.depends);
            remove_repeats(package_.provides);
            records_.push_back(std::move(package_));
        }
        package_ = {};
        package_.record.database = database_;
        folder_ = "/";
        started_ = false;
    }

    const rootfs::Rootfs& rootfs_;
    Records& records_;
    rootfs::NodeId database_ = 0;
    Package package_;
    std::string folder_ = "/";
    bool started_ = false;
    std::size_t damaged_ = 0;
};

constexpr std::array<std::string_view, 5> distributions_own{"apk-tools", "busybox", "busybox-binsh",
                                                            "libc-utils", "musl-utils"};

/// What the image's maker named: "git", "nginx<1.27", "tool@edge", one a line.
void mark_world(const rootfs::Rootfs& rootfs, Records& records, std::size_t first,
                std::vector<Diagnostic>& diagnostics) {
    const auto node = rootfs.resolve("/etc/apk/world").node;
    if (!node || !rootfs[*node].is_file()) {
        return;
    }
    const Slice content = read_database(rootfs, *node, diagnostics);
    std::vector<std::string> names;
    std::string_view text = content.text();
    while (!text.empty()) {
        add_names(names, take_line(text));
    }
    const std::set<std::string_view> world(names.begin(), names.end());
    for (std::size_t i = first; i < records.size(); ++i) {
        records[i].asked_for = world.contains(records[i].name);
        records[i].of_every_system =
            is_one_of(records[i].name, distributions_own) || records[i].name.starts_with("alpine-");
    }
}

/// Turns "so:libz.so.1", "cmd:sh" and "/bin/sh" into the names of the packages that provide them.
/// What nobody provides stays as it is.
void name_providers(Records& records, std::size_t first) {
    // A package's own name answers before what others provide. A handful is what real databases
    // have; the cap keeps a hostile one from growing without bound.
    constexpr std::size_t most_providers = 32;
    NameMap<std::vector<std::string_view>> providers;
    for (std::size_t i = first; i < records.size(); ++i) {
        providers[records[i].name].assign(1, records[i].name);
    }
    for (std::size_t i = first; i < records.size(); ++i) {
        for (const std::string& name : records[i].provides) {
            std::vector<std::string_view>& names = providers[name];
            const bool is_package = !names.empty() && names.front() == name;
            if (!is_package && names.size() < most_providers) {
                names.push_back(records[i].name);
            }
        }
    }
    for (std::size_t i = first; i < records.size(); ++i) {
        std::vector<std::string> depends;
        for (const std::string& name : records[i].depends) {
            const auto found = providers.find(name);
            if (found == providers.end()) {
                depends.push_back(name);
                continue;
            }
            for (const std::string_view provider : found->second) {
                if (provider != records[i].name) {
                    depends.emplace_back(provider);
                }
            }
        }
        remove_repeats(depends);
        records[i].depends = std::move(depends);
    }
}

}  // namespace

void read_apk(const rootfs::Rootfs& rootfs, Records& records,
              std::vector<Diagnostic>& diagnostics) {
    static constexpr std::array<std::string_view, 2> places = {"/lib/apk/db/installed",
                                                               "/usr/lib/apk/db/installed"};
    const std::size_t first = records.size();
    std::optional<rootfs::NodeId> seen;
    for (const std::string_view place : places) {
        const auto node = rootfs.resolve(place).node;
        if (!node || node == seen || !rootfs[*node].is_file()) {
            continue;
        }
        seen = node;
        const Slice content = read_database(rootfs, *node, diagnostics);
        ApkReader reader(rootfs, records);
        reader.read(*node, content);
        if (reader.damaged() > 0) {
            diagnostics.push_back({Severity::warning, "apk-database-damaged", rootfs[*node].path,
                                   std::to_string(reader.damaged()) +
                                       " damaged lines or records: some files may be owned by a "
                                       "package without it being known"});
        }
    }
    name_providers(records, first);
    mark_world(rootfs, records, first, diagnostics);
}

}  // namespace slimimg::closure
