#include <random>

#include <doctest/doctest.h>

#include "slimimg/elf/elf.hpp"

#include "support/elf.hpp"

using namespace slimimg;

namespace {

using Texts = std::vector<std::string>;

Texts texts_of(const std::string& data) {
    const std::string file = test::elf({.sections = {{".rodata", data, 1, 2}}});
    Texts texts;
    elf::for_each_constant_string(as_bytes(file),
                                  [&](std::string_view text) { texts.emplace_back(text); });
    return texts;
}

/// Byte by byte, as the definition has it.
Texts slowly(const std::string& data) {
    Texts texts;
    std::string run;
    for (std::size_t i = 0; i <= data.size(); ++i) {
        const int c = i < data.size() ? static_cast<unsigned char>(data[i]) : 0;
        if (c >= 0x20 && c != 0x7F) {
            run += data[i];
            continue;
        }
        if (run.size() >= 4 && c == 0) {
            texts.push_back(run);
        }
        run.clear();
    }
    return texts;
}

}  // namespace

TEST_CASE("a constant string is printable, ends in NUL, and has four bytes at least") {
    using namespace std::string_literals;
    CHECK(texts_of("four\0abc\0\x01good\0bad!\x02\0no\0sch\xc3\xb6n\0e\x7fnd\0last"s) ==
          Texts{"four", "good", "sch\xc3\xb6n", "last"});
    CHECK(texts_of(std::string(200, 'x')) == Texts{std::string(200, 'x')});
    CHECK(texts_of("").empty());
}

TEST_CASE("constant strings are found wherever they stand, of any length") {
    std::mt19937 random(1);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same each time
    for (int round = 0; round < 2000; ++round) {
        std::string data(random() % 300, '\0');
        const unsigned share = random() % 8 + 1;
        for (char& c : data) {
            c = static_cast<char>(random() % 8 < share ? 'a' + random() % 26 : random() % 256);
            c = random() % 16 == 0 ? '\0' : c;
        }
        const Texts found = texts_of(data);
        REQUIRE(found == slowly(data));
    }
}
