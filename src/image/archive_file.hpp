#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/archive/blob_writer.hpp"
#include "slimimg/archive/tar_writer.hpp"

namespace slimimg::image {

/// The tar of an image on its way into a file. Blobs are written right where they stay, so that a
/// large layer is written once: its header, which tells its digest and size, is put in front of it
/// when they are known.
class ArchiveFile {
  public:
    /// A blob of more plain bytes may need more than one block of header.
    static constexpr std::uint64_t most_plain_bytes = 4ULL << 30;

    /// `fd` is an empty file that can be read and written, and stays the caller's; `name` is for
    /// errors.
    ArchiveFile(int fd, std::string name);
    ~ArchiveFile() = default;
    ArchiveFile(const ArchiveFile&) = delete;  // its places refer to it
    ArchiveFile& operator=(const ArchiveFile&) = delete;

    /// Room for one blob behind all that was written. The one before must be finished.
    std::unique_ptr<archive::BlobPlace> next_blob();
    /// True for a blob that was written into a place of this file.
    [[nodiscard]] bool holds(const Slice& blob) const;
    /// Names a blob that the file holds, or writes a file that it does not. `path` as in TarWriter.
    void add(std::string_view path, const Slice& content);
    /// Must be called once, last. Throws Error (internal) where a blob was given no name.
    void finish();

    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  private:
    class Place;
    /// A blob, with a block of room for its header before it.
    struct Blob {
        std::uint64_t header_at = 0;
        Slice content;
        bool named = false;
    };

    void append(Bytes bytes);

    int fd_;
    std::string name_;
    std::uint64_t bytes_ = 0;
    std::vector<Blob> blobs_;
    archive::TarWriter tar_;
};

}  // namespace slimimg::image
