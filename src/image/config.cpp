#include "image/config.hpp"

#include <limits>

#include "slimimg/base/error.hpp"

#include "image/json.hpp"

namespace slimimg::image {
namespace {

HistoryStep parse_step(const JsonView& step) {
    return {step.member("created").text(), step.member("created_by").text(),
            step.member("comment").text(), step.member("empty_layer").flag()};
}

Digest parse_diff_id(const JsonView& item) {
    const auto digest = Digest::parse(item.text());
    if (!digest) {
        item.fail("is no SHA-256 digest");
    }
    return *digest;
}

Config read_config(const JsonView& root) {
    Config config;
    config.platform = {root.member("os").text(), root.member("architecture").text(),
                       root.member("variant").text()};
    config.created = root.member("created").text();
    const JsonView run = root.member("config");
    config.user = run.member("User").text();
    config.workdir = run.member("WorkingDir").text();
    config.env = run.member("Env").texts();
    config.entrypoint = run.member("Entrypoint").texts();
    config.cmd = run.member("Cmd").texts();
    config.volumes = run.member("Volumes").keys();
    config.exposed_ports = run.member("ExposedPorts").keys();
    config.labels = run.member("Labels").text_map();
    config.stop_signal = run.member("StopSignal").text();
    config.healthcheck = run.member("Healthcheck").member("Test").texts();
    config.shell = run.member("Shell").texts();
    for (const JsonView& step : root.member("history").items()) {
        config.history.push_back(parse_step(step));
    }
    for (const JsonView& id : root.member("rootfs").member("diff_ids").items()) {
        config.diff_ids.push_back(parse_diff_id(id));
    }
    return config;
}

/// Writes a value that differs from what was read; empty ones are left out, as engines do.
template <typename Value>
void update(Json& object, const char* key, const Value& value, const Value& known) {
    if (value == known) {
        return;
    }
    if (value.empty()) {
        object.erase(key);
    } else {
        object[key] = value;
    }
}

void update_set(Json& object, const char* key, const std::vector<std::string>& keys,
                const std::vector<std::string>& known) {
    Json set = Json::object();
    for (const std::string& item : keys) {
        set[item] = Json::object();
    }
    if (keys != known) {
        update(object, key, set, Json());
    }
}

void update_run(Json& run, const Config& config, const Config& known) {
    update(run, "User", config.user, known.user);
    update_set(run, "ExposedPorts", config.exposed_ports, known.exposed_ports);
    update(run, "Env", config.env, known.env);
    update(run, "Entrypoint", config.entrypoint, known.entrypoint);
    update(run, "Cmd", config.cmd, known.cmd);
    update_set(run, "Volumes", config.volumes, known.volumes);
    update(run, "WorkingDir", config.workdir, known.workdir);
    update(run, "Labels", config.labels, known.labels);
    update(run, "StopSignal", config.stop_signal, known.stop_signal);
    update(run, "Shell", config.shell, known.shell);
    if (config.healthcheck.empty() && !known.healthcheck.empty()) {
        run.erase("Healthcheck");
    } else if (config.healthcheck != known.healthcheck) {
        run["Healthcheck"]["Test"] = config.healthcheck;
    }
}

Json render_step(const HistoryStep& step, const HistoryStep& known, Json json) {
    update(json, "created", step.created, known.created);
    update(json, "created_by", step.created_by, known.created_by);
    update(json, "comment", step.comment, known.comment);
    if (step.empty_layer != known.empty_layer) {
        json["empty_layer"] = step.empty_layer;
    }
    return json;
}

/// Steps of the source keep what else is known of them (their author).
void update_history(Json& root, const Config& config, const Config& known) {
    const Json old = root.contains("history") ? root["history"] : Json();
    Json list = Json::array();
    for (std::size_t i = 0; i < config.history.size(); ++i) {
        const bool is_old = i < known.history.size() && old[i].is_object();
        list.push_back(render_step(config.history[i], is_old ? known.history[i] : HistoryStep{},
                                   is_old ? old[i] : Json::object()));
    }
    root["history"] = std::move(list);
}

}  // namespace

Config parse_config(Bytes text, const Limits& limits, std::string_view what) {
    const Json json = parse_json(text, limits, what);
    const JsonView root(json, what);
    if (!root.is_object()) {
        root.fail("is no image config");
    }
    Config config = read_config(root);
    config.raw = as_text(text);
    return config;
}

std::string render_config(const Config& config) {
    Limits none;  // it was read with the user's
    none.json_bytes = std::numeric_limits<std::uint64_t>::max();
    none.json_depth = std::numeric_limits<std::uint64_t>::max();
    Json root =
        config.raw.empty() ? Json::object() : parse_json(as_bytes(config.raw), none, "the config");
    const Config known = read_config(JsonView(root, "the config"));
    update(root, "created", config.created, known.created);
    update(root, "architecture", config.platform.architecture, known.platform.architecture);
    update(root, "variant", config.platform.variant, known.platform.variant);
    update(root, "os", config.platform.os, known.platform.os);
    if (!root["config"].is_object()) {
        root["config"] = Json::object();
    }
    update_run(root["config"], config, known);
    Json diff_ids = Json::array();
    for (const Digest& digest : config.diff_ids) {
        diff_ids.push_back(digest.str());
    }
    root["rootfs"] = {{"type", "layers"}, {"diff_ids", std::move(diff_ids)}};
    update_history(root, config, known);
    // What a user gave may not be UTF-8; JSON must be.
    return root.dump(-1, ' ', false, Json::error_handler_t::replace);
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
