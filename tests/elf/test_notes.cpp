#include <doctest/doctest.h>

#include "slimimg/base/json_cursor.hpp"
#include "slimimg/base/limits.hpp"
#include "slimimg/elf/elf.hpp"

#include "elf/notes.hpp"
#include "support/elf.hpp"

using namespace slimimg;
using namespace std::string_literals;
using elf::DlopenNote;
using test::ElfSpec;

namespace {

constexpr std::uint32_t type_dlopen = 0x407c0c0a;
constexpr std::uint32_t type_package = 0xcafe1a7e;
constexpr std::uint32_t type_build_id = 3;

elf::ElfFacts facts_of(const ElfSpec& spec) {
    auto facts = elf::read_facts(as_bytes(test::elf(spec)), {});
    REQUIRE(facts);
    return *facts;
}

bool is_json(std::string_view text) {
    JsonCursor json(text);
    return json.skip() && json.at_end();
}

std::optional<std::string> json_string(std::string_view text) {
    JsonCursor json(text);
    auto value = json.string();
    return json.at_end() ? value : std::nullopt;
}

}  // namespace

TEST_CASE("notes of every class, byte order and alignment") {
    for (const bool big : {false, true}) {
        for (const unsigned alignment : {4U, 8U}) {
            CAPTURE(big);
            CAPTURE(alignment);
            const auto facts =
                facts_of({.big = big,
                          .machine = static_cast<std::uint16_t>(big ? 22 : 62),
                          .notes = {{"GNU", 5, "property"},
                                    {"GNU", type_build_id, "\x01\xab\xff"},
                                    {"FDO", type_package, R"({"type":"deb","name":"x"})"s + '\0'},
                                    {"FDO", type_dlopen, R"([{"soname":["liba.so.1"]}])"s + '\0'}},
                          .note_alignment = alignment});
            CHECK(facts.build_id == "01abff");
            CHECK(facts.package_note == R"({"type":"deb","name":"x"})");
            REQUIRE(facts.dlopen_notes.size() == 1);
            CHECK(facts.dlopen_notes[0].sonames == std::vector<std::string>{"liba.so.1"});
            CHECK(facts.diagnostics.empty());
        }
    }
}

TEST_CASE("a note counts by owner and type") {
    const auto facts = facts_of({.notes = {{"XYZ", type_build_id, "a"},
                                           {"GNU", type_dlopen, R"([{"soname":["a"]}])"},
                                           {"FDO", type_build_id, "a"}}});
    CHECK(facts.build_id.empty());
    CHECK(facts.dlopen_notes.empty());
}

TEST_CASE("the dlopen note of UAPI.12") {
    const auto notes = elf::parse_dlopen_note(R"([
        {"soname": ["libzstd.so.1", "libzstd.so"], "feature": "zstd", "priority": "required",
         "description": "Zstandard \"fast\" \u00e9", "future": {"x": [1, null]}},
        {"soname": ["libidn2.so.0"], "priority": "suggested"},
        {"soname": ["libpcre2-8.so.0"]}])");
    REQUIRE(notes);
    REQUIRE(notes->size() == 3);
    CHECK((*notes)[0].sonames == std::vector<std::string>{"libzstd.so.1", "libzstd.so"});
    CHECK((*notes)[0].feature == "zstd");
    CHECK((*notes)[0].description == "Zstandard \"fast\" \xc3\xa9");
    CHECK((*notes)[0].priority == DlopenNote::Priority::required);
    CHECK((*notes)[1].priority == DlopenNote::Priority::suggested);
    CHECK((*notes)[2].priority == DlopenNote::Priority::recommended);
}

TEST_CASE("the single object of the older draft") {
    const auto notes = elf::parse_dlopen_note(R"({"soname":"liba.so.1","feature":"a"})");
    REQUIRE(notes);
    REQUIRE(notes->size() == 1);
    CHECK(notes->front().sonames == std::vector<std::string>{"liba.so.1"});
    CHECK(notes->front().feature == "a");
}

TEST_CASE("a dlopen note that says nothing usable is damage") {
    for (const std::string text :
         {"", "[", "[{}]", "[{\"soname\":[]}]", "[{\"soname\":[1]}]", "[{\"soname\":[\"a\"]}] x",
          "[{\"soname\":[\"a\"]},]", "[{\"soname\":[\"a\"],\"feature\":1}]", "\"liba.so\""}) {
        CAPTURE(text);
        CHECK_FALSE(elf::parse_dlopen_note(text));
    }
    const auto facts = facts_of(
        {.notes = {{"FDO", type_dlopen, "[{"}, {"FDO", type_dlopen, R"([{"soname":["a"]}])"}}});
    CHECK(facts.dlopen_notes.size() == 1);
    REQUIRE(facts.diagnostics.size() == 1);
    CHECK(facts.diagnostics[0].code == "elf-note-damaged");
}

TEST_CASE("JSON is taken by the letter of RFC 8259") {
    for (const std::string_view text :
         {"{}", "[]", " [ 1 , -0.5e+10 ,\t2E-3 ] \n", R"({"a":{"b":[true,false,null]}})", "\"\"",
          "0", "-1", "1e5"}) {
        CAPTURE(text);
        CHECK(is_json(text));
    }
    for (const std::string_view text :
         {"",           "{",      "[1,]",    "{\"a\"}",   "{\"a\":}",    "{a:1}", "01",
          "1.",         ".5",     "+1",      "1e",        "- 1",         "tru",   "nulls",
          "\"a",        "\"\n\"", "\"\\x\"", "\"\\u12\"", "\"\\u123g\"", "'a'",   "[1 2]",
          "{\"a\":1,}", "[",      "]",       "1 1"}) {
        CAPTURE(text);
        CHECK_FALSE(is_json(text));
    }
    CHECK(json_string(R"("\u0041\u00e9\u20ac\ud83d\ude00\/\b\f\n\r\t\\")") ==
          "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80/\b\f\n\r\t\\");
    CHECK_FALSE(json_string(R"("\ud83d")"));
    CHECK_FALSE(json_string(R"("\ude00")"));
    CHECK_FALSE(json_string(R"("\ud83d\u0041")"));
}

TEST_CASE("JSON nested without end is refused") {
    CHECK(is_json(std::string(20, '[') + std::string(20, ']')));
    CHECK_FALSE(is_json(std::string(100'000, '[')));
    CHECK_FALSE(is_json(std::string(100, '[') + std::string(100, ']')));
}

TEST_CASE("a hundred thousand tiny notes are not all read") {
    ElfSpec spec;
    spec.notes.assign(100'000, {"", 0, ""});
    spec.notes.push_back({"GNU", type_build_id, "a"});
    const auto facts = facts_of(spec);
    CHECK(facts.build_id.empty());
    REQUIRE(facts.diagnostics.size() == 1);
    CHECK(facts.diagnostics[0].code == "elf-note-damaged");
}

TEST_CASE("sizes of a note that lie outside its segment are damage") {
    for (const std::size_t field : {0U, 4U}) {
        for (const std::uint64_t size : {0xffffffffULL, 0x1000ULL}) {
            auto file = test::make_elf({.notes = {{"GNU", type_build_id, "abcd"}}});
            file.put(file.at.at("notes") + field, size, 4);
            const auto facts = elf::read_facts(as_bytes(file.bytes), {});
            REQUIRE(facts);
            CHECK(facts->build_id.empty());
            CHECK(facts->diagnostics.size() == 1);
        }
    }
}
