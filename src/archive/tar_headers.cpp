#include "archive/tar_headers.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "archive/tar_format.hpp"

namespace slimimg::archive {
namespace {

/// More in a row than any writer makes; libarchive gives up at 32.
constexpr int headers_limit = 16;

/// A number field: octal, or base 256 where the first bit is set (GNU). Nothing where it is
/// negative or too large.
std::optional<std::uint64_t> read_number(Bytes field) {
    std::uint64_t value = 0;
    if ((std::to_integer<unsigned>(field[0]) & 0x80U) != 0) {
        if ((std::to_integer<unsigned>(field[0]) & 0x7fU) != 0) {
            return std::nullopt;
        }
        for (const std::byte b : field.subspan(1)) {
            if (value >> 55 != 0) {
                return std::nullopt;
            }
            value = value << 8 | std::to_integer<std::uint64_t>(b);
        }
        return value;
    }
    std::string_view digits = as_text(field);
    digits.remove_prefix(std::min(digits.find_first_not_of(" \t"), digits.size()));
    for (const char c : digits) {
        if (c < '0' || c > '7') {
            break;
        }
        value = value << 3 | static_cast<std::uint64_t>(c - '0');  // 12 digits at most
    }
    return value;
}

/// One "LENGTH KEY=VALUE\n" taken from the front of `records`; nothing where there is none.
std::optional<std::pair<std::string_view, std::string_view>> take_record(
    std::string_view& records) {
    std::size_t length = 0;
    std::size_t at = 0;
    for (; at < records.size() && at < 8 && records[at] >= '0' && records[at] <= '9'; ++at) {
        length = length * 10 + static_cast<std::size_t>(records[at] - '0');
    }
    if (at == 0 || at >= records.size() || records[at] != ' ' || length > records.size() ||
        length < at + 2 || records[length - 1] != '\n') {
        return std::nullopt;
    }
    const std::string_view record = records.substr(at + 1, length - at - 2);
    const std::size_t equals = record.find('=');
    if (equals == std::string_view::npos || equals == 0) {
        return std::nullopt;
    }
    records.remove_prefix(length);
    return std::pair{record.substr(0, equals), record.substr(equals + 1)};
}

struct Reading {
    EntryHeaders headers;
    bool has_gnu_path = false;     // an 'L' header: it wins over pax, as with GNU tar and Go
    bool has_sparse_path = false;  // GNU.sparse.name: "path" is then a stand-in
    bool has_gnu_link = false;

    void take_pax(std::string_view records) {
        while (!records.empty()) {
            const auto record = take_record(records);
            if (!record) {
                headers.damaged_records = true;
                return;
            }
            take(record->first, record->second);
        }
    }

    void take(std::string_view key, std::string_view value) {
        constexpr std::string_view xattr = "SCHILY.xattr.";
        const bool sparse_name = key == "GNU.sparse.name";
        if (key == "path" || sparse_name) {
            if (!value.empty() && !has_gnu_path && (sparse_name || !has_sparse_path)) {
                headers.path = value;
                has_sparse_path = sparse_name;
            }
        } else if (key == "linkpath") {
            if (!value.empty() && !has_gnu_link) {
                headers.link = value;
            }
        } else if (key.starts_with(xattr) && key.size() > xattr.size() && !value.empty()) {
            // An empty value stands for none (pax), and engines set none.
            headers.xattrs[std::string(key.substr(xattr.size()))] = value;
        }
        headers.sparse = headers.sparse || key.starts_with("GNU.sparse.") ||
                         key == "SCHILY.realsize" || key == "SUN.holesdata";
    }

