#include <doctest/doctest.h>

#include "slimimg/base/error.hpp"

#include "fixture.hpp"
#include "slim/build_time.hpp"

using namespace slimimg;
using slim::build_time;
using slim::format_time;
using slim::parse_time;

TEST_CASE("RFC 3339 times are read to the second, in any offset") {
    CHECK(parse_time("1970-01-01T00:00:00Z") == 0);
    CHECK(parse_time("2024-02-29T23:59:59.999999999Z") == 1709251199);
    CHECK(parse_time("2024-02-29T12:00:00+02:00") == 1709200800);
    CHECK(parse_time("2024-02-29T12:00:00-00:30") == 1709209800);
    CHECK(parse_time("0001-01-01T00:00:00Z") == -62135596800);
    CHECK(parse_time("1969-12-31T23:59:59Z") == -1);
}

TEST_CASE("what is no RFC 3339 time is none") {
    for (const char* const text :
         {"", "yesterday", "2024-02-30T00:00:00Z", "2024-13-01T00:00:00Z", "2024-01-01T25:00:00Z",
          "2024-01-01T00:00:00", "2024-01-01T00:00:00+2", "2024-01-01 00:00:00Z",
          "2024-01-01T00:00:00.", "-024-01-01T00:00:00Z", "2024-01-01T00:00:00Zulu"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_time(text));
    }
}

TEST_CASE("times are written as RFC 3339 in UTC") {
    CHECK(format_time(0) == "1970-01-01T00:00:00Z");
    CHECK(format_time(-1) == "1969-12-31T23:59:59Z");
    CHECK(format_time(1709251199) == "2024-02-29T23:59:59Z");
    CHECK(parse_time(format_time(253402300799)) == 253402300799);
}

TEST_CASE("the time of a rebuilt image is SOURCE_DATE_EPOCH, else the source's to the letter") {
    image::Config config;
    config.created = "2024-02-29T12:00:00.123+01:00";
    CHECK(build_time(config).text == "2024-02-29T12:00:00.123+01:00");
    CHECK(build_time(config).seconds == 1709204400);
    CHECK(build_time({}).text.empty());
    CHECK(build_time({}).seconds == 0);
    {
        const test::Variable epoch("SOURCE_DATE_EPOCH", "1700000000");
        CHECK(build_time(config).text == "2023-11-14T22:13:20Z");
        CHECK(build_time(config).seconds == 1700000000);
    }
    const test::Variable empty("SOURCE_DATE_EPOCH", "");
    CHECK(build_time(config).seconds == 1709204400);
}

TEST_CASE("a SOURCE_DATE_EPOCH that is no time is a usage error") {
    for (const char* const text : {"now", "-1", "12.5", "99999999999999999999", "253402300800"}) {
        CAPTURE(text);
        const test::Variable epoch("SOURCE_DATE_EPOCH", text);
        CHECK_THROWS_AS(build_time({}), Error);
    }
}
