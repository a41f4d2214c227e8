#include <string>

#include <doctest/doctest.h>

#include "slimimg/archive/zip.hpp"

#include "support/zip.hpp"

using namespace slimimg;
using namespace slimimg::archive;
using namespace test;
using namespace std::string_literals;

namespace {

const std::string hello = "\xcb\x48\xcd\xc9\xc9\x07\x00"s;  // "hello", deflated

std::string content(const std::string& archive, std::size_t index, std::size_t most = 1000) {
    const auto found = zip_content(zip_members(as_bytes(archive)).at(index), most);
    return found ? std::string(found->text()) : "none";
}

}  // namespace

TEST_CASE("the members of a ZIP archive, stored and deflated") {
    const std::string archive = zip({{"a", "as it is"}, {"b/c", hello, 8, 5}});
    const auto members = zip_members(as_bytes(archive));
    REQUIRE(members.size() == 2);
    CHECK(members[1].name == "b/c");
    CHECK(content(archive, 0) == "as it is");
    CHECK(content(archive, 1) == "hello");
    CHECK(content(archive, 1, 4) == "none");
}

TEST_CASE("a program may stand before a ZIP archive, and a comment behind it") {
    std::string archive = "#!/bin/sh\nexec java -jar $0\n" + zip({{"a", "x"}, {"b", "y"}});
    archive.replace(archive.size() - 2, 2, "\3\0end"s);
    CHECK(zip_members(as_bytes(archive)).size() == 2);
    CHECK(content(archive, 1) == "y");
}

TEST_CASE("a damaged ZIP archive has no members, or members without content") {
    const std::string archive = zip({{"a", "x"}, {"b", hello, 8, 5}});
    for (std::size_t length = 0; length < archive.size(); ++length) {
        CHECK(zip_members(as_bytes(archive.substr(0, length))).empty());
    }
    CHECK(content(zip({{"a", hello, 8, 6}}), 0) == "none");
    CHECK(content(zip({{"a", hello, 8, 4}}), 0) == "none");
    CHECK(content(zip({{"a", "\xFF\xFF"s, 8, 5}}), 0) == "none");
    CHECK(content(zip({{"a", hello, 8, 100'000'000}}), 0, 200'000'000) == "none");
    CHECK(content(zip({{"a", "x", 12}}), 0) == "none");
    for (std::size_t at = 0; at < archive.size(); ++at) {
        std::string odd = archive;
        odd[at] = static_cast<char>(~odd[at]);
        for (const ZipMember& member : zip_members(as_bytes(odd))) {
            const auto found = zip_content(member, 1000);
            CHECK((!found || found->size() <= 1000));
        }
    }
}
