#include "slimimg/check/settings.hpp"

#include <algorithm>
#include <array>
#include <span>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "slimimg/base/error.hpp"
#include "slimimg/base/file.hpp"
#include "slimimg/base/nearest.hpp"
#include "slimimg/base/path.hpp"

namespace slimimg::check {
namespace {

[[noreturn]] void refuse(const std::string& path, const toml::source_region& where,
                         const std::string& message, const std::string& hint) {
    throw Error(Exit::usage, "bad-settings",
                path + ", line " + std::to_string(where.begin.line) + ": " + message, hint);
}

/// Where a value stands: "closure.include" of the file.
struct Place {
    const std::string& path;
    std::string key;

    [[nodiscard]] Place below(std::string_view name) const {
        return {path, key.empty() ? std::string(name) : key + "." + std::string(name)};
    }
    [[noreturn]] void refuse_value(const toml::node& value, const std::string& problem,
                                   const std::string& hint) const {
        refuse(path, value.source(), key + " " + problem, hint);
    }
};

const toml::table& table_of(const toml::node& value, const Place& place) {
    if (!value.is_table()) {
        place.refuse_value(value, "is no table", "write it as [" + place.key + "]");
    }
    return *value.as_table();
}

[[noreturn]] void refuse_list(const toml::node& value, const Place& place) {
    place.refuse_value(value, "is no list of texts", "write it as [\"a\", \"b\"]");
}

std::vector<std::string> strings_of(const toml::node& value, const Place& place) {
    std::vector<std::string> strings;
    const toml::array* const array = value.as_array();
    if (array == nullptr) {
        refuse_list(value, place);
    }
    for (const toml::node& entry : *array) {
        const auto text = entry.value<std::string>();
        if (!entry.is_string() || !text) {
            refuse_list(entry, place);
        }
        strings.push_back(*text);
    }
    return strings;
}

closure::Keep keep_of(const toml::node& value, const Place& place) {
    const auto keep = closure::parse_keep(value.is_string() ? *value.value<std::string>() : "");
    if (!keep) {
        place.refuse_value(value, "cannot be this",
                           "it is one of \"strict\", \"auto\" and \"packages\"");
    }
    return *keep;
}

/// A key that a table may have, and what reads its value into `Target`.
template <typename Target>
struct Key {
    std::string_view name;
    void (*read)(Target&, const toml::node&, const Place&);
};

/// Reads every key of a table by the list; an unknown one is an error with the nearest known.
template <typename Target>
void read_table(const toml::table& table, const Place& place, std::span<const Key<Target>> keys,
                Target& target) {
    for (const auto& [name, value] : table) {
        const std::string_view wanted = name.str();
        const auto key = std::find_if(keys.begin(), keys.end(), [&](const Key<Target>& known) {
            return known.name == wanted;
        });
        if (key == keys.end()) {
            std::vector<std::string_view> names;
            std::string all;
            for (const Key<Target>& known : keys) {
                names.push_back(known.name);
                all += (all.empty() ? "" : ", ") + std::string(known.name);
            }
            const std::string_view near = nearest(wanted, names);
            refuse(place.path, name.source(), "unknown key " + place.below(wanted).key,
                   near.empty() ? "known are " + all : "did you mean " + std::string(near) + "?");
        }
        key->read(target, value, place.below(wanted));
    }
}

constexpr std::array<Key<ClosureSettings>, 6> closure_keys{{
    {"entrypoint", [](ClosureSettings& to, const toml::node& value,
                      const Place& place) { to.entrypoints = strings_of(value, place); }},
    {"include", [](ClosureSettings& to, const toml::node& value,
                   const Place& place) { to.include = strings_of(value, place); }},
    {"include-package", [](ClosureSettings& to, const toml::node& value,
                           const Place& place) { to.include_packages = strings_of(value, place); }},
    {"exclude", [](ClosureSettings& to, const toml::node& value,
                   const Place& place) { to.exclude = strings_of(value, place); }},
    {"keep", [](ClosureSettings& to, const toml::node& value,
                const Place& place) { to.keep = keep_of(value, place); }},
    {"allow-missing", [](ClosureSettings& to, const toml::node& value,
                         const Place& place) { to.allow_missing = strings_of(value, place); }},
}};

void read_closure(Settings& to, const toml::node& value, const Place& place) {
    read_table<ClosureSettings>(table_of(value, place), place, closure_keys, to.closure);
}

constexpr std::array<Key<SettingsFile::Image>, 2> image_keys{{
    {"name",
     [](SettingsFile::Image& to, const toml::node& value, const Place& place) {
         to.names = value.is_string() ? std::vector{*value.value<std::string>()}
                                      : strings_of(value, place);
     }},
    {"closure", [](SettingsFile::Image& to, const toml::node& value,
                   const Place& place) { read_closure(to.settings, value, place); }},
}};

void read_images(SettingsFile& to, const toml::node& value, const Place& place) {
    const toml::array* const array = value.as_array();
    if (array == nullptr || !array->is_homogeneous(toml::node_type::table)) {
        place.refuse_value(value, "is no list of tables", "write it as [[image]]");
    }
    for (const toml::node& entry : *array) {
        SettingsFile::Image image;
        read_table<SettingsFile::Image>(table_of(entry, place), place, image_keys, image);
        if (image.names.empty()) {
            refuse(place.path, entry.source(), "an [[image]] has no name",
                   "say which it is for: name = \"app:*\"");
        }
        to.images.push_back(std::move(image));
    }
}

constexpr std::array<Key<SettingsFile>, 2> file_keys{{
    {"closure", [](SettingsFile& to, const toml::node& value,
                   const Place& place) { read_closure(to.general, value, place); }},
    {"image", read_images},
}};

void append(std::vector<std::string>& to, const std::vector<std::string>& more) {
    to.insert(to.end(), more.begin(), more.end());
}

void apply(ClosureSettings& to, const ClosureSettings& over) {
    if (!over.entrypoints.empty()) {
        to.entrypoints = over.entrypoints;
    }
    append(to.include, over.include);
    append(to.include_packages, over.include_packages);
    append(to.exclude, over.exclude);
    append(to.allow_missing, over.allow_missing);
    to.keep = over.keep ? over.keep : to.keep;
}

/// A pattern without a "/" is for an image's last name, whatever registry it is in.
bool is_named(std::string_view image, std::string_view pattern) {
    return path::glob_match(pattern, image) || (pattern.find('/') == std::string_view::npos &&
                                                path::glob_match(pattern, path::basename(image)));
}

}  // namespace

SettingsFile parse_settings(std::string_view text, const std::string& path) {
    const toml::parse_result parsed = toml::parse(text, path);
    if (!parsed) {
        const toml::parse_error& error = parsed.error();
        refuse(path, error.source(), std::string(error.description()), "the format is TOML 1.0");
    }
    SettingsFile file;
    read_table<SettingsFile>(parsed.table(), {path, ""}, file_keys, file);
    return file;
}

SettingsFile read_settings(const std::filesystem::path& path) {
    if (!std::filesystem::exists(path)) {
        throw Error(Exit::usage, "no-settings", "there is no file " + path.string(),
                    "name the project's settings, or leave --config out");
    }
    const Slice content = map_file(path);
    return parse_settings(content.text(), path.string());
}

Settings settings_for(const SettingsFile& file, const std::vector<std::string>& names) {
    Settings settings = file.general;
    for (const SettingsFile::Image& image : file.images) {
        const bool matches = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
            return std::any_of(image.names.begin(), image.names.end(),
                               [&](const auto& pattern) { return is_named(name, pattern); });
        });
        if (matches) {
            apply(settings.closure, image.settings.closure);
        }
    }
    return settings;
}

}  // namespace slimimg::check
