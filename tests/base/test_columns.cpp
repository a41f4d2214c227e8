#include <doctest/doctest.h>

#include "slimimg/base/columns.hpp"

using slimimg::folded;

TEST_CASE("a line that fits is left as it is") {
    CHECK(folded("slimimg: nothing; do it", 80) == "slimimg: nothing; do it");
    CHECK(folded("12345 7890", 10) == "12345 7890");
    CHECK(folded("", 10).empty());
}

TEST_CASE("a longer one is parted at blanks, and what follows is indented") {
    CHECK(folded("12345 78901", 10) == "12345\n  78901");
    CHECK(folded("one two three four", 9) == "one two\n  three\n  four");
    CHECK(folded("ää ää ää", 5) == "ää ää\n  ää");
}

TEST_CASE("a word is never parted") {
    CHECK(folded("at /a/path/that/is/long end", 8) == "at\n  /a/path/that/is/long\n  end");
    CHECK(folded("word", 0) == "word");
}
