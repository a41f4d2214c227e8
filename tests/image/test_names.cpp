#include <doctest/doctest.h>

#include "image/platform.hpp"
#include "image/reference.hpp"

using slimimg::image::is_same_name;
using slimimg::image::Platform;
using slimimg::image::qualified;
using slimimg::image::serves;
using slimimg::image::with_tag;

TEST_CASE("a name without a tag means latest") {
    CHECK(with_tag("app") == "app:latest");
    CHECK(with_tag("app:1") == "app:1");
    CHECK(with_tag("host:5000/app") == "host:5000/app:latest");
    CHECK(with_tag("host:5000/app:1") == "host:5000/app:1");
    CHECK(with_tag("app:1@sha256:abc") == "app:1");
}

TEST_CASE("a name in full has a registry") {
    CHECK(qualified("app") == "docker.io/library/app:latest");
    CHECK(qualified("team/app:1") == "docker.io/team/app:1");
    CHECK(qualified("ghcr.io/team/app:1") == "ghcr.io/team/app:1");
    CHECK(qualified("host:5000/app") == "host:5000/app:latest");
    CHECK(qualified("localhost/app:1") == "localhost/app:1");
}

TEST_CASE("names mean the same where engines write them differently") {
    CHECK(is_same_name("docker.io/library/app:latest", "app"));
    CHECK(is_same_name("app:1", "docker.io/library/app:1"));
    CHECK(is_same_name("localhost/app:latest", "app"));
    CHECK(is_same_name("docker.io/team/app:1", "team/app:1"));
    CHECK_FALSE(is_same_name("app:1", "app"));
    CHECK_FALSE(is_same_name("ghcr.io/app:1", "app:1"));
}

TEST_CASE("platforms are read and written") {
    CHECK(Platform::parse("linux/amd64") == Platform{"linux", "amd64", ""});
    CHECK(Platform::parse("linux/arm/v7") == Platform{"linux", "arm", "v7"});
    CHECK(Platform::parse("linux/arm/v7")->str() == "linux/arm/v7");
    for (const char* text : {"", "linux", "linux/", "/amd64", "linux/arm/", "linux/arm/v7/x"}) {
        CHECK_FALSE(Platform::parse(text));
    }
}

TEST_CASE("a platform serves one who asks for it in other words") {
    CHECK(serves({"linux", "amd64", ""}, {"linux", "x86_64", ""}));
    CHECK(serves({"linux", "arm64", "v8"}, {"linux", "arm64", ""}));
    CHECK(serves({"linux", "arm64", ""}, {"linux", "aarch64", "v8"}));
    CHECK(serves({"linux", "arm", "v7"}, {"linux", "arm", ""}));
    CHECK_FALSE(serves({"linux", "arm", "v6"}, {"linux", "arm", "v7"}));
    CHECK_FALSE(serves({"linux", "arm64", ""}, {"linux", "amd64", ""}));
    CHECK_FALSE(serves({"windows", "amd64", ""}, {"linux", "amd64", ""}));
}
