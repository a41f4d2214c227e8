#include "slimimg/report/difference.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <tuple>
#include <unordered_set>

#include "slimimg/base/path.hpp"

#include "kinds.hpp"
#include "layout.hpp"
#include "reasons.hpp"

namespace slimimg::report {
namespace {

using archive::EntryType;
using Change = Difference::Change;
using rootfs::Node;
using rootfs::NodeId;

constexpr std::size_t folder_depth = 3;

/// Content that counts for this name: each file's at its first name.
std::uint64_t bytes_of(const rootfs::Rootfs& tree, NodeId id) {
    return tree[id].is_file() && tree[id].inode == id ? tree[id].header.size : 0;
}

std::string type_of(const rootfs::Rootfs& tree, NodeId id) {
    const Node& node = tree[id];
    return std::string(
        type_name(node.is_file() && node.inode != id ? EntryType::hardlink : node.header.type));
}

/// "/usr/lib/python3" of "/usr/lib/python3/a/b.py"
std::string_view folder_of(std::string_view path) {
    const std::string_view folder = path::parent(path);
    std::size_t end = 0;
    for (std::size_t depth = 0; depth < folder_depth; ++depth) {
        end = std::min(folder.find('/', end + 1), folder.size());
    }
    return folder.substr(0, end);
}

/// One of the two images, as it is looked up.
struct Image {
    explicit Image(const slim::Analysis& of) : analysis(of), tree(of.rootfs) {
        for (const slim::PlanItem& item : of.plan.items) {
            if (item.source) {
                needed.insert(*item.source);
            }
        }
    }

    [[nodiscard]] std::string owner(NodeId id) const {
        const auto package = analysis.packages.owner(id);
        return package ? analysis.packages[*package].name : std::string();
    }

    const slim::Analysis& analysis;
    const rootfs::Rootfs& tree;
    std::unordered_set<NodeId> needed;
};

Difference::Side side_of(const Image& image) {
    const image::Image& of = image.analysis.image;
    Difference::Side side{.name = of.name(),
                          .source = of.source,
                          .digest = of.digest().str(),
                          .platform = of.config.platform.str(),
                          .tree_bytes = image.analysis.before_bytes,
                          .archive_bytes = of.archive_bytes,
                          .needed_bytes = image.analysis.plan.bytes,
                          .layers = of.layers.size()};
    for (const archive::LayerScan& layer : image.tree.layers()) {
        side.layer_bytes += content_bytes(layer);
    }
    for (const Node& node : image.tree.nodes()) {
        side.files += static_cast<std::size_t>(node.is_file());
    }
    for (const closure::Package& package : image.analysis.packages.packages()) {
        side.packages += static_cast<std::size_t>(!package.files.empty());
    }
    return side;
}

bool same_content(const rootfs::Rootfs& before, NodeId was, const rootfs::Rootfs& after,
                  NodeId is) {
    const Node& old_node = before[was];
    const Node& new_node = after[is];
    if (old_node.header.size != new_node.header.size) {
        return false;
    }
    const archive::LayerScan& old_layer = before.layers()[old_node.content_layer];
    const archive::LayerScan& new_layer = after.layers()[new_node.content_layer];
    if (old_layer.diff_id == new_layer.diff_id &&
        old_node.content_entry == new_node.content_entry && old_layer.diff_id != Digest{}) {
        return true;  // of a layer that both images have
    }
    const Slice a = before.content(was);
    const Slice b = after.content(is);
    return a.size() == b.size() &&
           (a.size() == 0 || std::memcmp(a.bytes.data(), b.bytes.data(), a.bytes.size()) == 0);
}

/// What differs of an entry that both have, but for its time.
std::vector<std::string> differences(const rootfs::Rootfs& before, NodeId was,
                                     const rootfs::Rootfs& after, NodeId is) {
    const archive::Header& a = before[was].header;
    const archive::Header& b = after[is].header;
    if (a.type != b.type) {
        return {"type"};
    }
    std::vector<std::string> what;
    if (a.type == EntryType::file && !same_content(before, was, after, is)) {
        what.emplace_back("content");
    }
    if (a.type == EntryType::symlink && a.link != b.link) {
        what.emplace_back("target");
    }
    if (a.type != EntryType::symlink && a.mode != b.mode) {
        what.emplace_back("mode");
    }
    if (a.uid != b.uid || a.gid != b.gid) {
        what.emplace_back("owner");
    }
    if (a.device_major != b.device_major || a.device_minor != b.device_minor) {
        what.emplace_back("device");
    }
    if (a.xattrs != b.xattrs) {
        what.emplace_back("attributes");
    }
    return what;
}

/// Holds every entry of both trees against the other's.
class Comparison {
  public:
    Comparison(const Image& before, const Image& after, Difference& result)
        : before_(before), after_(after), result_(result) {}

