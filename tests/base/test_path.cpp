#include <doctest/doctest.h>

#include "slimimg/base/path.hpp"

using namespace slimimg::path;

TEST_CASE("normalize makes one absolute form and never leaves the root") {
    CHECK(normalize("a/b") == "/a/b");
    CHECK(normalize("./a//b/") == "/a/b");
    CHECK(normalize("/a/x/../b/.") == "/a/b");
    CHECK(normalize("../../etc") == "/etc");
    CHECK(normalize("/..") == "/");
    CHECK(normalize("") == "/");
}

TEST_CASE("parent, basename, join and is_within") {
    CHECK(parent("/a/b") == "/a");
    CHECK(parent("/a") == "/");
    CHECK(parent("/") == "/");
    CHECK(basename("/a/b") == "b");
    CHECK(basename("b") == "b");
    CHECK(join("/a", "b") == "/a/b");
    CHECK(join("/", "b") == "/b");
    CHECK(join("/a", "/b") == "/b");
    CHECK(is_within("/a/b", "/a"));
    CHECK(is_within("/a", "/a"));
    CHECK(is_within("/a", "/"));
    CHECK_FALSE(is_within("/ab", "/a"));
}

TEST_CASE("glob_match") {
    CHECK(glob_match("/etc/*.conf", "/etc/a.conf"));
    CHECK_FALSE(glob_match("/etc/*.conf", "/etc/d/a.conf"));
    CHECK(glob_match("/etc/**.conf", "/etc/d/a.conf"));
    CHECK(glob_match("/**/x", "/a/b/x"));
    CHECK(glob_match("/a?c", "/abc"));
    CHECK_FALSE(glob_match("/a?c", "/a/c"));
    CHECK(glob_match("/[a-c]x", "/bx"));
    CHECK_FALSE(glob_match("/[!a-c]x", "/bx"));
    CHECK(glob_match("/[]]", "/]"));
    CHECK(glob_match("/a\\*", "/a*"));
    CHECK_FALSE(glob_match("/a\\*", "/ab"));
    CHECK(glob_match("**a*b**c", "/x/a/yb/a1b/zc"));
    CHECK_FALSE(glob_match("", "/"));
    CHECK(glob_match("/[", "/["));
    CHECK(is_glob("/a*"));
    CHECK_FALSE(is_glob("/a"));
}

TEST_CASE("printable leaves text alone and defuses what a terminal would obey") {
    CHECK(printable("/usr/bin/été") == "/usr/bin/été");
    CHECK(printable("a\x1b[31mb") == "a\\x1b[31mb");
    CHECK(printable("a\nb\x7f") == "a\\x0ab\\x7f");
    CHECK(printable("\xff\xc3") == "\\xff\\xc3");
    CHECK(printable("\xc0\xaf") == "\\xc0\\xaf");           // overlong
    CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");  // surrogate
    CHECK(printable("\xc2\x9b") == "\\xc2\\x9b");           // C1: CSI
    CHECK(printable("\xe2\x80\xae") == "\\xe2\\x80\\xae");  // right-to-left override
    CHECK(printable("\xe2\x81\xa7") == "\\xe2\\x81\\xa7");  // right-to-left isolate
    CHECK(printable("\xe2\x80\x8f") == "\\xe2\\x80\\x8f");  // right-to-left mark
    CHECK(printable("\xd8\x9c") == "\\xd8\\x9c");           // Arabic letter mark
    CHECK(printable("\xe2\x80\xa8") == "\\xe2\\x80\\xa8");  // line separator
    CHECK(printable("\xe2\x80\xa6 \xe2\x81\xaa") == "\xe2\x80\xa6 \xe2\x81\xaa");
}
