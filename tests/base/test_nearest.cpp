#include <array>

#include <doctest/doctest.h>

#include "slimimg/base/nearest.hpp"

using namespace slimimg;

TEST_CASE("the nearest name is the one with the fewest slips, and none is near where many are") {
    constexpr std::array<std::string_view, 4> names{"include", "include-package", "exclude",
                                                    "keep"};
    CHECK(nearest("inlcude", names) == "include");   // swapped
    CHECK(nearest("includ", names) == "include");    // left out
    CHECK(nearest("exxclude", names) == "exclude");  // doubled
    CHECK(nearest("include_package", names) == "include-package");
    CHECK(nearest("kepe", names) == "keep");
    CHECK(nearest("keep", names) == "keep");
    CHECK(nearest("threads", names).empty());
    CHECK(nearest("", names).empty());
    CHECK(nearest("x", {}).empty());
    constexpr std::array<std::string_view, 2> short_names{"[", "id"};
    CHECK(nearest("*", short_names).empty());  // all of it would be changed
    CHECK(nearest("ir", short_names) == "id");
}
