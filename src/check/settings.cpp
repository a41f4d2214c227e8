#include "slimimg/check/settings.hpp"

#include <algorithm>
#include <array>
#include <span>

// toml++ 3.3 takes "[ = 1" for a state that can't be: what is an assertion there is an error of the
// file here, in every kind of build.
#undef NDEBUG
namespace slimimg::check {
struct ParserConfusion {};
}  // namespace slimimg::check
#define TOML_ASSERT(expr) ((expr) ? void() : throw slimimg::check::ParserConfusion())
#define TOML_EXCEPTIONS 0
// Some of them stand in functions that are noexcept: there it is an end as before.
#pragma GCC diagnostic push
#ifdef __clang__
#pragma GCC diagnostic ignored "-Wexceptions"
#else
#pragma GCC diagnostic ignored "-Wterminate"
#endif
#include <toml++/toml.h>
#pragma GCC diagnostic pop

#include "slimimg/base/error.hpp"
#include "slimimg/base/file.hpp"
#include "slimimg/base/nearest.hpp"
#include "slimimg/base/path.hpp"
#include "slimimg/base/sizes.hpp"

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

/// "text" of a value, refused where it is none.
std::string string_of(const toml::node& value, const Place& place) {
    const auto text = value.value<std::string>();
    if (!value.is_string() || !text) {
        place.refuse_value(value, "is no text", "write it in quotes");
    }
    return *text;
}

Level level_of(const toml::node& value, const Place& place, std::string_view off) {
    const auto text = value.value<std::string>();
    const auto level = value.is_string() && text
                           ? parse_level(*text == off ? level_name(Level::off) : *text)
                           : std::nullopt;
    if (!level || (off != level_name(Level::off) && *text == level_name(Level::off))) {
        place.refuse_value(
            value, "cannot be this",
            "it is one of \"" + std::string(off) + "\", \"note\", \"warning\" and \"error\"");
    }
    return *level;
}

std::uint64_t bytes_of(const toml::node& value, const Place& place) {
    if (const auto number = value.value<std::int64_t>();
        value.is_integer() && number && *number >= 0) {
        return static_cast<std::uint64_t>(*number);
    }
    const auto text = value.value<std::string>();
    const auto bytes = value.is_string() && text ? parse_bytes(*text) : std::nullopt;
    if (!bytes) {
        place.refuse_value(value, "is no size", "write it as \"200 MB\" or a number of bytes");
    }
    return *bytes;
}

double number_of(const toml::node& value, const Place& place, double most, const char* hint) {
    const auto number = value.value<double>();
    if (!value.is_number() || !number || !(*number >= 0 && *number <= most)) {
        place.refuse_value(value, "cannot be this", hint);
    }
    return *number;
}

double percent_of(const toml::node& value, const Place& place) {
    return number_of(value, place, 1e6, "write a percentage as a number: 10");
}
double reduction_of(const toml::node& value, const Place& place) {
    return number_of(value, place, 100, "write a percentage as a number from 0 to 100");
}
double share_of(const toml::node& value, const Place& place) {
    return number_of(value, place, 1, "write a share from 0 to 1: 0.95");
}

constexpr std::array<Key<Thresholds>, 9> limit_keys{{
    {"size", [](Thresholds& to, const toml::node& value,
                const Place& place) { to.size = bytes_of(value, place); }},
    {"growth", [](Thresholds& to, const toml::node& value,
                  const Place& place) { to.growth = percent_of(value, place); }},
    {"reduction", [](Thresholds& to, const toml::node& value,
                     const Place& place) { to.reduction = reduction_of(value, place); }},
    {"lowest-efficiency",
     [](Thresholds& to, const toml::node& value, const Place& place) {
         to.lowest_efficiency = share_of(value, place);
     }},
    {"highest-wasted-bytes",
     [](Thresholds& to, const toml::node& value, const Place& place) {
         to.highest_wasted_bytes = bytes_of(value, place);
     }},
    {"highest-wasted-percent",
     [](Thresholds& to, const toml::node& value, const Place& place) {
         to.highest_wasted_percent = share_of(value, place);
     }},
    {"cache", [](Thresholds& to, const toml::node& value,
                 const Place& place) { to.cache_bytes = bytes_of(value, place); }},
    {"duplicates", [](Thresholds& to, const toml::node& value,
                      const Place& place) { to.duplicate_bytes = bytes_of(value, place); }},
    {"debug", [](Thresholds& to, const toml::node& value,
                 const Place& place) { to.debug_bytes = bytes_of(value, place); }},
}};

