#include "closure/rules/bytecode_texts.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace slimimg::closure {
namespace {

constexpr std::size_t longest_text = 1000;

void add_text(std::string_view text, BytecodeTexts& found) {
    if (text.size() > 1 && text.size() <= longest_text) {
        found.texts.emplace_back(text);
    }
}

/// Sizes of the constants behind their tags; 0: no tag of a constant. Texts have a length of their
/// own.
std::size_t constant_size(unsigned tag) {
    static constexpr std::array<std::uint8_t, 21> sizes{0, 0, 0, 4, 4, 8, 8, 2, 2, 4, 4,
                                                        4, 4, 0, 0, 3, 2, 4, 4, 2, 2};
    return tag < sizes.size() ? sizes[tag] : 0;
}

/// By the JDK, or by the libraries that stand in front of it.
bool starts_programs(const std::vector<std::string_view>& names) {
    static constexpr std::array<std::string_view, 3> starters{
        "java/lang/ProcessBuilder", "org/apache/commons/exec/CommandLine",
        "org/zeroturnaround/exec/ProcessExecutor"};
    const auto has = [&](std::string_view name) {
        return std::find(names.begin(), names.end(), name) != names.end();
    };
    // Runtime tells of memory and processors too.
    return std::any_of(starters.begin(), starters.end(), has) ||
           (has("java/lang/Runtime") && has("exec"));
}

/// By JNA, jnr-ffi, the JDK's foreign functions, or as a class with native methods.
bool opens_libraries(const std::vector<std::string_view>& names) {
    static constexpr std::array<std::string_view, 6> openers{
        "com/sun/jna/Native", "com/sun/jna/NativeLibrary",      "jnr/ffi/LibraryLoader",
        "loadLibrary",        "java/lang/foreign/SymbolLookup", "libraryLookup"};
    return std::any_of(openers.begin(), openers.end(), [&](std::string_view name) {
        return std::find(names.begin(), names.end(), name) != names.end();
    });
}

/// The heap of this name ("#US", "#Strings") of the metadata.
std::optional<Bytes> heap_of(Bytes metadata, std::string_view heap) {
    constexpr std::uint64_t before_version = 16;
    const auto length = read_uint<std::uint32_t>(metadata, before_version - 4);
    const std::uint64_t header = before_version + length.value_or(0);
    const auto streams = read_uint<std::uint16_t>(metadata, header + 2);
    std::uint64_t at = header + 4;
    for (unsigned i = 0; length && streams && i < *streams; ++i) {
        const auto offset = read_uint<std::uint32_t>(metadata, at);
        const auto size = read_uint<std::uint32_t>(metadata, at + 4);
        const auto name = read_c_string(metadata, at + 8);
        if (!offset || !size || !name) {
            break;
        }
        if (*name == heap) {
            return checked_subspan(metadata, *offset, *size);
        }
        at += 8 + (name->size() / 4 + 1) * 4;
    }
    return std::nullopt;
}

/// A blob's length, in one, two or four bytes (II.24.2.4), past which `at` is set.
std::optional<std::uint32_t> blob_length(Bytes heap, std::uint64_t& at) {
    const auto first = read_uint<std::uint8_t>(heap, at);
    if (!first) {
        return std::nullopt;
    }
    if ((*first & 0x80U) == 0) {
        at += 1;
        return *first;
    }
    if ((*first & 0x40U) == 0) {
        const auto both = read_uint<std::uint16_t>(heap, at, std::endian::big);
        at += 2;
        return both ? std::optional(*both & 0x3FFFU) : std::nullopt;
    }
    const auto all = read_uint<std::uint32_t>(heap, at, std::endian::big);
    at += 4;
    return all ? std::optional(*all & 0x1FFFFFFFU) : std::nullopt;
}

/// UTF-16 as far as it is ASCII; empty else, for no program's name is more.
std::string ascii_of(Bytes text) {
    std::string ascii;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        const auto low = std::to_integer<unsigned char>(text[i]);
        if (text[i + 1] != std::byte{0} || low >= 0x80) {
            return {};
        }
        ascii += static_cast<char>(low);
    }
    return ascii;
}

