#include "archive/file_kind.hpp"

#include <algorithm>
#include <array>

namespace slimimg::archive {
namespace {

using namespace std::string_view_literals;

struct Kind {
    std::string_view magic;
    std::string_view name;
    std::string_view hint{};
};

// What is passed by mistake, or looks like an image to its owner.
constexpr std::array kinds{
    Kind{"\x7f"
         "ELF"sv,
         "an ELF file"},
    Kind{"PK\x03\x04"sv, "a zip archive"},
    Kind{"BZh"sv, "bzip2 data"sv, "decompress it first: bunzip2 -k FILE"},
    Kind{"\x04\x22\x4d\x18"sv, "lz4 data"sv, "decompress it first: lz4 -d FILE image.tar"},
    Kind{"7z\xbc\xaf\x27\x1c"sv, "a 7z archive"},
    Kind{"hsqs"sv, "a squashfs file system"},
    Kind{"QFI\xfb"sv, "a disk image of a virtual machine"},
    Kind{"!<arch>\ndebian"sv, "a Debian package"},
    Kind{"\xed\xab\xee\xdb"sv, "an RPM package"},
    Kind{"#!"sv, "a script"},
    Kind{"FROM "sv, "a Dockerfile"sv,
         "build it first: docker build -t app . && docker save app -o image.tar"},
    Kind{"{"sv, "a JSON text"},
    Kind{"["sv, "a JSON text"},
    Kind{"<"sv, "a web page"},
};

bool is_text(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\r' || c == '\t';
    });
}

}  // namespace

FileKind file_kind(Bytes head) {
    const std::string_view text = as_text(head.first(std::min<std::size_t>(head.size(), 512)));
    if (text.empty()) {
        return {.name = "an empty file"};
    }
    for (const Kind& kind : kinds) {
        if (text.starts_with(kind.magic)) {
            return {.name = kind.name, .hint = kind.hint};
        }
    }
    return {.name = is_text(text) ? "a text file" : "data of another kind"};
}

}  // namespace slimimg::archive
