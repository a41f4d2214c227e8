#include "archive/tar_walk.hpp"

#include <limits>
#include <set>
#include <string>

#include "slimimg/base/error.hpp"
#include "slimimg/base/limit_names.hpp"
#include "slimimg/base/path.hpp"

#include "archive/tar_format.hpp"
#include "archive/tar_headers.hpp"
#include "archive/tar_reader.hpp"

namespace slimimg::archive {
namespace {

std::string_view text_of(const char* text) {
    return text == nullptr ? std::string_view() : std::string_view(text);
}

class Walker {
  public:
    Walker(Bytes tar, const Limits& limits, std::string_view what,
           std::vector<Diagnostic>& diagnostics)
        : tar_(tar), limits_(limits), what_(what), diagnostics_(diagnostics) {}

    std::vector<LayerEntry> walk() {
        if (tar_.empty()) {
            return {};  // some builders store an empty layer as no bytes at all
        }
        TarReader reader(tar_, what_);
        while (archive_entry* entry = reader.next()) {
            close_last(reader.header_position());
            if (entries_.size() >= limits_.entries) {
                throw Error(
                    Exit::bad_input, "too-many-entries",
                    what_ + " has more than " + std::to_string(limits_.entries) + " entries",
                    raise_hint(&Limits::entries));
            }
            take(entry, reader);
        }
        close_last(reader.header_position());
        judge_end(skip_archive_headers(tar_, reader.header_position()));
        tell_of_global_headers();
        return std::move(entries_);
    }

  private:
    void take(archive_entry* from, const TarReader& reader) {
        const std::uint64_t content = reader.content_position();
        auto headers = read_entry_headers(tar_, reader.header_position(), content);
        if (!headers) {
            throw_damaged_layer(what_, "the headers at byte " +
                                           std::to_string(reader.header_position()) +
                                           " contradict each other");
        }
        LayerEntry entry;
        const std::string name =
            headers->path ? *headers->path : std::string(text_of(archive_entry_pathname(from)));
        entry.path = image_path(name);
        entry.header = header_of(from, *headers, entry.path);
        if (entry.header.type == EntryType::file && name.ends_with('/')) {
            // Old tars have no type for folders but a slash at the end of the name.
            entry.header.type = EntryType::directory;
            entry.header.size = 0;
        }
        if (entry.path == "/" && entry.header.type != EntryType::directory) {
            throw_damaged_layer(
                what_,
                "the entry at byte " + std::to_string(reader.header_position()) + " has no name");
        }
        entry.raw.offset = headers->start;
        entry.content.offset = content;
        if (entry.header.type == EntryType::file) {
            entry.sparse = headers->sparse;
            entry.content.length = entry.sparse ? stored_bytes(from) : entry.header.size;
        }
        if (headers->damaged_records || reader.warning()) {
            diagnostics_.push_back({Severity::warning, "tar-header-damaged", entry.path,
                                    what_ + ": a header can't be fully read: " +
                                        reader.warning().value_or("malformed pax records")});
        }
        global_keys_.insert(headers->global_keys.begin(), headers->global_keys.end());
        entries_.push_back(std::move(entry));
    }

    /// An entry reaches to where the next one starts.
    void close_last(std::uint64_t end) {
        if (entries_.empty()) {
            return;
        }
        LayerEntry& last = entries_.back();
        last.raw.length = end - last.raw.offset;
        if (last.content.length > end - last.content.offset) {
            throw_damaged_layer(what_, "the size of " + path::printable(last.path) +
                                           " is more than the archive has of it");
        }
    }

    Header header_of(archive_entry* from, const EntryHeaders& headers, std::string_view path) {
        Header header;
        header.type = type_of(from, path);
        header.mode = static_cast<std::uint16_t>(archive_entry_perm(from) & 07777U);
        header.uid = owner(archive_entry_uid(from), path);
        header.gid = owner(archive_entry_gid(from), path);
        header.mtime = mtime_of(from);
        switch (header.type) {
            case EntryType::file:
                header.size = file_size(archive_entry_size(from), path);
                break;
            case EntryType::symlink:
                header.link = headers.link ? *headers.link : text_of(archive_entry_symlink(from));
                check_text(header.link);
                break;
            case EntryType::hardlink:
                header.link = image_path(headers.link ? *headers.link
                                                      : text_of(archive_entry_hardlink(from)));
                break;
            case EntryType::char_device:
            case EntryType::block_device:
                header.device_major = static_cast<std::uint32_t>(archive_entry_rdevmajor(from));
                header.device_minor = static_cast<std::uint32_t>(archive_entry_rdevminor(from));
                break;
            case EntryType::directory:
            case EntryType::fifo:
                break;
        }
        header.xattrs.set({headers.xattrs.begin(), headers.xattrs.end()});
        return header;
    }

    static Timestamp mtime_of(archive_entry* entry) {
        Timestamp time{archive_entry_mtime(entry),
                       static_cast<std::uint32_t>(archive_entry_mtime_nsec(entry))};
        // libarchive reads "-1.5" as -1 s and 500,000,000 ns: half a second later, not earlier.
        if (time.seconds < 0 && time.nanoseconds > 0) {
            time.seconds -= 1;
            time.nanoseconds = 1'000'000'000 - time.nanoseconds;
        }
        return time;
    }

