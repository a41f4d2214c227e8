#include <doctest/doctest.h>

#include "archive/expect_error.hpp"
#include "image/config.hpp"
#include "image/files.hpp"

using slimimg::Limits;
using slimimg::image::Config;
using slimimg::image::parse_config;
using slimimg::image::render_config;

namespace {

Config parse(const std::string& json, const Limits& limits = {}) {
    return parse_config(slimimg::as_bytes(json), limits, "config");
}

using Texts = std::vector<std::string>;

constexpr const char* full = R"({
 "created":"2024-05-01T10:00:00Z","author":"someone","architecture":"arm64","variant":"v8","os":"linux",
 "config":{"User":"1000:1000","ExposedPorts":{"80/tcp":{}},"Env":["PATH=/bin","A=1"],
  "Entrypoint":["/app"],"Cmd":["-x","y"],"Volumes":{"/data":{}},"WorkingDir":"/srv",
  "Labels":{"b":"2","a":"1"},"StopSignal":"SIGINT","Shell":["/bin/ash","-c"],"OnBuild":["RUN x"],
  "Healthcheck":{"Test":["CMD-SHELL","curl -f localhost"],"Interval":30000000000}},
 "history":[{"created":"2024-05-01T09:00:00Z","created_by":"ADD rootfs","author":"a"},
  {"created_by":"ENV A=1","comment":"c","empty_layer":true}],
 "rootfs":{"type":"layers","diff_ids":[
  "sha256:1111111111111111111111111111111111111111111111111111111111111111"]},
 "moby.buildkit.buildinfo.v1":"x"})";

}  // namespace

TEST_CASE("all fields of a config are read") {
    const Config config = parse(full);
    CHECK(config.platform.str() == "linux/arm64/v8");
    CHECK(config.created == "2024-05-01T10:00:00Z");
    CHECK(config.user == "1000:1000");
    CHECK(config.exposed_ports == Texts{"80/tcp"});
    CHECK(config.env == Texts{"PATH=/bin", "A=1"});
    CHECK(config.argv() == Texts{"/app", "-x", "y"});
    CHECK(config.volumes == Texts{"/data"});
    CHECK(config.workdir == "/srv");
    CHECK(config.labels == std::map<std::string, std::string>{{"a", "1"}, {"b", "2"}});
    CHECK(config.stop_signal == "SIGINT");
    CHECK(config.shell == Texts{"/bin/ash", "-c"});
    CHECK(config.healthcheck == Texts{"CMD-SHELL", "curl -f localhost"});
    REQUIRE(config.history.size() == 2);
    CHECK(config.history[0].created_by == "ADD rootfs");
    CHECK_FALSE(config.history[0].empty_layer);
    CHECK(config.history[1].comment == "c");
    CHECK(config.history[1].empty_layer);
    REQUIRE(config.diff_ids.size() == 1);
    CHECK(config.diff_ids[0].hex() == std::string(64, '1'));
    CHECK(config.raw == full);
}

TEST_CASE("absent and null fields of a config read as empty, as in the engines") {
    for (const char* json :
         {"{}", R"({"config":null,"history":null,"rootfs":null})",
          R"({"config":{"Env":null,"Cmd":null,"Entrypoint":null,"Labels":null,"Volumes":null,
              "ExposedPorts":null,"Healthcheck":null,"User":null},"created":null,
              "rootfs":{"type":"layers","diff_ids":null}})"}) {
        const Config config = parse(json);
        CHECK(config.argv().empty());
        CHECK(config.env.empty());
        CHECK(config.user.empty());
        CHECK(config.diff_ids.empty());
    }
}

TEST_CASE("an entrypoint may be one text") {
    CHECK(parse(R"({"config":{"Entrypoint":"/app"}})").entrypoint == Texts{"/app"});
}

TEST_CASE("of a key given twice the last counts, as in the engines") {
    CHECK(parse(R"({"config":{"User":"nobody","User":"root"}})").user == "root");
}

TEST_CASE("a wrong type in a config is told with its place") {
    const auto check = [](const char* json, const char* part) {
        test::expect_error("json", part, [&] { parse(json); });
    };
    check(R"({"config":{"User":7}})", "config: config.User is no text");
    check(R"({"config":{"Env":["A=1",7]}})", "config.Env[1] is no text");
    check(R"({"config":{"Env":{"A":"1"}}})", "config.Env is no list");
    check(R"({"config":{"Labels":{"a":1}}})", "config.Labels.a is no text");
    check(R"({"config":{"Labels":["a"]}})", "config.Labels is no object");
    check(R"({"config":{"Volumes":["/a"]}})", "config.Volumes is no object");
    check(R"({"config":[]})", "config is no object");
    check(R"({"history":[{},{"created_by":[]}]})", "history[1].created_by is no text");
    check(R"({"history":[{"empty_layer":"yes"}]})", "history[0].empty_layer is neither");
    check(R"({"rootfs":{"diff_ids":["sha256:12"]}})", "rootfs.diff_ids[0] is no SHA-256 digest");
    check("[]", "config is no image config");
    check("7", "config is no image config");
}

