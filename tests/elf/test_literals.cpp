#include <functional>

#include <doctest/doctest.h>

#include "slimimg/elf/literals.hpp"

#include "support/elf.hpp"

using namespace slimimg;
using namespace std::string_literals;

namespace {

using Names = std::set<std::string, std::less<>>;

constexpr std::uint16_t aarch64 = 183;
constexpr std::uint32_t rela = 4;

Names found_in(const std::string& file) {
    return elf::find_literals(as_bytes(file),
                              {"bzip2", "convert", "curl", "ffmpeg", "git", "magick-script", "xz"});
}

std::string bytes_of(std::uint64_t value, unsigned size) {
    std::string bytes;
    for (unsigned i = 0; i < size; ++i) {
        bytes += static_cast<char>(value >> (8 * i));
    }
    return bytes;
}

/// A file with texts as Go and Rust lay them, and a section that is told where they and it are.
std::string with_texts(
    const test::ElfSpec::Section& section, std::size_t size,
    const std::function<std::string(std::uint64_t texts, std::uint64_t own)>& content,
    std::uint16_t machine = 62) {
    const std::string texts = "hubgitxzbzip2more";
    const std::string blank(size, '\x01');
    const auto file = [&](const std::string& text) {
        test::ElfSpec::Section own = section;
        own.content = text;
        return test::elf({.machine = machine, .sections = {{".rodata", texts}, own}});
    };
    const std::string draft = file(blank);
    const std::string made =
        content(test::elf_base + draft.find(texts) + 3, test::elf_base + draft.find(blank));
    REQUIRE(made.size() == size);
    return file(made);
}

const test::ElfSpec::Section text_section{.name = ".text", .content = "", .flags = 6};
const test::ElfSpec::Section data_section{.name = ".data.rel.ro", .content = "", .flags = 3};

std::string with_code(const std::string& code) {
    return test::elf({.sections = {{".text", "\x90" + code + "\x90\x90\x90\x90", 1, 6}}});
}

}  // namespace

TEST_CASE("a literal stands between two NULs") {
    const auto data = [](const std::string& text) {
        return found_in(test::elf({.sections = {{".rodata", text}}}));
    };
    CHECK(data("\0git\0digit\0gitk\0xz\0"s) == Names{"git", "xz"});
    CHECK(data("\0gitxz"s).empty());
    CHECK(found_in("git\0"s).empty());
}

TEST_CASE("a literal is referred to with its length by x86-64's code") {
    const auto lea = [](const std::string& length, std::size_t skip = 0) {
        return found_in(with_texts(text_section, 7 + length.size(), [&](auto texts, auto own) {
            return "\x48\x8D\x05" + bytes_of(texts + skip - own - 7, 4) + length;
        }));
    };
    CHECK(lea("\xBB\x03\0\0\0"s) == Names{"git"});
    CHECK(lea("\x41\xB8\x02\0\0\0"s, 3) == Names{"xz"});
    CHECK(lea("\x48\xC7\x44\x24\x08\x05\0\0\0"s, 5) == Names{"bzip2"});
    CHECK(lea("\x48\xC7\x84\x24\x90\0\0\0\x05\0\0\0"s, 5) == Names{"bzip2"});
    CHECK(lea("\xBB\x04\0\0\0"s).empty());
    CHECK(lea(std::string(40, '\x90') + "\xBB\x03\0\0\0"s).empty());
}

TEST_CASE("a literal is referred to with its length by AArch64's code") {
    const auto code = [](std::uint32_t length) {
        return found_in(with_texts(
            text_section, 12,
            [&](std::uint64_t texts, std::uint64_t own) {
                const std::uint64_t pages = (texts >> 12U) - (own >> 12U);
                const std::uint64_t adrp =
                    0x90000000U | (pages & 3U) << 29U | (pages >> 2U & 0x7FFFFU) << 5U;
                return bytes_of(adrp, 4) + bytes_of(0x91000000U | (texts & 0xFFFU) << 10U, 4) +
                       bytes_of(length, 4);
            },
            aarch64));
    };
    CHECK(code(0xD2800061) == Names{"git"});  // movz x1, #3
    CHECK(code(0xB24007E1) == Names{"git"});  // orr x1, xzr, #3
    CHECK(code(0xD2800081).empty());          // movz x1, #4
}

TEST_CASE("a literal is two words of data, also where a relocation holds the address") {
    CHECK(found_in(with_texts(data_section, 16, [](auto texts, auto) {
              return bytes_of(texts, 8) + bytes_of(3, 8);
          })) == Names{"git"});
    const auto relocated = [](std::uint64_t type) {
        const test::ElfSpec::Section table{
            .name = ".rela.dyn", .content = "", .type = rela, .flags = 2};
        return found_in(with_texts(table, 40, [&](auto texts, auto own) {
            // The entry, and behind it the two words that it is about.
            return bytes_of(own + 24, 8) + bytes_of(type, 8) + bytes_of(texts + 5, 8) +
                   bytes_of(0, 8) + bytes_of(5, 8);
        }));
    };
    CHECK(relocated(8) == Names{"bzip2"});  // R_X86_64_RELATIVE
    CHECK(relocated(6).empty());
}

TEST_CASE("a literal is stored in pieces by x86-64's code") {
    const std::string ffmpeg = "\xC7\x04\x24"s + "ffmp" + "\x66\xC7\x44\x24\x04"s + "eg";
    CHECK(found_in(with_code(ffmpeg)) == Names{"ffmpeg"});
    CHECK(found_in(with_code("\x66\xC7\x04\x24gi\xC6\x44\x24\x02t"s)) == Names{"git"});
    CHECK(found_in(with_code("\x66\x41\xC7\x07xz"s)) == Names{"xz"});
    CHECK(found_in(with_code("\xB8"s + "curl")) == Names{"curl"});
    CHECK(found_in(with_code("\xC7\x00"s + "conv" + "\xC7\x40\x03"s + "vert")) == Names{"convert"});
    CHECK(found_in(with_code("\x48\xB8"s + "magick-s")) == Names{"magick-script"});
    CHECK(found_in(with_code("\x90\x90\x90\x90\x90\x90"s + "curl")).empty());
    CHECK(found_in(with_code("\x90\x90gi\xC6\x44\x24\x02t"s)).empty());
    for (std::size_t size = 0; size < ffmpeg.size(); ++size) {
        CHECK(found_in(test::elf({.sections = {{".text", ffmpeg.substr(0, size), 1, 6}}})).empty());
    }
}
