#include "slimimg/closure/ld_cache.hpp"

#include <algorithm>
#include <map>
#include <string_view>

#include "closure/loader/ld_cache_names.hpp"

namespace slimimg::closure {
namespace {

// The layout of glibc's sysdeps/generic/dl-cache.h.
constexpr std::string_view old_magic = "ld.so-1.7.0";
constexpr std::string_view new_magic = "glibc-ld.so.cache1.1";
constexpr std::size_t old_header_size = 16;
constexpr std::size_t old_entry_size = 12;
constexpr std::size_t new_header_size = 48;
constexpr std::size_t new_entry_size = 24;
constexpr std::uint32_t extension_magic = 0xeaa42174;  // (uint32_t) -358342284
constexpr std::uint32_t tag_generator = 0;
constexpr std::uint32_t tag_hwcaps = 1;
constexpr std::size_t section_size = 16;
constexpr std::uint8_t flag_little = 2;
constexpr std::uint8_t flag_big = 3;
// The upper half of hwcap in an entry below glibc-hwcaps: this bit and the ISA level.
constexpr std::uint64_t hwcap_extension = 1ULL << 62;
constexpr std::uint64_t isa_level_mask = 0x3ff;

// Strings may overlap, so that a small file can ask for much memory; no real cache comes near.
constexpr std::uint64_t max_text = 64ULL << 20;
constexpr std::size_t max_string = 4096;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// Reads the digits at `at` as glibc does, in an int that wraps.
std::int32_t take_number(std::string_view text, std::size_t& at) {
    std::uint32_t value = 0;
    for (; at < text.size() && is_digit(text[at]); ++at) {
        value = value * 10 + static_cast<std::uint32_t>(text[at] - '0');
    }
    return static_cast<std::int32_t>(value);
}

bool is_extension(std::uint64_t hwcap) {
    return ((hwcap >> 32) & ~isa_level_mask) == hwcap_extension >> 32;
}

/// What is common to the reading of all parts of one file.
struct Reader {
    Bytes file;
    std::endian order;
    std::uint64_t text_left = max_text;

