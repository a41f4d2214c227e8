#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include <doctest/doctest.h>

#include "slimimg/base/text.hpp"

using slimimg::Text;

TEST_CASE("a text is one pointer, and copies share what it says") {
    const std::string said = "/usr/share/doc/a-package/copyright";
    const Text first = said;
    const Text second =
        first;  // NOLINT(performance-unnecessary-copy-initialization): the copy is what is tried
    CHECK(sizeof(Text) == sizeof(void*));
    CHECK(second == said);
    CHECK(second.view().data() == first.view().data());
    CHECK(Text(said).view().data() != first.view().data());
}

TEST_CASE("a text outlives what it was copied from") {
    Text kept;
    {
        const Text gone = std::string(100, 'x');
        kept = gone;
    }
    CHECK(kept == std::string(100, 'x'));
    Text moved = std::move(kept);
    CHECK(moved.size() == 100);
    const Text& same = moved;
    moved = same;  // it must not lose itself
    CHECK(moved.size() == 100);
    moved = "";
    CHECK(moved.empty());
}

TEST_CASE("an empty text is like any other") {
    const Text none;
    CHECK(none == Text(""));
    CHECK(none == "");
    CHECK(none.size() == 0);
    CHECK(std::string(none.c_str()).empty());
    CHECK(none + "a" == "a");
    CHECK(std::vector<char>(none.begin(), none.end()).empty());
}

TEST_CASE("a text is compared, joined and cut like a string") {
    const Text text = "b/c";
    CHECK(text != Text("b"));
    CHECK(Text("a") < text);
    CHECK(text < "c");
    CHECK("b" < text);
    CHECK("a/" + text == "a/b/c");
    CHECK(text + "/d" == "b/c/d");
    CHECK(text + '/' == "b/c/");
    CHECK(text + text == "b/cb/c");
    CHECK(text.substr(2) == "c");
    CHECK(text.find('/') == 1);
    CHECK(text.starts_with("b/"));
    CHECK(text.ends_with('c'));
    CHECK(std::string(text.c_str()) == "b/c");
    CHECK(std::unordered_set<Text>{"b/c", "d"}.contains(text));
    CHECK(Text(std::string("a\0b", 3)).size() == 3);
}

TEST_CASE("copies may be made and dropped in several threads") {
    const Text text = "shared";
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&text] {
            for (int round = 0; round < 10000; ++round) {
                const Text copy = text;  // NOLINT(performance-unnecessary-copy-initialization)
                CHECK_MESSAGE(copy.size() == 6, "a copy says something else");
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    CHECK(text == "shared");
}
