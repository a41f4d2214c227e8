#include "archive/tar_reader.hpp"

#include <cerrno>

#include "slimimg/base/error.hpp"
#include "slimimg/base/path.hpp"

namespace slimimg::archive {

void throw_damaged_layer(std::string_view what, const std::string& detail) {
    throw Error(Exit::bad_input, "layer-damaged", std::string(what) + ": " + detail,
                "save or pull the image again");
}

TarReader::TarReader(Bytes tar, std::string_view what)
    : what_(what), bytes_(tar.size()), reader_(archive_read_new()) {
    if (!reader_) {
        throw Error(Exit::internal, "memory", "there is no memory for a tar reader");
    }
    archive_read_support_format_tar(reader_.get());
    archive_read_support_format_empty(reader_.get());
    if (archive_read_open_memory(reader_.get(), tar.data(), tar.size()) != ARCHIVE_OK) {
        throw_damaged_layer(what_, "it is not a tar archive");
    }
}

archive_entry* TarReader::next() {
    warning_.reset();
    archive_entry* entry = nullptr;
    const int result = archive_read_next_header(reader_.get(), &entry);
    last_header_ = header_position();
    switch (result) {
        case ARCHIVE_OK:
            return entry;
        case ARCHIVE_EOF:
            return nullptr;
        case ARCHIVE_WARN:
            // EINVAL: it gave up on the headers. EILSEQ: a name is not in the locale's character
            // set, which is no matter here, as names are taken as bytes.
            if (archive_errno(reader_.get()) == EINVAL) {
                throw_damaged();
            }
            if (archive_errno(reader_.get()) != EILSEQ) {
                const char* text = archive_error_string(reader_.get());
                warning_ = path::printable(text == nullptr ? "an odd header" : text);
            }
            return entry;
        default:
            throw_damaged();
    }
}

std::uint64_t TarReader::header_position() const {
    // Negative once libarchive has given up.
    const la_int64_t at = archive_read_header_position(reader_.get());
    return at < 0 ? last_header_ : static_cast<std::uint64_t>(at);
}

std::uint64_t TarReader::content_position() const {
    return static_cast<std::uint64_t>(archive_filter_bytes(reader_.get(), 0));
}

std::optional<TarReader::Piece> TarReader::next_piece() {
    const void* bytes = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    switch (archive_read_data_block(reader_.get(), &bytes, &size, &offset)) {
        case ARCHIVE_OK:
            return Piece{static_cast<std::uint64_t>(offset),
                         {static_cast<const std::byte*>(bytes), size}};
        case ARCHIVE_EOF:
            return std::nullopt;
        default:
            throw_damaged();
    }
}

void TarReader::throw_damaged() const {
    const char* const text = archive_error_string(reader_.get());
    const std::string_view told = text == nullptr ? "it can't be read" : text;
    const std::string entry = std::to_string(header_position());
    if (told.starts_with("Truncated")) {
        throw_damaged_layer(what_, "the tar archive is cut short: it ends at byte " +
                                       std::to_string(bytes_) + ", within the entry at byte " +
                                       entry);
    }
    throw_damaged_layer(what_, "the tar archive is damaged at byte " + entry + ": " +
                                   path::printable(std::string(told)));
}

}  // namespace slimimg::archive