    void take_global(std::string_view records) {
        while (const auto record = take_record(records)) {
            if (record->first != "comment") {
                headers.global_keys.emplace_back(record->first);
            }
        }
    }
};

std::string_view c_string(std::string_view text) {
    return text.substr(0, text.find('\0'));
}

/// True of the records that a Header's fields are written as.
bool is_of_header(std::string_view key) {
    static constexpr std::array<std::string_view, 9> keys = {"path",
                                                             "linkpath",
                                                             "uid",
                                                             "gid",
                                                             "size",
                                                             "mtime",
                                                             "SCHILY.devmajor",
                                                             "SCHILY.devminor",
                                                             "SCHILY.realsize"};
    return std::find(keys.begin(), keys.end(), key) != keys.end() ||
           key.starts_with("SCHILY.xattr.") || key.starts_with("GNU.sparse.") ||
           key == "SUN.holesdata";
}

/// The block at `at` with its body, where its type has one that libarchive reads as such.
struct Block {
    char type = 0;
    std::string_view body;
    std::uint64_t end = 0;
};

std::optional<Block> read_block(Bytes tar, std::uint64_t at) {
    const auto header = checked_subspan(tar, at, block_bytes);
    if (!header) {
        return std::nullopt;
    }
    Block block{std::to_integer<char>((*header)[156]), {}, at + block_bytes};
    if (block.type != '\0' &&
        std::string_view("xXgLKA").find(block.type) != std::string_view::npos) {
        const auto size = read_number(header->subspan(124, 12));
        const auto body = size ? checked_subspan(tar, block.end, *size) : std::optional<Bytes>();
        if (!body) {
            return std::nullopt;
        }
        block.body = as_text(*body);
        block.end += padded(*size);
    }
    return block;
}

}  // namespace

std::optional<EntryHeaders> read_entry_headers(Bytes tar, std::uint64_t start, std::uint64_t end) {
    tar = tar.first(static_cast<std::size_t>(std::min<std::uint64_t>(end, tar.size())));
    Reading reading;
    reading.headers.start = start;
    std::uint64_t at = start;
    for (int i = 0; i < headers_limit; ++i) {
        const auto block = read_block(tar, at);
        if (!block) {
            return std::nullopt;
        }
        const bool first = reading.headers.start == at;
        at = block->end;
        switch (block->type) {
            case 'x':
            case 'X':
                reading.take_pax(block->body);
                break;
            case 'L':
                reading.headers.path = c_string(block->body);
                reading.has_gnu_path = true;
                break;
            case 'K':
                reading.headers.link = c_string(block->body);
                reading.has_gnu_link = true;
                break;
            case 'A':
                break;
            case 'g':
            case 'V':
                if (!first) {
                    return std::nullopt;
                }
                reading.headers.start = at;
                reading.take_global(block->body);
                break;
            default:
                reading.headers.sparse = reading.headers.sparse || block->type == 'S';
                return std::move(reading.headers);
        }
    }
    return std::nullopt;
}

FurtherHeaders read_further_headers(Bytes raw_entry) {
    FurtherHeaders further;
    std::uint64_t at = 0;
    for (int i = 0; i < headers_limit; ++i) {
        const auto block = read_block(raw_entry, at);
        if (!block) {
            break;
        }
        if (block->type == 'x' || block->type == 'X') {
            std::string_view records = block->body;
            while (const auto record = take_record(records)) {
                if (!is_of_header(record->first)) {
                    further.records.emplace_back(record->first, record->second);
                }
            }
        } else if (std::string_view("gVLKA").find(block->type) == std::string_view::npos) {
            const std::string_view header =
                as_text(raw_entry.subspan(static_cast<std::size_t>(at), block_bytes));
            if (header.substr(257, 5) == "ustar") {
                further.user_name = c_string(header.substr(265, 32));
                further.group_name = c_string(header.substr(297, 32));
            }
            break;
        }
        at = block->end;
    }
    return further;
}

std::uint64_t skip_archive_headers(Bytes tar, std::uint64_t at) {
    for (auto block = read_block(tar, at); block && (block->type == 'g' || block->type == 'V');
         block = read_block(tar, at)) {
        at = block->end;
    }
    return at;
}

}  // namespace slimimg::archive