    void run() {
        for (NodeId id = 1; id < before_.tree.size(); ++id) {
            const auto other = after_.tree.find(before_.tree[id].path);
            if (other) {
                both(id, *other);
            } else {
                only_before(id);
            }
        }
        for (NodeId id = 1; id < after_.tree.size(); ++id) {
            if (!before_.tree.find(after_.tree[id].path)) {
                only_after(id);
            }
        }
        std::sort(
            result_.entries.begin(), result_.entries.end(),
            [](const Difference::Entry& a, const Difference::Entry& b) { return a.path < b.path; });
        hand_over_folders();
    }

  private:
    /// Folders come and go with what they hold.
    static std::size_t counts(const Difference::Entry& entry) {
        return static_cast<std::size_t>(entry.type != "directory");
    }

    Difference::Folder& folder(std::string_view path) {
        return folders_[std::string(folder_of(path))];
    }

    void both(NodeId was, NodeId is) {
        Difference::Entry entry{.path = after_.tree[is].path,
                                .change = Change::changed,
                                .type = type_of(after_.tree, is),
                                .what = differences(before_.tree, was, after_.tree, is),
                                .before_bytes = bytes_of(before_.tree, was),
                                .after_bytes = bytes_of(after_.tree, is),
                                .needed_before = before_.needed.contains(was),
                                .needed_after = after_.needed.contains(is),
                                .package = after_.owner(is)};
        Difference::Folder& sum = folder(entry.path);
        sum.before_bytes += entry.before_bytes;
        sum.after_bytes += entry.after_bytes;
        if (!entry.what.empty()) {
            sum.changed += counts(entry);
            result_.entries.push_back(std::move(entry));
        } else if (!after_.tree[is].is_directory() &&
                   before_.tree[was].header.mtime != after_.tree[is].header.mtime) {
            ++result_.touched;
        }
    }

    void only_before(NodeId id) {
        Difference::Entry entry{.path = before_.tree[id].path,
                                .change = Change::removed,
                                .type = type_of(before_.tree, id),
                                .before_bytes = bytes_of(before_.tree, id),
                                .needed_before = before_.needed.contains(id),
                                .package = before_.owner(id)};
        Difference::Folder& sum = folder(entry.path);
        sum.before_bytes += entry.before_bytes;
        sum.removed += counts(entry);
        result_.entries.push_back(std::move(entry));
    }

    void only_after(NodeId id) {
        Difference::Entry entry{.path = after_.tree[id].path,
                                .change = Change::added,
                                .type = type_of(after_.tree, id),
                                .after_bytes = bytes_of(after_.tree, id),
                                .needed_after = after_.needed.contains(id),
                                .package = after_.owner(id)};
        Difference::Folder& sum = folder(entry.path);
        sum.after_bytes += entry.after_bytes;
        sum.added += counts(entry);
        result_.entries.push_back(std::move(entry));
    }