/// The keys are the policies' ids.
void read_levels(CheckSettings& to, const toml::node& value, const Place& place) {
    for (const auto& [name, level] : table_of(value, place)) {
        const std::string_view id = name.str();
        if (find_policy(id) == nullptr) {
            std::vector<std::string_view> ids;
            for (const PolicyInfo& policy : policy_infos()) {
                ids.push_back(policy.id);
            }
            const std::string_view near = nearest(id, ids);
            refuse(place.path, name.source(), "there is no policy " + std::string(id),
                   near.empty() ? "slimimg check --list has them all"
                                : "did you mean " + std::string(near) + "?");
        }
        to.levels.insert_or_assign(std::string(id),
                                   level_of(level, place.below(id), level_name(Level::off)));
    }
}

bool is_date(std::string_view text) {
    return text.size() == 10 &&
           path::glob_match("[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]", text);
}

constexpr std::array<Key<Waiver>, 4> waiver_keys{{
    {"policy",
     [](Waiver& to, const toml::node& value, const Place& place) {
         to.policy = string_of(value, place);
         if (find_policy(to.policy) == nullptr) {
             std::vector<std::string_view> ids;
             for (const PolicyInfo& policy : policy_infos()) {
                 ids.push_back(policy.id);
             }
             const std::string_view near = nearest(to.policy, ids);
             place.refuse_value(value, "names no policy: " + to.policy,
                                near.empty() ? "slimimg check --list has them all"
                                             : "did you mean " + std::string(near) + "?");
         }
     }},
    {"path", [](Waiver& to, const toml::node& value,
                const Place& place) { to.path = string_of(value, place); }},
    {"reason", [](Waiver& to, const toml::node& value,
                  const Place& place) { to.reason = string_of(value, place); }},
    {"until",
     [](Waiver& to, const toml::node& value, const Place& place) {
         if (const auto date = value.value<toml::date>(); value.is_date() && date) {
             std::array<char, 32> text{};
             std::snprintf(text.data(), text.size(), "%04u-%02u-%02u", unsigned{date->year},
                           unsigned{date->month}, unsigned{date->day});
             to.until = text.data();
             return;
         }
         to.until = value.is_string() ? *value.value<std::string>() : "";
         if (!is_date(to.until)) {
             place.refuse_value(value, "is no day", "write it as 2027-01-31");
         }
     }},
}};

void read_waivers(CheckSettings& to, const toml::node& value, const Place& place) {
    const toml::array* const array = value.as_array();
    if (array == nullptr || !array->is_homogeneous(toml::node_type::table)) {
        place.refuse_value(value, "is no list of tables", "write it as [[" + place.key + "]]");
    }
    for (const toml::node& entry : *array) {
        Waiver waiver;
        read_table<Waiver>(table_of(entry, place), place, waiver_keys, waiver);
        waiver.line = entry.source().begin.line;
        if (waiver.policy.empty() || waiver.reason.empty()) {
            refuse(place.path, entry.source(),
                   std::string("a waiver has no ") + (waiver.policy.empty() ? "policy" : "reason"),
                   "it needs policy = \"...\" and reason = \"...\"; path and until narrow it");
        }
        to.waivers.push_back(std::move(waiver));
    }
}

void read_profile(CheckSettings& to, const toml::node& value, const Place& place) {
    const std::string name = string_of(value, place);
    if (name != "distroless" && name != "default") {
        place.refuse_value(value, "cannot be this", "it is one of \"default\" and \"distroless\"");
    }
    to.distroless = name == "distroless";
}

