#include "slimimg/archive/tar_writer.hpp"

#include <array>
#include <string>

#include <archive.h>
#include <archive_entry.h>

#include "slimimg/base/error.hpp"

namespace slimimg::archive {
namespace {

struct EntryCloser {
    void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};

/// libarchive's write callback: hands the bytes on, and keeps exceptions out of C code.
struct Drain {
    ByteSink sink;
    std::exception_ptr failure;

    static la_ssize_t write(::archive* /*unused*/, void* self, const void* bytes,
                            std::size_t size) {
        auto* drain = static_cast<Drain*>(self);
        try {
            drain->sink({static_cast<const std::byte*>(bytes), size});
        } catch (...) {
            drain->failure = std::current_exception();
            return -1;
        }
        return static_cast<la_ssize_t>(size);
    }
};

unsigned file_type(EntryType type) {
    switch (type) {
        case EntryType::directory:
            return AE_IFDIR;
        case EntryType::symlink:
            return AE_IFLNK;
        case EntryType::char_device:
            return AE_IFCHR;
        case EntryType::block_device:
            return AE_IFBLK;
        case EntryType::fifo:
            return AE_IFIFO;
        case EntryType::file:
        case EntryType::hardlink:
            return AE_IFREG;
    }
    return AE_IFREG;
}

}  // namespace

struct TarWriter::State {
    Drain drain;
    ::archive* writer = archive_write_new();

    explicit State(ByteSink sink) : drain{std::move(sink), nullptr} {}
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() { archive_write_free(writer); }

    void check(int status) const {
        if (drain.failure) {
            std::rethrow_exception(drain.failure);
        }
        if (status < ARCHIVE_WARN) {
            const char* text = archive_error_string(writer);
            throw Error(Exit::internal, "tar-write",
                        std::string("cannot write a tar entry: ") + (text ? text : "unknown"));
        }
    }
};

TarWriter::TarWriter(ByteSink sink) : state_(std::make_unique<State>(std::move(sink))) {
    // Unblocked, so that what libarchive writes and raw ranges come out in turn.
    state_->check(archive_write_set_format_pax_restricted(state_->writer));
    state_->check(
        archive_write_set_options(state_->writer, "hdrcharset=BINARY,xattrheader=SCHILY"));
    state_->check(archive_write_set_bytes_per_block(state_->writer, 0));
    state_->check(
        archive_write_open(state_->writer, &state_->drain, nullptr, &Drain::write, nullptr));
}

TarWriter::~TarWriter() {
    // Without finish() nothing more may be written.
    archive_write_fail(state_->writer);
}

void TarWriter::raw(Bytes entries) {
    state_->drain.sink(entries);
}

void TarWriter::entry(std::string_view path, const Header& header, Bytes content) {
    const std::unique_ptr<archive_entry, EntryCloser> entry(archive_entry_new());
    std::string name(path.starts_with('/') ? path.substr(1) : path);
    name = name.empty() ? "./" : name;
    if (header.type == EntryType::directory && !name.ends_with('/')) {
        name += '/';
    }
    archive_entry_copy_pathname(entry.get(), name.c_str());
    archive_entry_set_filetype(entry.get(), file_type(header.type));
    archive_entry_set_perm(entry.get(), header.mode);
    archive_entry_set_uid(entry.get(), static_cast<la_int64_t>(header.uid));
    archive_entry_set_gid(entry.get(), static_cast<la_int64_t>(header.gid));
    archive_entry_set_mtime(entry.get(), header.mtime.seconds,
                            static_cast<long>(header.mtime.nanoseconds));
    archive_entry_set_size(
        entry.get(), header.type == EntryType::file ? static_cast<la_int64_t>(content.size()) : 0);
    if (header.type == EntryType::symlink) {
        archive_entry_copy_symlink(entry.get(), header.link.c_str());
    } else if (header.type == EntryType::hardlink) {
        archive_entry_copy_hardlink(entry.get(), header.link.c_str() + 1);
    }
    archive_entry_set_rdevmajor(entry.get(), header.device_major);
    archive_entry_set_rdevminor(entry.get(), header.device_minor);
    for (const auto& [key, value] : header.xattrs) {
        archive_entry_xattr_add_entry(entry.get(), key.c_str(), value.data(), value.size());
    }
    state_->check(archive_write_header(state_->writer, entry.get()));
    while (header.type == EntryType::file && !content.empty()) {
        const la_ssize_t written =
            archive_write_data(state_->writer, content.data(), content.size());
        state_->check(written < 0 ? ARCHIVE_FATAL : ARCHIVE_OK);
        content = content.subspan(static_cast<std::size_t>(written));
    }
    state_->check(archive_write_finish_entry(state_->writer));
}

void TarWriter::finish() {
    static constexpr std::array<std::byte, 1024> end{};
    state_->drain.sink(end);
}

}  // namespace slimimg::archive
