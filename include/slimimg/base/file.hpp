#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "slimimg/base/bytes.hpp"

namespace slimimg {

/// A file descriptor that closes itself.
class FileDescriptor {
  public:
    FileDescriptor() = default;
    explicit FileDescriptor(int fd) : fd_(fd) {}
    ~FileDescriptor();
    FileDescriptor(FileDescriptor&& other) noexcept;
    FileDescriptor& operator=(FileDescriptor&& other) noexcept;

    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] explicit operator bool() const { return fd_ >= 0; }

  private:
    int fd_ = -1;
};

/// Maps a whole regular file for reading. Throws Error (Exit::bad_input) where it can't be opened.
Slice map_file(const std::filesystem::path& file);

/// Maps what `fd` holds; the mapping outlives the descriptor.
Slice map_descriptor(int fd, std::uint64_t size);

/// Writes all bytes, through short writes and signals; `name` is for the error's text.
void write_all(int fd, Bytes bytes, std::string_view name);

/// The same at a place in the file.
void write_at(int fd, std::uint64_t offset, Bytes bytes, std::string_view name);

/// Where temporary files go: `dir`, else TMPDIR, else /tmp.
std::filesystem::path spool_folder(const std::filesystem::path& dir);

/// An unlinked temporary file: nobody sees it, and it is gone with the process.
class SpoolFile {
  public:
    /// In spool_folder(dir). Throws Error where no file can be made there.
    explicit SpoolFile(const std::filesystem::path& dir);

    void write(Bytes bytes);
    [[nodiscard]] std::uint64_t size() const { return size_; }
    [[nodiscard]] int fd() const { return fd_.get(); }
    /// For errors: it has none that could be opened.
    [[nodiscard]] std::string name() const { return "a temporary file in " + dir_; }
    /// All that was written, mapped.
    [[nodiscard]] Slice map() const;

  private:
    FileDescriptor fd_;
    std::uint64_t size_ = 0;
    std::string dir_;
};

class Temporary;

/// A file that appears under its name only when it is whole: written beside the target and
/// renamed by commit(). Without commit() nothing is left of it.
class AtomicFile {
  public:
    /// Throws Error (usage) where the target is a folder, (internal) where no file can be made
    /// beside it.
    explicit AtomicFile(std::filesystem::path target);
    ~AtomicFile();
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;

    void write(Bytes bytes);
    [[nodiscard]] int fd() const;
    /// Where it is until commit().
    [[nodiscard]] const std::filesystem::path& temporary() const;
    void commit();

  private:
    std::filesystem::path target_;
    std::unique_ptr<Temporary> temporary_;
};

/// True for a device or a pipe: it is written to, a file must not take its place.
bool is_stream(const std::filesystem::path& target);

/// Writes all bytes to such a target.
void write_stream(const std::filesystem::path& target, Bytes bytes);

/// Writes a whole file: atomically, or to a stream.
void write_file(const std::filesystem::path& target, Bytes bytes);

}  // namespace slimimg