    EntryType type_of(archive_entry* entry, std::string_view path) const {
        // A hard link's file type can be anything: libarchive takes it from the mode field.
        if (archive_entry_hardlink(entry) != nullptr) {
            return EntryType::hardlink;
        }
        switch (archive_entry_filetype(entry)) {
            case AE_IFREG:
                return EntryType::file;
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
                throw_damaged_layer(what_, path::printable(path) + " is of no known file type");
        }
    }

    std::uint32_t owner(la_int64_t id, std::string_view path) const {
        if (id < 0 || id > std::numeric_limits<std::uint32_t>::max()) {
            throw_damaged_layer(what_, path::printable(path) + " has an owner that no system has");
        }
        return static_cast<std::uint32_t>(id);
    }

    std::uint64_t file_size(la_int64_t size, std::string_view path) const {
        if (size < 0) {
            throw_damaged_layer(what_, path::printable(path) + " has a negative size");
        }
        // Only a sparse file can be larger than the tar it stands in.
        if (static_cast<std::uint64_t>(size) > limits_.layer_bytes) {
            throw Error(Exit::bad_input, "file-too-large",
                        what_ + ": " + path::printable(path) + " is a file of " +
                            std::to_string(size) + " bytes, over the limit of " +
                            std::to_string(limits_.layer_bytes),
                        raise_hint(&Limits::layer_bytes));
        }
        return static_cast<std::uint64_t>(size);
    }

    /// What the tar holds of a sparse file.
    static std::uint64_t stored_bytes(archive_entry* entry) {
        std::uint64_t stored = 0;
        la_int64_t offset = 0;
        la_int64_t length = 0;
        if (archive_entry_sparse_reset(entry) == 0) {
            // libarchive drops a map that has one piece and no hole.
            return static_cast<std::uint64_t>(archive_entry_size(entry));
        }
        while (archive_entry_sparse_next(entry, &offset, &length) == ARCHIVE_OK) {
            stored += static_cast<std::uint64_t>(length);
        }
        return stored;
    }

    void check_text(std::string_view name) const {
        if (name.find('\0') != std::string_view::npos) {
            throw Error(Exit::bad_input, "path-has-nul",
                        what_ + ": the name " + path::printable(name) + " has a NUL in it",
                        "the image is damaged or hostile");
        }
        if (name.size() > limits_.path_bytes) {
            throw Error(Exit::bad_input, "path-too-long",
                        what_ + ": a name of " + std::to_string(name.size()) +
                            " bytes is over the limit of " + std::to_string(limits_.path_bytes),
                        raise_hint(&Limits::path_bytes));
        }
    }

    /// The normalized path of a name, which must not lead out of the image. An absolute name is
    /// taken as relative to the root, as engines do.
    std::string image_path(std::string_view name) const {
        check_text(name);
        if (name.find("..") == std::string_view::npos) {
            return path::normalize(name);
        }
        std::size_t depth = 0;
        for (const std::string_view part : path::components(name)) {
            if (part == ".." && depth == 0) {
                throw Error(
                    Exit::bad_input, "path-escapes",
                    what_ + ": the name " + path::printable(name) + " leads out of the image",
                    "the image is damaged or hostile");
            }
            depth = part == ".." ? depth - 1 : depth + 1;
        }
        return path::normalize(name);
    }

    /// What stands behind the last entry: two zero blocks; engines read nothing after them.
    void judge_end(std::uint64_t end) {
        const Bytes rest = tar_.subspan(std::min<std::size_t>(end, tar_.size()));
        const Bytes closing = rest.first(std::min<std::size_t>(rest.size(), 2 * block_bytes));
        if (!is_zero(rest.subspan(closing.size())) || !is_zero(closing)) {
            diagnostics_.push_back({Severity::warning, "tar-trailing-data", "",
                                    what_ + " has data after its end, which no engine reads"});
        } else if (closing.size() < 2 * block_bytes) {
            diagnostics_.push_back({Severity::note, "tar-end-missing", "",
                                    what_ + " lacks the two zero blocks that end an archive"});
        }
    }

    void tell_of_global_headers() {
        if (global_keys_.empty()) {
            return;
        }
        std::string keys;
        for (const std::string& key : global_keys_) {
            keys += (keys.empty() ? "" : ", ") + path::printable(key);
        }
        diagnostics_.push_back({Severity::warning, "tar-global-header", "",
                                what_ + " sets " + keys +
                                    " for all entries by a pax global header; engines ignore it, "
                                    "and so does slimimg"});
    }

    Bytes tar_;
    const Limits& limits_;
    std::string what_;
    std::vector<Diagnostic>& diagnostics_;
    std::vector<LayerEntry> entries_;
    std::set<std::string> global_keys_;
};

}  // namespace

std::vector<LayerEntry> walk_tar(Bytes tar, const Limits& limits, std::string_view what,
                                 std::vector<Diagnostic>& diagnostics) {
    return Walker(tar, limits, what, diagnostics).walk();
}

}  // namespace slimimg::archive