    [[nodiscard]] std::optional<std::uint32_t> u32(std::uint64_t offset) const {
        return read_uint<std::uint32_t>(file, offset, order);
    }
    std::optional<std::string> string(std::uint64_t offset) {
        const auto text = read_c_string(file, offset);
        if (!text || text->size() > max_string || text->size() > text_left) {
            return std::nullopt;
        }
        text_left -= text->size();
        return std::string(*text);
    }
};

struct Extensions {
    std::string generator;
    std::vector<std::string> hwcaps_folders;
};

/// The sections behind the string table. Nothing of them where any is damaged, as the loader
/// (cache_extension_load) has it; their offsets count from the start of the file.
Extensions read_extensions(Reader& reader, std::uint32_t offset) {
    const auto magic = reader.u32(offset);
    const auto count = reader.u32(offset + std::uint64_t{4});
    if (offset == 0 || offset % 4 != 0 || magic != extension_magic || !count) {
        return {};
    }
    Extensions result;
    for (std::uint32_t i = 0; i < *count; ++i) {
        const std::uint64_t at = offset + 8 + std::uint64_t{i} * section_size;
        const auto tag = reader.u32(at);
        const auto start = reader.u32(at + 8);
        const auto size = reader.u32(at + 12);
        const auto data = size ? checked_subspan(reader.file, *start, *size) : std::nullopt;
        if (!data) {
            return {};
        }
        if (*tag == tag_generator) {
            result.generator = as_text(*data).substr(0, max_string);
        } else if (*tag == tag_hwcaps && *start % 4 == 0 && *size % 4 == 0) {
            result.hwcaps_folders.clear();
            for (std::uint32_t j = 0; j < *size && j < 4 * max_string; j += 4) {
                const auto name = reader.u32(std::uint64_t{*start} + j);
                result.hwcaps_folders.push_back(name ? reader.string(*name).value_or("")
                                                     : std::string());
            }
        }
    }
    return result;
}

bool starts_with(Bytes file, std::uint64_t offset, std::string_view magic) {
    const auto head = checked_subspan(file, offset, magic.size());
    return head && as_text(*head) == magic;
}

/// True where `nlibs` entries fit behind the header, by the loader's own formula.
bool fits(Bytes file, std::uint64_t header, std::size_t header_size, std::size_t entry_size,
          std::uint32_t nlibs) {
    return file.size() - header > header_size &&
           (file.size() - header - header_size) / entry_size >= nlibs;
}

/// The byte order of a new-format header at `at`; caches of before glibc 2.33 don't say it, there
/// the one in which the number of entries is possible.
std::optional<std::endian> order_of(Bytes file, std::uint64_t at) {
    const auto flags = read_uint<std::uint8_t>(file, at + 28);
    if (!flags) {
        return std::nullopt;
    }
    if (*flags != 0) {
        switch (*flags & 3) {
            case flag_little:
                return std::endian::little;
            case flag_big:
                return std::endian::big;
            default:
                return std::nullopt;
        }
    }
    for (const std::endian order : {std::endian::little, std::endian::big}) {
        const auto nlibs = read_uint<std::uint32_t>(file, at + 20, order);
        if (nlibs && fits(file, at, new_header_size, new_entry_size, *nlibs)) {
            return order;
        }
    }
    return std::nullopt;
}

/// The new format whose header stands at `at`, from where its strings count too.
std::optional<LdCache> parse_new(Bytes file, std::uint64_t at) {
    const auto order = order_of(file, at);
    if (!order) {
        return std::nullopt;
    }
    Reader reader{file, *order};
    const auto nlibs = reader.u32(at + 20);
    const auto extension_offset = reader.u32(at + 32);
    if (!nlibs || !extension_offset || !fits(file, at, new_header_size, new_entry_size, *nlibs)) {
        return std::nullopt;
    }
    const Extensions extensions = read_extensions(reader, *extension_offset);
    LdCache cache{.order = *order, .generator = extensions.generator};
    for (std::uint32_t i = 0; i < *nlibs; ++i) {
        const std::uint64_t entry_at = at + new_header_size + std::uint64_t{i} * new_entry_size;
        auto name = reader.string(at + *reader.u32(entry_at + 4));
        auto path = reader.string(at + *reader.u32(entry_at + 8));
        if (!name || !path) {
            continue;
        }
        LdCacheEntry entry{.flags = static_cast<std::int32_t>(*reader.u32(entry_at)),
                           .name = std::move(*name),
                           .path = std::move(*path),
                           .os_version = *reader.u32(entry_at + 12),
                           .hwcap = *read_uint<std::uint64_t>(file, entry_at + 16, *order)};
        const auto folder = static_cast<std::uint32_t>(entry.hwcap);
        if (is_extension(entry.hwcap) && folder < extensions.hwcaps_folders.size()) {
            entry.hwcaps_folder = extensions.hwcaps_folders[folder];
        }
        cache.entries.push_back(std::move(entry));
    }
    return cache;
}

std::optional<LdCache> parse_old(Bytes file, std::endian order) {
    Reader reader{file, order};
    const auto nlibs = reader.u32(12);
    if (!nlibs || !fits(file, 0, old_header_size, old_entry_size, *nlibs)) {
        return std::nullopt;
    }
    const std::uint64_t strings = old_header_size + std::uint64_t{*nlibs} * old_entry_size;
    // The new format hides at the start of the strings, aligned as its 64-bit fields are.
    for (const std::uint64_t alignment : {8U, 4U}) {
        const std::uint64_t at = (strings + alignment - 1) / alignment * alignment;
        if (starts_with(file, at, new_magic)) {
            return parse_new(file, at);
        }
    }
    LdCache cache{.order = order};
    for (std::uint32_t i = 0; i < *nlibs; ++i) {
        const std::uint64_t at = old_header_size + std::uint64_t{i} * old_entry_size;
        auto name = reader.string(strings + *reader.u32(at + 4));
        auto path = reader.string(strings + *reader.u32(at + 8));
        if (name && path) {
            cache.entries.push_back({.flags = static_cast<std::int32_t>(*reader.u32(at)),
                                     .name = std::move(*name),
                                     .path = std::move(*path)});
        }
    }
    return cache;
}

void append(std::string& out, std::uint64_t value, std::size_t size, std::endian order) {
    for (std::size_t i = 0; i < size; ++i) {
        const std::size_t shift = 8 * (order == std::endian::big ? size - 1 - i : i);
        out += static_cast<char>(value >> shift & 0xff);
    }
}

/// A table in which a string may be the tail of another, in the order of glibc's stringtable.c:
/// by the reversed strings, descending, so that a tail follows what it ends.
class StringTable {
  public:
    void add(std::string_view text) { offsets_.emplace(text, 0); }
    void finish() {
        std::vector<std::string_view> ordered;
        for (const auto& [text, offset] : offsets_) {
            ordered.push_back(text);
        }
        std::sort(ordered.begin(), ordered.end(), [](std::string_view a, std::string_view b) {
            return std::lexicographical_compare(
                b.rbegin(), b.rend(), a.rbegin(), a.rend(), [](char x, char y) {
                    return static_cast<unsigned char>(x) < static_cast<unsigned char>(y);
                });
        });
        std::string_view previous;
        for (const std::string_view text : ordered) {
            if (bytes_.empty() || !previous.ends_with(text)) {
                bytes_.append(text).push_back('\0');
                previous = text;
            }
            offsets_[std::string(text)] =
                static_cast<std::uint32_t>(bytes_.size() - 1 - text.size());
        }
    }
    [[nodiscard]] const std::string& bytes() const { return bytes_; }
    [[nodiscard]] std::uint32_t offset(const std::string& text) const { return offsets_.at(text); }

