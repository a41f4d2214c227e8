#include <doctest/doctest.h>

#include "slimimg/base/error.hpp"
#include "slimimg/check/settings.hpp"

using namespace slimimg;
using check::parse_settings;
using check::settings_for;
using Names = std::vector<std::string>;

namespace {

/// "message | hint" of what is thrown.
std::string error_of(std::string_view text) {
    try {
        static_cast<void>(parse_settings(text, "a.toml"));
    } catch (const Error& error) {
        CHECK(error.status() == Exit::usage);
        return error.message() + " | " + error.hint();
    }
    return "none";
}

}  // namespace

TEST_CASE("the closure's settings have the names of the flags") {
    const check::SettingsFile file = parse_settings(R"(
        [closure]
        entrypoint = ["/app serve", "/app work"]
        include = ["/srv"]
        include-package = ["tzdata"]
        exclude = ["/usr/share/**"]
        keep = "strict"
        allow-missing = ["libx.so.*"]
    )",
                                                    "a.toml");
    const check::ClosureSettings& closure = file.general.closure;
    CHECK(closure.entrypoints == Names{"/app serve", "/app work"});
    CHECK(closure.include == Names{"/srv"});
    CHECK(closure.include_packages == Names{"tzdata"});
    CHECK(closure.exclude == Names{"/usr/share/**"});
    CHECK(closure.keep == closure::Keep::strict);
    CHECK(closure.allow_missing == Names{"libx.so.*"});
}

TEST_CASE("an image's own settings come on top of the general ones, by its name") {
    const check::SettingsFile file = parse_settings(R"(
        [closure]
        include = ["/srv"]
        entrypoint = ["/general"]
        [[image]]
        name = "app:*"
        closure.include = ["/app"]
        closure.keep = "packages"
        [[image]]
        name = ["ghcr.io/me/app:*", "other"]
        [image.closure]
        entrypoint = ["/mine"]
    )",
                                                    "a.toml");
    CHECK(settings_for(file, {"web:1"}).closure.include == Names{"/srv"});
    CHECK_FALSE(settings_for(file, {"web:1"}).closure.keep);
    const check::Settings local = settings_for(file, {"web:1", "app:2"});
    CHECK(local.closure.include == Names{"/srv", "/app"});
    CHECK(local.closure.keep == closure::Keep::packages);
    CHECK(local.closure.entrypoints == Names{"/general"});
    // A pattern without a slash is for the last part of a name.
    const check::Settings pushed = settings_for(file, {"ghcr.io/me/app:2"});
    CHECK(pushed.closure.include == Names{"/srv", "/app"});
    CHECK(pushed.closure.entrypoints == Names{"/mine"});
    CHECK(settings_for(file, {}).closure.entrypoints == Names{"/general"});
}

TEST_CASE("letters beyond ASCII stand in texts and comments only") {
    CHECK(parse_settings("[closure]  # \u00e9\ninclude = [\"/\u00e9\ufb50\"]", "a.toml")
              .general.closure.include == Names{"/\u00e9\ufb50"});
    for (const char* const text :
         {"a = 1979-05-2\u026b", "a \u00e9= 1", "a =\ufb50 1", "[a]\u00a1"}) {
        CAPTURE(text);
        CHECK(error_of(text).find("a.toml") != std::string::npos);
    }
}

TEST_CASE("what is wrong is told with its line, and a slip with the name that is near") {
    CHECK(error_of("[closure]\ninlcude = []\n") ==
          "a.toml, line 2: unknown key closure.inlcude | did you mean include?");
    CHECK(error_of("[clsoure]\n") == "a.toml, line 1: unknown key clsoure | did you mean closure?");
    CHECK(error_of("zzz = 1\n") ==
          "a.toml, line 1: unknown key zzz | known are closure, check, image");
    CHECK(error_of("[closure]\n\ninclude = \"/srv\"\n") ==
          "a.toml, line 3: closure.include is no list of texts | write it as [\"a\", \"b\"]");
    CHECK(error_of("[closure]\ninclude = [1]\n") ==
          "a.toml, line 2: closure.include is no list of texts | write it as [\"a\", \"b\"]");
    CHECK(error_of("[closure]\nexclude = [\"/a\",\n \"\"]\n") ==
          "a.toml, line 3: closure.exclude has an empty text | write what is meant, or leave it "
          "out");
    CHECK(error_of("[closure]\nkeep = \"all\"\n") ==
          "a.toml, line 2: closure.keep cannot be this | it is one of \"strict\", \"auto\" and "
          "\"packages\"");
    CHECK(error_of("closure = 1\n") ==
          "a.toml, line 1: closure is no table | write it as [closure]");
    CHECK(error_of("image = 1\n") ==
          "a.toml, line 1: image is no list of tables | write it as "
          "[[image]]");
    CHECK(error_of("[[image]]\nclosure.keep = \"auto\"\n") ==
          "a.toml, line 1: an [[image]] has no name | say which it is for: name = \"app:*\"");
    CHECK(error_of("a = \n").starts_with("a.toml, line 1: "));
}
