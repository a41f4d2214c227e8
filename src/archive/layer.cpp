#include "slimimg/archive/layer.hpp"

#include <algorithm>
#include <memory>
#include <optional>

#include <archive.h>
#include <archive_entry.h>

#include "slimimg/base/error.hpp"
#include "slimimg/base/path.hpp"

namespace slimimg::archive {
namespace {

struct ReaderCloser {
    void operator()(::archive* reader) const { archive_read_free(reader); }
};
using Reader = std::unique_ptr<::archive, ReaderCloser>;

constexpr std::uint64_t block = 512;

std::uint64_t padded(std::uint64_t size) {
    return (size + block - 1) / block * block;
}

[[noreturn]] void throw_damaged(std::string_view what, const std::string& problem) {
    throw Error(Exit::bad_input, "layer-damaged", std::string(what) + ": " + problem,
                "save or pull the image again");
}

bool is_zero(Bytes bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

std::string_view c_string(const char* text) {
    return text == nullptr ? "" : text;
}

EntryType type_of(archive_entry* entry) {
    if (archive_entry_hardlink(entry) != nullptr) {
        return EntryType::hardlink;
    }
    switch (archive_entry_filetype(entry)) {
        case AE_IFDIR:
            return EntryType::directory;
        case AE_IFLNK:
            return EntryType::symlink;
        case AE_IFCHR:
            return EntryType::char_device;
        case AE_IFBLK:
            return EntryType::block_device;
        case AE_IFIFO:
            return EntryType::fifo;
        default:
            return EntryType::file;
    }
}

/// Normalized, after making sure that it stays inside the image.
std::string image_path(std::string_view name, std::string_view what, const Limits& limits) {
    int depth = 0;
    for (const std::string_view part : path::components(name)) {
        depth += part == ".." ? -1 : 1;
        if (depth < 0) {
            throw Error(Exit::bad_input, "path-escapes",
                        std::string(what) + ": the name " + path::printable(name) +
                            " leads out of the image",
                        "the image is damaged or hostile");
        }
    }
    std::string normal = path::normalize(name);
    if (normal.size() > limits.path_bytes) {
        throw Error(Exit::bad_input, "path-too-long",
                    std::string(what) + ": a name of " + std::to_string(normal.size()) +
                        " bytes is over the limit of " + std::to_string(limits.path_bytes));
    }
    return normal;
}

Header header_of(archive_entry* entry, std::string_view what, const Limits& limits) {
    Header header;
    header.type = type_of(entry);
    header.mode = static_cast<std::uint16_t>(archive_entry_perm(entry) & 07777);
    header.uid = static_cast<std::uint64_t>(archive_entry_uid(entry));
    header.gid = static_cast<std::uint64_t>(archive_entry_gid(entry));
    header.mtime = {archive_entry_mtime(entry),
                    static_cast<std::uint32_t>(archive_entry_mtime_nsec(entry))};
    if (header.type == EntryType::file) {
        header.size = static_cast<std::uint64_t>(archive_entry_size(entry));
    } else if (header.type == EntryType::symlink) {
        header.link = c_string(archive_entry_symlink(entry));
    } else if (header.type == EntryType::hardlink) {
        header.link = image_path(c_string(archive_entry_hardlink(entry)), what, limits);
    } else if (header.type == EntryType::char_device || header.type == EntryType::block_device) {
        header.device_major = static_cast<std::uint32_t>(archive_entry_rdevmajor(entry));
        header.device_minor = static_cast<std::uint32_t>(archive_entry_rdevminor(entry));
    }
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    archive_entry_xattr_reset(entry);
    while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
        header.xattrs.emplace_back(name, std::string(static_cast<const char*>(value), size));
    }
    std::sort(header.xattrs.begin(), header.xattrs.end());
    return header;
}

/// What stands behind the last entry: the two zero blocks, and what some writers leave after them.
void judge_end(LayerScan& layer, std::uint64_t end, std::string_view what) {
    const Bytes rest = layer.tar.bytes.subspan(std::min<std::size_t>(end, layer.tar.bytes.size()));
    const Bytes zeros = rest.first(std::min<std::size_t>(rest.size(), 2 * block));
    if (zeros.size() < 2 * block || !is_zero(zeros)) {
        layer.diagnostics.push_back({Severity::note, "tar-end-missing", "",
                                     std::string(what) + " has no end-of-archive blocks"});
    } else if (!is_zero(rest.subspan(2 * block))) {
        layer.diagnostics.push_back({Severity::warning, "tar-trailing-data", "",
                                     std::string(what) + " has data after its end, which no "
                                                         "engine reads"});
    }
}

/// Where the parts of one entry stand.
struct Shape {
    std::uint64_t start = 0;    // of the entry's own extension headers
    std::uint64_t content = 0;  // behind its header
    std::uint64_t stored = 0;   // bytes of content in the tar
};

/// The size field: octal digits, or base 256 where the first bit is set (GNU).
std::uint64_t size_field(Bytes header) {
    const Bytes field = header.subspan(124, 12);
    std::uint64_t size = 0;
    if ((std::to_integer<unsigned>(field[0]) & 0x80U) != 0) {
        for (std::size_t i = 4; i < field.size(); ++i) {
            size = size << 8 | std::to_integer<std::uint64_t>(field[i]);
        }
        return size;
    }
    for (const std::byte b : field) {
        const auto c = std::to_integer<char>(b);
        if (c >= '0' && c <= '7') {
            size = size << 3 | static_cast<std::uint64_t>(c - '0');
        }
    }
    return size;
}

/// The "size" record of a pax header, which stands in for a size field that is too small.
std::optional<std::uint64_t> pax_size(std::string_view records) {
    std::size_t at = records.find(" size=");
    if (at == std::string_view::npos) {
        return std::nullopt;
    }
    std::uint64_t size = 0;
    for (at += 6; at < records.size() && records[at] >= '0' && records[at] <= '9'; ++at) {
        size = size * 10 + static_cast<std::uint64_t>(records[at] - '0');
    }
    return size;
}

/// libarchive says where an entry's headers start; what stands where in them is read here. Nothing
/// where the tar ends too soon.
std::optional<Shape> shape_at(Bytes tar, std::uint64_t at) {
    Shape shape{.start = at};
    std::optional<std::uint64_t> long_size;
    while (const auto header = checked_subspan(tar, at, block)) {
        const auto type = std::to_integer<char>((*header)[156]);
        const std::uint64_t size = size_field(*header);
        at += block;
        if (type != 'x' && type != 'X' && type != 'g' && type != 'L' && type != 'K' &&
            type != 'V') {
            shape.content = at;
            shape.stored = long_size.value_or(size);
            // GNU's old sparse format: more of the map follows while the block says so.
            if (type == 'S' && std::to_integer<int>((*header)[482]) != 0) {
                auto more = checked_subspan(tar, shape.content, block);
                shape.content += block;
                while (more && std::to_integer<int>((*more)[504]) != 0) {
                    more = checked_subspan(tar, shape.content, block);
                    shape.content += block;
                }
            }
            return shape;
        }
        const auto body = checked_subspan(tar, at, size);
        if (!body) {
            return std::nullopt;
        }
        if (type == 'x') {
            long_size = pax_size(as_text(*body));
        }
        at += padded(size);
        if (type == 'g' || type == 'V') {
            shape.start = at;  // of the whole archive: no part of this entry
        }
    }
    return std::nullopt;
}

bool has_content(const Header& header) {
    return header.type == EntryType::file;
}

void walk(LayerScan& layer, const RunOptions& options, std::string_view what) {
    const Bytes tar = layer.tar.bytes;
    if (is_zero(tar.first(std::min<std::size_t>(tar.size(), 2 * block)))) {
        return;  // an empty layer: nothing at all, or just the end blocks
    }
    const Reader reader(archive_read_new());
    archive_read_support_format_tar(reader.get());
    archive_read_set_options(reader.get(), "hdrcharset=BINARY");
    if (archive_read_open_memory(reader.get(), tar.data(), tar.size()) != ARCHIVE_OK) {
        throw_damaged(what, "it is no tar archive");
    }
    std::uint64_t end = 0;
    while (true) {
        archive_entry* entry = nullptr;
        const int status = archive_read_next_header(reader.get(), &entry);
        if (status == ARCHIVE_EOF) {
            break;
        }
        if (status < ARCHIVE_WARN) {
            throw_damaged(what, "near byte " + std::to_string(end) + ": " +
                                    path::printable(c_string(archive_error_string(reader.get()))));
        }
        if (layer.entries.size() >= options.limits.entries) {
            throw Error(Exit::bad_input, "too-many-entries",
                        std::string(what) + " has more than " +
                            std::to_string(options.limits.entries) + " entries");
        }
        LayerEntry item;
        item.path = image_path(c_string(archive_entry_pathname(entry)), what, options.limits);
        item.header = header_of(entry, what, options.limits);
        item.sparse = archive_entry_sparse_count(entry) > 0;
        const auto shape =
            shape_at(tar, static_cast<std::uint64_t>(archive_read_header_position(reader.get())));
        const std::uint64_t stored = shape && has_content(item.header) ? shape->stored : 0;
        if (!shape || !checked_subspan(tar, shape->content, stored)) {
            throw_damaged(what, "it ends within " + path::printable(item.path));
        }
        end = std::min<std::uint64_t>(shape->content + padded(stored), tar.size());
        item.raw = {shape->start, end - shape->start};
        item.content = {shape->content, stored};
        layer.entries.push_back(std::move(item));
    }
    judge_end(layer, end, what);
}

}  // namespace

LayerScan scan_layer(const Slice& blob, const RunOptions& options, std::string_view what) {
    LayerScan layer;
    layer.codec = detect_codec(blob.bytes);
    layer.tar = inflate_to_slice(blob, options, what);
    if (options.verify) {
        layer.diff_id = sha256(layer.tar.bytes);
        layer.blob = layer.codec == Codec::none ? layer.diff_id : sha256(blob.bytes);
    }
    walk(layer, options, what);
    return layer;
}

Slice read_sparse(const LayerScan& layer, const LayerEntry& entry, const RunOptions& options) {
    if (entry.header.size > options.limits.sparse_bytes) {
        throw Error(Exit::bad_input, "sparse-too-large",
                    path::printable(entry.path) + " is a sparse file of " +
                        std::to_string(entry.header.size) + " bytes, over the limit of " +
                        std::to_string(options.limits.sparse_bytes));
    }
    const auto raw = checked_subspan(layer.tar.bytes, entry.raw.offset, entry.raw.length);
    const Reader reader(archive_read_new());
    archive_read_support_format_tar(reader.get());
    archive_entry* found = nullptr;
    auto content = std::make_shared<std::string>(entry.header.size, '\0');
    if (!raw || archive_read_open_memory(reader.get(), raw->data(), raw->size()) != ARCHIVE_OK ||
        archive_read_next_header(reader.get(), &found) < ARCHIVE_WARN ||
        archive_read_data(reader.get(), content->data(), content->size()) !=
            static_cast<la_ssize_t>(content->size())) {
        throw_damaged(entry.path, "its sparse map can't be read");
    }
    return {as_bytes(*content), content};
}

}  // namespace slimimg::archive
