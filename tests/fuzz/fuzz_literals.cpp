#include "slimimg/elf/literals.hpp"

#include "fuzz/inputs.hpp"
#include "fuzz/targets.hpp"
#include "support/elf.hpp"

namespace fuzz {

using namespace std::string_literals;

void literals(slimimg::Bytes input) {
    const std::vector<std::byte> file = exact(input);
    const std::set<std::string, std::less<>> names{"bzip2", "convert", "git", "magick-script",
                                                   "xz"};
    for (const std::string& found : slimimg::elf::find_literals(file, names)) {
        demand(names.contains(found), "a name is found that was not asked for");
    }
}

/// Texts by themselves, and code and data that refer to texts: lea and a length, a compared
/// literal in pieces, adrp and add, an address with a length behind it.
std::vector<std::string> literals_seeds() {
    const test::ElfSpec::Section texts{".rodata", "\0git\0hubgitxzbzip2more\0convert\0"s};
    const auto with = [&](const std::string& name, const std::string& content, std::uint32_t flags,
                          std::uint16_t machine = 62) {
        return test::elf({.machine = machine,
                          .sections = {texts, {.name = name, .content = content, .flags = flags}}});
    };
    return {test::elf({.sections = {texts}}),
            with(".text", "\x48\x8D\x05\xF0\xFF\xFF\xFF\xBB\x03\0\0\0"s, 6),
            with(".text",
                 "\x66\x81\x38gi\x80\x78\x02t\xC7\x00"
                 "bzip\xC6\x40\x04"
                 "2"s,
                 6),
            with(".text", "\0\0\0\x90\0\x10\0\x91\x61\0\x80\xD2"s, 6, 183),
            with(".data.rel.ro", "\x08\0\x40\0\0\0\0\0\x03\0\0\0\0\0\0\0"s, 3)};
}

}  // namespace fuzz
