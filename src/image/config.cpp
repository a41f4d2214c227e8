#include "image/config.hpp"

#include "slimimg/base/error.hpp"

#include "image/json.hpp"

namespace slimimg::image {
namespace {

/// The keys of an object that is used as a set (Volumes, ExposedPorts).
std::vector<std::string> keys_of(const Json& object) {
    std::vector<std::string> keys;
    if (object.is_object()) {
        for (const auto& [key, value] : object.items()) {
            keys.push_back(key);
        }
    }
    return keys;
}

std::vector<HistoryStep> parse_history(const Json& list, std::string_view what) {
    std::vector<HistoryStep> history;
    if (list.is_array()) {
        for (const Json& item : list) {
            const Json& empty = member(item, "empty_layer");
            history.push_back(
                {text_member(item, "created", what), text_member(item, "created_by", what),
                 text_member(item, "comment", what), empty.is_boolean() && empty.get<bool>()});
        }
    }
    return history;
}

Json render_history(const std::vector<HistoryStep>& history) {
    Json list = Json::array();
    for (const HistoryStep& step : history) {
        Json item = Json::object();
        const auto set = [&](const char* key, const std::string& value) {
            if (!value.empty()) {
                item[key] = value;
            }
        };
        set("created", step.created);
        set("created_by", step.created_by);
        set("comment", step.comment);
        if (step.empty_layer) {
            item["empty_layer"] = true;
        }
        list.push_back(std::move(item));
    }
    return list;
}

Json as_set(const std::vector<std::string>& keys) {
    Json object = Json::object();
    for (const std::string& key : keys) {
        object[key] = Json::object();
    }
    return object;
}

}  // namespace

Config parse_config(Bytes text, const Limits& limits, std::string_view what) {
    const Json root = parse_json(text, limits, what);
    if (!root.is_object()) {
        throw Error(Exit::bad_input, "config", std::string(what) + " is no image config",
                    "the image is damaged; save or pull it again");
    }
    Config config;
    config.raw = as_text(text);
    config.platform = {text_member(root, "os", what), text_member(root, "architecture", what),
                       text_member(root, "variant", what)};
    config.created = text_member(root, "created", what);
    const Json& run = member(root, "config");
    config.user = text_member(run, "User", what);
    config.workdir = text_member(run, "WorkingDir", what);
    config.env = list_member(run, "Env", what);
    config.entrypoint = list_member(run, "Entrypoint", what);
    config.cmd = list_member(run, "Cmd", what);
    config.volumes = keys_of(member(run, "Volumes"));
    config.exposed_ports = keys_of(member(run, "ExposedPorts"));
    if (const Json& labels = member(run, "Labels"); labels.is_object()) {
        for (const auto& [key, value] : labels.items()) {
            config.labels[key] = value.is_string() ? value.get<std::string>() : value.dump();
        }
    }
    config.stop_signal = text_member(run, "StopSignal", what);
    config.healthcheck = list_member(member(run, "Healthcheck"), "Test", what);
    config.shell = list_member(run, "Shell", what);
    config.history = parse_history(member(root, "history"), what);
    for (const std::string& id : list_member(member(root, "rootfs"), "diff_ids", what)) {
        const auto digest = Digest::parse(id);
        if (!digest) {
            throw Error(
                Exit::bad_input, "config",
                std::string(what) + ": the diff ID " + id.substr(0, 80) + " is no SHA-256 digest");
        }
        config.diff_ids.push_back(*digest);
    }
    return config;
}

std::string render_config(const Config& config) {
    Json root = Json::parse(config.raw.empty() ? "{}" : config.raw);
    const Config known =
        config.raw.empty() ? Config{} : parse_config(as_bytes(config.raw), {}, "config");
    Json& run = root["config"];
    const auto set = [](Json& object, const char* key, const auto& value, bool changed) {
        if (!changed) {
            return;
        }
        if (value.empty()) {
            object.erase(key);
        } else {
            object[key] = value;
        }
    };
    if (run.is_null()) {
        run = Json::object();
    }
    set(root, "created", config.created, config.created != known.created);
    set(root, "architecture", config.platform.architecture,
        config.platform.architecture != known.platform.architecture);
    set(root, "os", config.platform.os, config.platform.os != known.platform.os);
    set(run, "User", config.user, config.user != known.user);
    set(run, "WorkingDir", config.workdir, config.workdir != known.workdir);
    set(run, "Env", config.env, config.env != known.env);
    set(run, "Entrypoint", config.entrypoint, config.entrypoint != known.entrypoint);
    set(run, "Cmd", config.cmd, config.cmd != known.cmd);
    set(run, "Labels", config.labels, config.labels != known.labels);
    set(run, "StopSignal", config.stop_signal, config.stop_signal != known.stop_signal);
    set(run, "Volumes", as_set(config.volumes), config.volumes != known.volumes);
    set(run, "ExposedPorts", as_set(config.exposed_ports),
        config.exposed_ports != known.exposed_ports);
    root["history"] = render_history(config.history);
    Json diff_ids = Json::array();
    for (const Digest& digest : config.diff_ids) {
        diff_ids.push_back(digest.str());
    }
    root["rootfs"] = {{"type", "layers"}, {"diff_ids", diff_ids}};
    return root.dump();
}

std::optional<std::string_view> Config::env_value(std::string_view name) const {
    std::optional<std::string_view> value;
    for (const std::string& variable : env) {
        if (variable.size() > name.size() && variable[name.size()] == '=' &&
            variable.starts_with(name)) {
            value = std::string_view(variable).substr(name.size() + 1);
        }
    }
    return value;
}

std::vector<std::string> Config::argv() const {
    std::vector<std::string> all = entrypoint;
    all.insert(all.end(), cmd.begin(), cmd.end());
    return all;
}

std::string Platform::str() const {
    return os + "/" + architecture + (variant.empty() ? "" : "/" + variant);
}

std::optional<Platform> Platform::parse(std::string_view text) {
    Platform platform;
    std::string* const parts[] = {&platform.os, &platform.architecture, &platform.variant};
    std::size_t part = 0;
    for (const char c : text) {
        if (c == '/') {
            if (++part == std::size(parts)) {
                return std::nullopt;
            }
        } else {
            *parts[part] += c;
        }
    }
    if (platform.os.empty() || platform.architecture.empty() ||
        (part == 2 && platform.variant.empty())) {
        return std::nullopt;
    }
    return platform;
}

std::string_view format_name(Format format) {
    switch (format) {
        case Format::docker:
            return "docker";
        case Format::oci:
            return "oci";
        case Format::oci_dir:
            return "oci-dir";
    }
    return "docker";
}

}  // namespace slimimg::image
