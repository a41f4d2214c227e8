#include <doctest/doctest.h>

#include "slimimg/base/error.hpp"

#include "cli/words.hpp"

using slimimg::Error;
using slimimg::cli::split_words;
using Words = std::vector<std::string>;

TEST_CASE("blanks part words") {
    const bool same = split_words("  nginx \t -c\nfile ") == Words{"nginx", "-c", "file"};
    CHECK(same);
    CHECK(split_words("").empty());
    CHECK(split_words(" \t").empty());
}

TEST_CASE("quotes join words and may be empty") {
    const bool same =
        split_words("sh -c 'a  b' \"c d\"e ''") == Words{"sh", "-c", "a  b", "c de", ""};
    CHECK(same);
}

TEST_CASE("backslashes take the next character as it is, in double quotes only some") {
    const bool outside = split_words(R"(a\ b \' \\)") == Words{"a b", "'", "\\"};
    CHECK(outside);
    const bool inside = split_words(R"("\"\$\n" '\"')") == Words{"\"$\\n", "\\\""};
    CHECK(inside);
}

TEST_CASE("nothing is expanded") {
    const bool same = split_words("$HOME * ~") == Words{"$HOME", "*", "~"};
    CHECK(same);
}

TEST_CASE("a quote or a backslash without its end is an error") {
    CHECK_THROWS_AS(split_words("a 'b"), Error);
    CHECK_THROWS_AS(split_words("a \"b"), Error);
    CHECK_THROWS_AS(split_words("a \"b\\"), Error);
    CHECK_THROWS_AS(split_words("a\\"), Error);
}