constexpr std::array<Key<CheckSettings>, 5> image_check_keys{{
    {"profile", read_profile},
    {"levels", read_levels},
    {"limits",
     [](CheckSettings& to, const toml::node& value, const Place& place) {
         read_table<Thresholds>(table_of(value, place), place, limit_keys, to.thresholds);
     }},
    {"baseline", [](CheckSettings& to, const toml::node& value,
                    const Place& place) { to.baseline = string_of(value, place); }},
    {"waiver", read_waivers},
}};

/// What fails the whole run is said once, for all images.
constexpr std::array<Key<CheckSettings>, 6> general_check_keys{{
    image_check_keys[0],
    image_check_keys[1],
    image_check_keys[2],
    image_check_keys[3],
    image_check_keys[4],
    {"fail-on", [](CheckSettings& to, const toml::node& value,
                   const Place& place) { to.fail_on = level_of(value, place, "never"); }},
}};

constexpr std::array<Key<SettingsFile::Image>, 3> image_keys{{
    {"name",
     [](SettingsFile::Image& to, const toml::node& value, const Place& place) {
         to.names = value.is_string() ? std::vector{*value.value<std::string>()}
                                      : strings_of(value, place);
     }},
    {"closure", [](SettingsFile::Image& to, const toml::node& value,
                   const Place& place) { read_closure(to.settings, value, place); }},
    {"check",
     [](SettingsFile::Image& to, const toml::node& value, const Place& place) {
         read_table<CheckSettings>(table_of(value, place), place, image_check_keys,
                                   to.settings.check);
     }},
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

constexpr std::array<Key<SettingsFile>, 3> file_keys{{
    {"closure", [](SettingsFile& to, const toml::node& value,
                   const Place& place) { read_closure(to.general, value, place); }},
    {"check",
     [](SettingsFile& to, const toml::node& value, const Place& place) {
         read_table<CheckSettings>(table_of(value, place), place, general_check_keys,
                                   to.general.check);
     }},
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

template <typename T>
void prefer(std::optional<T>& to, const std::optional<T>& over) {
    to = over ? over : to;
}

void apply(CheckSettings& to, const CheckSettings& over) {
    to.distroless = to.distroless || over.distroless;
    for (const auto& [policy, level] : over.levels) {
        to.levels.insert_or_assign(policy, level);
    }
    prefer(to.thresholds.size, over.thresholds.size);
    prefer(to.thresholds.growth, over.thresholds.growth);
    prefer(to.thresholds.reduction, over.thresholds.reduction);
    prefer(to.thresholds.lowest_efficiency, over.thresholds.lowest_efficiency);
    prefer(to.thresholds.highest_wasted_bytes, over.thresholds.highest_wasted_bytes);
    prefer(to.thresholds.highest_wasted_percent, over.thresholds.highest_wasted_percent);
    prefer(to.thresholds.cache_bytes, over.thresholds.cache_bytes);
    prefer(to.thresholds.duplicate_bytes, over.thresholds.duplicate_bytes);
    prefer(to.thresholds.debug_bytes, over.thresholds.debug_bytes);
    to.baseline = over.baseline.empty() ? to.baseline : over.baseline;
    to.waivers.insert(to.waivers.end(), over.waivers.begin(), over.waivers.end());
}

/// A pattern without a "/" is for an image's last name, whatever registry it is in.
bool is_named(std::string_view image, std::string_view pattern) {
    return path::glob_match(pattern, image) || (pattern.find('/') == std::string_view::npos &&
                                                path::glob_match(pattern, path::basename(image)));
}

}  // namespace

namespace {

toml::parse_result parse_toml(std::string_view text, const std::string& path) {
    try {
        return toml::parse(text, path);
    } catch (const ParserConfusion&) {
        throw Error(Exit::usage, "bad-settings", path + " is no TOML that makes sense",
                    "the format is TOML 1.0");
    }
}

}  // namespace

SettingsFile parse_settings(std::string_view text, const std::string& path) {
    const toml::parse_result parsed = parse_toml(text, path);
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
            apply(settings.check, image.settings.check);
        }
    }
    return settings;
}

}  // namespace slimimg::check
