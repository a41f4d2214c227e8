#include "slimimg/archive/tar_writer.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "slimimg/base/error.hpp"
#include "slimimg/base/path.hpp"

#include "archive/tar_format.hpp"
#include "archive/tar_headers.hpp"

// New entries are encoded here and not by libarchive: its pax writer encodes names by the locale,
// changes the names of extended attributes (a blank becomes %20, which engines don't undo), and its
// bytes differ between versions.

namespace slimimg::archive {
namespace {

constexpr std::size_t name_bytes = 100;
constexpr std::uint64_t owner_max = 07777777;      // what the 8 bytes of a field hold in octal …
constexpr std::uint64_t large_max = 077777777777;  // … and the 12 bytes of size and mtime

char type_flag(EntryType type) {
    switch (type) {
        case EntryType::hardlink:
            return '1';
        case EntryType::symlink:
            return '2';
        case EntryType::char_device:
            return '3';
        case EntryType::block_device:
            return '4';
        case EntryType::directory:
            return '5';
        case EntryType::fifo:
            return '6';
        case EntryType::file:
            break;
    }
    return '0';
}

/// The fields of a ustar header that differ between entries (POSIX.1-2017, pax, "ustar Interchange
/// Format").
struct Fields {
    std::string_view name;
    std::string_view link;
    char type = '0';
    std::uint64_t mode = 0;
    std::uint64_t uid = 0;
    std::uint64_t gid = 0;
    std::uint64_t size = 0;
    std::uint64_t mtime = 0;
    std::uint64_t device_major = 0;
    std::uint64_t device_minor = 0;
    std::string_view user_name;
    std::string_view group_name;
};

/// One header block. A number that is too large for its field stands in a pax record; the field is
/// then 0.
std::string header_block(const Fields& fields) {
    std::string block(block_bytes, '\0');
    const auto text = [&](std::size_t at, std::size_t width, std::string_view value) {
        const std::string_view part = value.substr(0, width);
        block.replace(at, part.size(), part);
    };
    const auto octal = [&](std::size_t at, std::size_t width, std::uint64_t value) {
        const std::uint64_t limit = std::uint64_t{1} << (3 * (width - 1));
        value = value < limit ? value : 0;
        for (std::size_t i = width - 1; i-- > 0; value /= 8) {
            block[at + i] = static_cast<char>('0' + value % 8);
        }
    };
    text(0, name_bytes, fields.name);
    octal(100, 8, fields.mode);
    octal(108, 8, fields.uid);
    octal(116, 8, fields.gid);
    octal(124, 12, fields.size);
    octal(136, 12, fields.mtime);
    text(148, 8, "        ");
    block[156] = fields.type;
    text(157, name_bytes, fields.link);
    text(257, 8, std::string_view("ustar\00000", 8));
    text(265, 32, fields.user_name);
    text(297, 32, fields.group_name);
    octal(329, 8, fields.device_major);
    octal(337, 8, fields.device_minor);
    std::uint64_t sum = 0;
    for (const char c : block) {
        sum += static_cast<unsigned char>(c);
    }
    octal(148, 7, sum);
    block[154] = '\0';
    return block;
}

/// The records of a pax extended header, in the order they are added.
class PaxRecords {
  public:
    /// "LENGTH KEY=VALUE\n"; the length counts its own digits.
    void add(std::string_view key, std::string_view value) {
        const std::size_t rest = key.size() + value.size() + 3;
        std::size_t length = rest + 1;
        while (length != rest + std::to_string(length).size()) {
            length = rest + std::to_string(length).size();
        }
        text_.append(std::to_string(length)).append(" ").append(key).append("=");
        text_.append(value).append("\n");
    }
    void add_text(std::string_view key, std::string_view value) {
        const bool ascii = std::all_of(value.begin(), value.end(),
                                       [](char c) { return static_cast<unsigned char>(c) < 0x80; });
        if (!ascii || value.size() > name_bytes) {
            add(key, value);
        }
    }
    void add_number(std::string_view key, std::uint64_t value, std::uint64_t max) {
        if (value > max) {
            add(key, std::to_string(value));
        }
    }
    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    std::string text_;
};

/// Seconds since the epoch with as many decimals as there are: "1.5", "-0.25".
std::string decimal(const Timestamp& time) {
    const bool borrowed = time.seconds < 0 && time.nanoseconds > 0;
    const std::int64_t whole = time.seconds + (borrowed ? 1 : 0);
    const std::uint32_t nanoseconds =
        borrowed ? 1'000'000'000 - time.nanoseconds : time.nanoseconds;
    std::string text = (borrowed && whole == 0 ? "-" : "") + std::to_string(whole);
    if (nanoseconds > 0) {
        std::string digits = std::to_string(1'000'000'000 + nanoseconds).substr(1);
        digits.resize(digits.find_last_not_of('0') + 1);
        text += "." + digits;
    }
    return text;
}

PaxRecords records_for(const Fields& fields, const Header& header, const FurtherHeaders& further) {
    PaxRecords records;
    for (const auto& [key, value] : further.records) {
        records.add(key, value);
    }
    records.add_text("path", fields.name);
    records.add_text("linkpath", fields.link);
    records.add_number("uid", fields.uid, owner_max);
    records.add_number("gid", fields.gid, owner_max);
    records.add_number("size", fields.size, large_max);
    const Timestamp& mtime = header.mtime;
    if (mtime.nanoseconds != 0 || mtime.seconds < 0 ||
        static_cast<std::uint64_t>(mtime.seconds) > large_max) {
        records.add("mtime", decimal(mtime));
    }
    records.add_number("SCHILY.devmajor", fields.device_major, owner_max);
    records.add_number("SCHILY.devminor", fields.device_minor, owner_max);
    for (const auto& [name, value] : header.xattrs) {
        if (name.empty() || name.find('=') != std::string::npos) {
            throw Error(Exit::internal, "xattr-name",
                        "a tar can't hold the extended attribute " + path::printable(name));
        }
        records.add("SCHILY.xattr." + name, value);
    }
    return records;
}

std::string tar_name(std::string_view path, EntryType type) {
    std::string name(path.starts_with('/') ? path.substr(1) : path);
    if (name.empty()) {
        name = ".";
    }
    return type == EntryType::directory ? name + "/" : name;
}

}  // namespace

struct TarWriter::State {
    ByteSink sink;