void add_user_strings(Bytes heap, BytecodeTexts& found) {
    std::uint64_t at = 1;  // the first one is empty
    while (const auto length = blob_length(heap, at)) {
        const auto blob = checked_subspan(heap, at, *length);
        if (!blob) {
            return;
        }
        if (blob->size() <= 2 * longest_text) {
            add_text(ascii_of(*blob), found);
        }
        at += blob->size();
    }
}

/// Names of modules whose functions are called (II.22.31, ModuleRef) stand among all others.
void add_names(std::string_view heap, BytecodeTexts& found) {
    constexpr std::size_t longest_name = 64;
    while (!heap.empty()) {
        const std::string_view name = heap.substr(0, heap.find('\0'));
        heap.remove_prefix(std::min(name.size() + 1, heap.size()));
        if (name.size() > 1 && name.size() <= longest_name) {
            found.libraries.emplace_back(name);
        }
    }
}

}  // namespace

BytecodeTexts class_texts(Bytes file) {
    constexpr std::uint32_t mark = 0xCAFEBABE;
    constexpr unsigned utf8 = 1;
    constexpr unsigned text = 8;
    BytecodeTexts found;
    const auto count = read_uint<std::uint16_t>(file, 8, std::endian::big);
    if (!count || read_uint<std::uint32_t>(file, 0, std::endian::big) != mark) {
        return found;
    }
    std::vector<std::string_view> values(*count);
    std::vector<std::uint16_t> literals;
    std::uint64_t at = 10;
    for (unsigned index = 1; index < *count; ++index) {
        const auto tag = read_uint<std::uint8_t>(file, at);
        const auto number = read_uint<std::uint16_t>(file, at + 1, std::endian::big);
        if (!tag || !number) {
            break;
        }
        if (*tag == utf8) {
            const auto bytes = checked_subspan(file, at + 3, *number);
            if (!bytes) {
                break;
            }
            values[index] = as_text(*bytes);
            at += 3 + bytes->size();
            continue;
        }
        const std::size_t size = constant_size(*tag);
        if (size == 0) {
            break;
        }
        if (*tag == text) {
            literals.push_back(*number);
        }
        index += size == 8 ? 1 : 0;  // long and double take two places
        at += 1 + size;
    }
    found.starts = starts_programs(values);
    const bool opens = opens_libraries(values);
    for (const std::uint16_t literal : literals) {
        if (literal < values.size()) {
            add_text(values[literal], found);
            if (opens) {
                found.libraries.emplace_back(values[literal]);
            }
        }
    }
    return found;
}

BytecodeTexts assembly_texts(Bytes file) {
    constexpr std::string_view mark("BSJB\1\0\1\0", 8);
    BytecodeTexts found;
    const std::string_view all = as_text(file);
    for (std::size_t at = all.find(mark); at != all.npos; at = all.find(mark, at + mark.size())) {
        if (const auto heap = heap_of(file.subspan(at), "#US")) {
            add_user_strings(*heap, found);
        }
        if (const auto heap = heap_of(file.subspan(at), "#Strings")) {
            add_names(as_text(*heap), found);
        }
    }
    // The name of the class and the name of its namespace, or of what reads as one.
    found.starts = contains(file, std::string_view("\0ProcessStartInfo\0", 18)) ||
                   contains(file, "System.Diagnostics.Process");
    return found;
}

bool is_bundle(Bytes file) {
    // SHA-256 of ".net core bundle".
    constexpr std::string_view mark(
        "\x8b\x12\x02\xb9\x6a\x61\x20\x38\x72\x7b\x93\x02\x14\xd7\xa0\x32"
        "\x13\xf5\xb9\xe6\xef\xae\x33\x18\xee\x3b\x2d\xce\x24\xb3\x6a\xae",
        32);
    return contains(file, mark);
}

}  // namespace slimimg::closure