TEST_CASE("damaged JSON is told with its place") {
    test::expect_error("json", "config: it is no valid JSON, at byte 8",
                       [] { parse("{\"a\":1,"); });
    test::expect_error("json", "no valid JSON", [] { parse(""); });
    test::expect_error("json", "no valid JSON", [] { parse("{\"a\":\"\xff\"}"); });
    test::expect_error("json", "a number that is too large", [] { parse("{\"a\":1e999}"); });
}

TEST_CASE("JSON that asks too much of the machine is refused") {
    test::expect_error("json", "nested deeper than 64", [] { parse(std::string(100'000, '[')); });
    std::string deep = "{\"a\":";
    for (int i = 0; i < 100'000; ++i) {
        deep += "{\"a\":";
    }
    test::expect_error("json", "nested deeper than 64", [&] { parse(deep); });
    Limits limits;
    limits.json_bytes = 10;
    test::expect_error("json", "over the limit of 10", [&] { parse("{\"a\":\"12345\"}", limits); });
    std::string wide = "{\"a\":0";
    for (int i = 0; i < 100'000; ++i) {
        wide += ",\"" + std::to_string(i) + "\":0";
    }
    test::expect_error("json", "too many keys", [&] { parse(wide + "}"); });
}

TEST_CASE("a config that was not changed is written as it was read, but for the layers") {
    const Config config = parse(full);
    const std::string text = render_config(config);
    CHECK(render_config(parse(text)) == text);
    std::string expected;
    bool in_text = false;
    for (const char c : std::string(full)) {
        in_text = in_text != (c == '"');
        if (in_text || (c != ' ' && c != '\n')) {
            expected += c;
        }
    }
    CHECK(text == expected);
}

TEST_CASE("what was changed in a config is written, and nothing else") {
    Config config = parse(full);
    config.user = "65532";
    config.env = {"B=2"};
    config.entrypoint.clear();
    config.volumes.clear();
    config.exposed_ports = {"443/tcp", "53/udp"};
    config.labels["c"] = "3";
    config.healthcheck = {"CMD", "/probe"};
    config.shell.clear();
    config.platform.variant.clear();
    config.created = "2025-01-01T00:00:00Z";
    config.history[0].empty_layer = true;
    config.history.push_back(
        {.created = "", .created_by = "new", .comment = "", .empty_layer = false});
    const std::string text = render_config(config);
    const Config again = parse(text);
    CHECK(again.user == "65532");
    CHECK(again.env == Texts{"B=2"});
    CHECK(again.entrypoint.empty());
    CHECK(again.cmd == Texts{"-x", "y"});
    CHECK(again.volumes.empty());
    CHECK(again.exposed_ports == Texts{"443/tcp", "53/udp"});
    CHECK(again.labels.size() == 3);
    CHECK(again.healthcheck == Texts{"CMD", "/probe"});
    CHECK(again.shell.empty());
    CHECK(again.platform.str() == "linux/arm64");
    CHECK(again.created == "2025-01-01T00:00:00Z");
    REQUIRE(again.history.size() == 3);
    CHECK(again.history[0].empty_layer);
    CHECK(again.history[2].created_by == "new");
    CHECK(text.find(R"("OnBuild":["RUN x"])") != std::string::npos);
    CHECK(text.find(R"("Interval":30000000000)") != std::string::npos);
    CHECK(text.find(R"("author":"a","empty_layer":true)") != std::string::npos);
    CHECK(text.find(R"("Entrypoint")") == std::string::npos);
    CHECK(text.find(R"("Volumes")") == std::string::npos);
}

TEST_CASE("a healthcheck can be taken away") {
    Config config = parse(full);
    config.healthcheck.clear();
    CHECK(render_config(config).find("Healthcheck") == std::string::npos);
}

TEST_CASE("a config can be made from nothing") {
    Config config;
    config.platform = {"linux", "amd64", ""};
    config.env = {"A=\xff"};
    CHECK(render_config(config) ==
          "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"Env\":"
          "[\"A=\xEF\xBF\xBD\"]},\"rootfs\":{\"type\":\"layers\","
          "\"diff_ids\":[]},\"history\":[]}");
}

TEST_CASE("env_value finds a variable's last value") {
    Config config;
    config.env = {"A=1", "AB=2", "A=3", "C", "D="};
    CHECK(config.env_value("A") == "3");
    CHECK(config.env_value("AB") == "2");
    CHECK(config.env_value("D") == "");
    CHECK_FALSE(config.env_value("C"));
    CHECK_FALSE(config.env_value("B"));
}