    void put_padded(Bytes bytes) {
        if (!bytes.empty()) {
            sink(bytes);
        }
        pad(bytes.size());
    }

    /// Fills the block that `written` bytes end in.
    void pad(std::uint64_t written) {
        static constexpr std::array<std::byte, block_bytes> zeros{};
        if (const auto rest = static_cast<std::size_t>(written % block_bytes); rest != 0) {
            sink(Bytes(zeros).first(block_bytes - rest));
        }
    }
};

TarWriter::TarWriter(ByteSink sink) : state_(std::make_unique<State>(State{std::move(sink)})) {}

TarWriter::~TarWriter() = default;

void TarWriter::raw(Bytes entries) {
    if (entries.size() % block_bytes != 0) {
        throw Error(Exit::internal, "tar-range", "a raw range of a tar is not in whole blocks");
    }
    if (!entries.empty()) {
        state_->sink(entries);
    }
}

/// What stands where in a file with holes.
struct TarWriter::Sparse {
    std::uint64_t real_size = 0;
    std::uint64_t stored = 0;
    std::string map;  // in front of the content, in whole blocks

    Sparse(const LayerScan& layer, const LayerEntry& entry) : real_size(entry.header.size) {
        std::vector<Range> pieces;
        for_each_piece(layer, entry, [&](std::uint64_t offset, Bytes piece) {
            if (!pieces.empty() && pieces.back().offset + pieces.back().length == offset) {
                pieces.back().length += piece.size();
            } else {
                pieces.push_back({offset, piece.size()});
            }
            stored += piece.size();
        });
        if (pieces.empty() || pieces.back().offset + pieces.back().length != real_size) {
            pieces.push_back({real_size, 0});  // as GNU tar tells of a hole at the end
        }
        map = std::to_string(pieces.size()) + '\n';
        for (const Range& piece : pieces) {
            map += std::to_string(piece.offset) + '\n' + std::to_string(piece.length) + '\n';
        }
        map.resize((map.size() + block_bytes - 1) / block_bytes * block_bytes);
    }
};

void TarWriter::put(std::string_view path, const Header& header, std::uint64_t size, Bytes like,
                    const Sparse* sparse) {
    const bool is_device =
        header.type == EntryType::char_device || header.type == EntryType::block_device;
    const FurtherHeaders further = read_further_headers(like);
    const std::string base = std::string(path::basename(path));
    const std::string name = tar_name(path, header.type);
    const std::string stand_in = "GNUSparseFile.0/" + base;
    Fields fields{.name = sparse != nullptr ? std::string_view(stand_in) : name,
                  .type = type_flag(header.type),
                  .mode = header.mode,
                  .uid = header.uid,
                  .gid = header.gid,
                  .size = size,
                  .user_name = further.user_name,
                  .group_name = further.group_name};
    const std::string target = header.type == EntryType::hardlink
                                   ? tar_name(header.link, EntryType::file)
                                   : header.link.str();
    fields.link = target;
    fields.mtime = static_cast<std::uint64_t>(std::max<std::int64_t>(header.mtime.seconds, 0));
    fields.device_major = is_device ? header.device_major : 0;
    fields.device_minor = is_device ? header.device_minor : 0;

    PaxRecords records = records_for(fields, header, further);
    if (sparse != nullptr) {
        records.add("GNU.sparse.major", "1");
        records.add("GNU.sparse.minor", "0");
        records.add("GNU.sparse.name", name);
        records.add("GNU.sparse.realsize", std::to_string(sparse->real_size));
    }
    if (!records.text().empty()) {
        const std::string extension = "PaxHeaders.0/" + base;
        state_->put_padded(as_bytes(header_block(
            {.name = extension, .type = 'x', .mode = 0644, .size = records.text().size()})));
        state_->put_padded(as_bytes(records.text()));
    }
    state_->put_padded(as_bytes(header_block(fields)));
}

void TarWriter::entry(std::string_view path, const Header& header, Bytes content, Bytes like) {
    const bool has_content = header.type == EntryType::file;
    put(path, header, has_content ? content.size() : 0, like, nullptr);
    if (has_content) {
        state_->put_padded(content);
    }
}

void TarWriter::file_header(std::string_view path, const Header& header, std::uint64_t size) {
    put(path, header, size, {}, nullptr);
}

void TarWriter::sparse_entry(std::string_view path, const Header& header, const LayerScan& layer,
                             const LayerEntry& from, Bytes like) {
    const Sparse sparse(layer, from);
    put(path, header, sparse.map.size() + sparse.stored, like, &sparse);
    state_->sink(as_bytes(sparse.map));
    for_each_piece(layer, from, [&](std::uint64_t, Bytes piece) {
        if (!piece.empty()) {
            state_->sink(piece);
        }
    });
    state_->pad(sparse.stored);
}

void TarWriter::finish() {
    static constexpr std::array<std::byte, 2 * block_bytes> end{};
    state_->sink(end);
}

}  // namespace slimimg::archive