    void hand_over_folders() {
        for (auto& [path, folder] : folders_) {
            if (folder.added + folder.removed + folder.changed > 0) {
                folder.path = path;
                result_.folders.push_back(std::move(folder));
            }
        }
        std::stable_sort(result_.folders.begin(), result_.folders.end(),
                         [](const Difference::Folder& a, const Difference::Folder& b) {
                             const auto size = [](const Difference::Folder& of) {
                                 return std::max(of.before_bytes, of.after_bytes) -
                                        std::min(of.before_bytes, of.after_bytes);
                             };
                             return size(a) > size(b);
                         });
    }

    const Image& before_;
    const Image& after_;
    Difference& result_;
    std::map<std::string, Difference::Folder> folders_;
};

void compare_layers(const Image& before, const Image& after, Difference& result) {
    const auto ids = [](const Image& image) {
        std::multiset<Digest> digests;
        for (const image::Layer& layer : image.analysis.image.layers) {
            digests.insert(layer.diff_id);
        }
        return digests;
    };
    const auto add_those_without = [&](const Image& image, std::multiset<Digest> other,
                                       Change change) {
        const auto& layers = image.analysis.image.layers;
        for (std::size_t i = 0; i < layers.size(); ++i) {
            if (const auto found = other.find(layers[i].diff_id); found != other.end()) {
                other.erase(found);
                continue;
            }
            result.layers.push_back({.change = change,
                                     .diff_id = layers[i].diff_id.str(),
                                     .created_by = layers[i].created_by,
                                     .bytes = content_bytes(image.tree.layers()[i])});
        }
    };
    add_those_without(before, ids(after), Change::removed);
    result.shared_layers = before.analysis.image.layers.size() - result.layers.size();
    add_those_without(after, ids(before), Change::added);
}

void compare_packages(const Image& before, const Image& after, Difference& result) {
    std::map<std::tuple<std::string, std::string, std::string>, Difference::Package> all;
    const auto add = [&](const Image& image, std::string Difference::Package::*version,
                         std::uint64_t Difference::Package::*bytes) {
        for (const closure::Package& package : image.analysis.packages.packages()) {
            const std::string manager{closure::package_manager_name(package.manager)};
            Difference::Package& known = all[{package.name, manager, package.architecture}];
            known.name = package.name;
            known.manager = manager;
            known.architecture = package.architecture;
            known.*version = package.version;
            for (const NodeId file : package.files) {
                known.*bytes += bytes_of(image.tree, file);
            }
        }
    };
    add(before, &Difference::Package::before_version, &Difference::Package::before_bytes);
    add(after, &Difference::Package::after_version, &Difference::Package::after_bytes);
    for (auto& [key, package] : all) {
        if (package.before_version != package.after_version ||
            package.before_bytes != package.after_bytes) {
            result.packages.push_back(std::move(package));
        }
    }
}

std::map<std::string, std::string> settings_of(const image::Config& config) {
    std::map<std::string, std::string> settings;
    const auto set = [&](std::string key, std::string value) {
        if (!value.empty()) {
            settings[std::move(key)] = std::move(value);
        }
    };
    set("platform", config.platform.str());
    set("entrypoint", shell_line(config.entrypoint));
    set("command", shell_line(config.cmd));
    set("user", config.user);
    set("workdir", config.workdir);
    set("stop signal", config.stop_signal);
    set("healthcheck", shell_line(config.healthcheck));
    set("shell", shell_line(config.shell));
    for (const std::string& variable : config.env) {
        const std::size_t equals = std::min(variable.find('='), variable.size());
        settings["env " + variable.substr(0, equals)] =
            equals < variable.size() ? variable.substr(equals + 1) : "";
    }
    for (const auto& [name, value] : config.labels) {
        settings["label " + name] = value;
    }
    for (const std::string& volume : config.volumes) {
        settings["volume " + volume] = "";
    }
    for (const std::string& port : config.exposed_ports) {
        settings["port " + port] = "";
    }
    return settings;
}

void compare_config(const image::Config& before, const image::Config& after, Difference& result) {
    std::map<std::string, Difference::Setting> all;
    for (auto& [key, value] : settings_of(before)) {
        all[key].before = value;
    }
    for (auto& [key, value] : settings_of(after)) {
        all[key].after = value;
    }
    for (auto& [key, setting] : all) {
        if (setting.before != setting.after) {
            setting.key = key;
            result.config.push_back(std::move(setting));
        }
    }
}

/// What a program loads: the file behind each name.
using Libraries = std::map<std::string, std::string>;

std::map<std::string, Libraries> links_of(const Image& image) {
    std::map<std::string, Libraries> programs;
    for (const closure::Link& link : image.analysis.closure.links) {
        Libraries& libraries = programs[image.tree[link.program].path];
        for (std::size_t i = 1; i < link.objects.size(); ++i) {
            libraries[link.objects[i].name] = image.tree[link.objects[i].file].path;
        }
    }
    return programs;
}

void compare_links(const Image& before, const Image& after, Difference& result) {
    const auto was = links_of(before);
    const auto is = links_of(after);
    std::map<std::tuple<std::string, std::string, std::string>, std::vector<std::string>> changes;
    for (const auto& [program, libraries] : is) {
        const auto known = was.find(program);
        if (known == was.end()) {
            result.programs_added.push_back(program);
            continue;
        }
        std::set<std::string> names;
        for (const Libraries* side : {&known->second, &libraries}) {
            for (const auto& [name, file] : *side) {
                names.insert(name);
            }
        }
        for (const std::string& name : names) {
            const auto a = known->second.find(name);
            const auto b = libraries.find(name);
            const std::string old_file = a == known->second.end() ? "" : a->second;
            const std::string new_file = b == libraries.end() ? "" : b->second;
            if (old_file != new_file) {
                changes[{name, old_file, new_file}].push_back(program);
            }
        }
    }
    for (const auto& [program, libraries] : was) {
        if (!is.contains(program)) {
            result.programs_removed.push_back(program);
        }
    }
    for (auto& [change, programs] : changes) {
        const auto& [name, old_file, new_file] = change;
        result.libraries.push_back({name, old_file, new_file, std::move(programs)});
    }
}

void compare_missing(const Image& before, const Image& after, Difference& result) {
    const auto key = [](const Unresolved& what) {
        return std::tie(what.kind, what.name, what.needed_by);
    };
    const auto only_in = [&](const std::vector<Unresolved>& these,
                             const std::vector<Unresolved>& those) {
        std::vector<Unresolved> result_of;
        for (const Unresolved& what : these) {
            const bool known =
                std::any_of(those.begin(), those.end(),
                            [&](const Unresolved& other) { return key(other) == key(what); });
            if (!known) {
                result_of.push_back(what);
            }
        }
        return result_of;
    };
    const std::vector<Unresolved> was = unresolved_of(before.analysis);
    const std::vector<Unresolved> is = unresolved_of(after.analysis);
    result.now_missing = only_in(is, was);
    result.no_longer_missing = only_in(was, is);
}

}  // namespace

std::string_view change_name(Change change) {
    switch (change) {
        case Change::added:
            return "added";
        case Change::removed:
            return "removed";
        case Change::changed:
            return "changed";
    }
    return "changed";
}

bool Difference::same() const {
    return entries.empty() && config.empty();
}

std::int64_t Difference::growth() const {
    return static_cast<std::int64_t>(after.layer_bytes) -
           static_cast<std::int64_t>(before.layer_bytes);
}

double Difference::growth_percent() const {
    return before.layer_bytes == 0
               ? 0
               : 100.0 * static_cast<double>(growth()) / static_cast<double>(before.layer_bytes);
}

Difference compare(const slim::Analysis& before, const slim::Analysis& after) {
    const Image was(before);
    const Image is(after);
    Difference result{.before = side_of(was), .after = side_of(is)};
    compare_layers(was, is, result);
    Comparison(was, is, result).run();
    compare_packages(was, is, result);
    compare_config(before.image.config, after.image.config, result);
    compare_links(was, is, result);
    compare_missing(was, is, result);
    return result;
}

}  // namespace slimimg::report