  private:
    std::map<std::string, std::uint32_t> offsets_;
    std::string bytes_;
};

/// ldconfig's order of entries (elf/cache.c compare): names descending, so that the loader's
/// binary search finds the newest of equals first, then the most special ABI and hardware.
bool stands_before(const LdCacheEntry& left, const LdCacheEntry& right) {
    if (const int names = compare_cache_names(left.name, right.name); names != 0) {
        return names > 0;
    }
    if (left.flags != right.flags) {
        return left.flags > right.flags;
    }
    if (left.hwcaps_folder.empty() != right.hwcaps_folder.empty()) {
        return right.hwcaps_folder.empty();
    }
    if (!left.hwcaps_folder.empty()) {
        return left.hwcaps_folder < right.hwcaps_folder;
    }
    const int left_bits = std::popcount(left.hwcap);
    const int right_bits = std::popcount(right.hwcap);
    return left_bits != right_bits ? left_bits > right_bits : left.hwcap > right.hwcap;
}

}  // namespace

int compare_cache_names(std::string_view left, std::string_view right) {
    std::size_t l = 0;
    std::size_t r = 0;
    while (l < left.size()) {
        const bool left_digit = is_digit(left[l]);
        const bool right_digit = r < right.size() && is_digit(right[r]);
        if (left_digit != right_digit) {
            return left_digit ? 1 : -1;
        }
        if (left_digit) {
            const std::int32_t left_number = take_number(left, l);
            const std::int32_t right_number = take_number(right, r);
            if (left_number != right_number) {
                return left_number < right_number ? -1 : 1;
            }
            continue;
        }
        // The end counts as a character of value 0.
        const char right_char = r < right.size() ? right[r] : '\0';
        if (left[l] != right_char) {
            return left[l] < right_char ? -1 : 1;
        }
        ++l;
        ++r;
    }
    if (r == right.size()) {
        return 0;
    }
    return '\0' < right[r] ? -1 : 1;  // a letter beyond ASCII can be negative
}

std::optional<LdCache> LdCache::parse(Bytes file) {
    if (starts_with(file, 0, new_magic)) {
        return parse_new(file, 0);
    }
    if (starts_with(file, 0, old_magic)) {
        auto cache = parse_old(file, std::endian::little);
        return cache ? cache : parse_old(file, std::endian::big);
    }
    return std::nullopt;
}

std::string LdCache::serialize(std::endian byte_order) const {
    std::vector<const LdCacheEntry*> sorted;
    StringTable strings;
    std::map<std::string, std::uint32_t> hwcaps_folders;
    for (const LdCacheEntry& entry : entries) {
        sorted.push_back(&entry);
        strings.add(entry.name);
        strings.add(entry.path);
        if (!entry.hwcaps_folder.empty()) {
            strings.add(entry.hwcaps_folder);
            hwcaps_folders.emplace(entry.hwcaps_folder, 0);
        }
    }
    std::stable_sort(
        sorted.begin(), sorted.end(),
        [](const LdCacheEntry* a, const LdCacheEntry* b) { return stands_before(*a, *b); });
    strings.finish();
    std::uint32_t folder_index = 0;
    for (auto& [folder, index] : hwcaps_folders) {
        index = folder_index++;
    }

    const std::size_t strings_at = new_header_size + sorted.size() * new_entry_size;
    const std::size_t extensions_at = (strings_at + strings.bytes().size() + 3) / 4 * 4;
    std::string out(new_magic);
    const auto put = [&](std::uint64_t value, std::size_t size = 4) {
        append(out, value, size, byte_order);
    };
    put(sorted.size());
    put(strings.bytes().size());
    put(byte_order == std::endian::big ? flag_big : flag_little, 1);
    put(0, 3);
    put(extensions_at);
    put(0, 8);
    put(0);
    for (const LdCacheEntry* entry : sorted) {
        put(static_cast<std::uint32_t>(entry->flags));
        put(strings_at + strings.offset(entry->name));
        put(strings_at + strings.offset(entry->path));
        put(entry->os_version);
        put(entry->hwcaps_folder.empty() ? entry->hwcap
                                         : hwcap_extension | (entry->hwcap & isa_level_mask << 32) |
                                               hwcaps_folders.at(entry->hwcaps_folder),
            8);
    }
    out += strings.bytes();
    out.resize(extensions_at, '\0');

    // The directory of sections, then the folders' array where there is one, then the generator.
    const std::size_t sections = hwcaps_folders.empty() ? 1 : 2;
    const std::size_t array_at = extensions_at + 8 + sections * section_size;
    const std::size_t array_size = 4 * hwcaps_folders.size();
    put(extension_magic);
    put(sections);
    put(tag_generator);
    put(0);
    put(array_at + array_size);
    put(generator.size());
    if (!hwcaps_folders.empty()) {
        put(tag_hwcaps);
        put(0);
        put(array_at);
        put(array_size);
    }
    for (const auto& [folder, index] : hwcaps_folders) {
        put(strings_at + strings.offset(folder));
    }
    return out + generator;
}

}  // namespace slimimg::closure
