#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "closure/shell/text.hpp"

using namespace slimimg::closure::shell;

namespace {

using Lines = std::vector<std::string>;

Lines paths(std::string_view text, bool whole) {
    Lines lines;
    find_paths(text, [&](std::string_view path, bool is_whole) {
        if (is_whole == whole) {
            lines.emplace_back(path);
        }
    });
    return lines;
}

}  // namespace

TEST_CASE("prefixes and suffixes are removed as shells do it") {
    CHECK(remove_prefix("/a/b/c", "*/", false) == "a/b/c");
    CHECK(remove_prefix("/a/b/c", "*/", true) == "c");
    CHECK(remove_suffix("a.tar.gz", ".*", false) == "a.tar");
    CHECK(remove_suffix("a.tar.gz", ".*", true) == "a");
    CHECK(remove_prefix("abc", "x", false) == "abc");
    CHECK(remove_suffix("v1.22", "[0-9]", false) == "v1.2");
    CHECK(remove_prefix(unknown_text() + "x", "x", false) == unknown_text());
    CHECK(remove_suffix(std::string(10'000, 'a'), "*b", true) == unknown_text());
}

TEST_CASE("texts are replaced and sliced as bash does it") {
    CHECK(replace_text("a-b-c", "/", "-", "+") == "a+b-c");
    CHECK(replace_text("a-b-c", "//", "-", "") == "abc");
    CHECK(replace_text("aab", "/#", "a", "x") == "xab");
    CHECK(replace_text("aab", "/#", "b", "x") == "aab");
    CHECK(replace_text("aba", "/%", "a", "x") == "abx");
    CHECK(replace_text("abc", "/", "[a]", "x") == unknown_text());
    CHECK(slice("abcdef", "2", std::nullopt) == "cdef");
    CHECK(slice("abcdef", "1", "2") == "bc");
    CHECK(slice("abcdef", " -2", std::nullopt) == "ef");
    CHECK(slice("abcdef", "1", "-1") == "bcde");
    CHECK(slice("abc", "9", "1").empty());
    CHECK(slice("abc", "n", "1") == unknown_text());
    CHECK(slice("abc", "0", "99999999999999999999") == unknown_text());
    CHECK(slice("abc", "0", "9223372036854775807") == "abc");
}

TEST_CASE("find's arguments are turned into patterns") {
    CHECK(patterns_of_find({"/a/", "/b", "-type", "f"}) == Lines{"/a/**", "/b/**"});
    CHECK(patterns_of_find({"-L", "/a", "!", "-name", "*.so"}) == Lines{"/a/**.so"});
    CHECK(patterns_of_find({"/a", "-name", "x", "-o", "-name", "y"}) == Lines{"/a/**"});
    CHECK(patterns_of_find({"-name", "x"}).empty());
}

TEST_CASE("paths are found in words and in running text") {
    CHECK(paths("/etc/x.conf", true) == Lines{"/etc/x.conf"});
    CHECK(paths("--conf=/etc/x", true) == Lines{"/etc/x"});
    CHECK(paths("/a/b:/c,/d", true) == Lines{"/a/b", "/c", "/d"});
    CHECK(paths("see /a/b. and '/c/d';", false) == Lines{"/a/b", "/c/d"});
    CHECK(paths("http://host/x s/a/b/ a/b -I/usr // /", true).empty());
    CHECK(paths("http://host/x", true).empty());
    CHECK(paths("s/a/b/", true).empty());
    CHECK(paths("/", true).empty());
    CHECK(paths("/usr/lib/*.so", true) == Lines{"/usr/lib/*.so"});
    CHECK(shown("/a/" + unknown_text() + "/b") == "/a/*/b");
}
