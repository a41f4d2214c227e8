#include "slimimg/base/file.hpp"

#include <cerrno>
#include <cstdlib>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "slimimg/base/error.hpp"
#include "slimimg/base/temporary.hpp"

namespace slimimg {
namespace {

/// Owns a mapping until the last slice of it goes.
struct Mapping {
    void* address;
    std::size_t length;

    Mapping(void* at, std::size_t size) : address(at), length(size) {}
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping() { munmap(address, length); }
};

}  // namespace

std::filesystem::path spool_folder(const std::filesystem::path& dir) {
    if (!dir.empty()) {
        return dir;
    }
    const char* tmpdir = std::getenv("TMPDIR");
    return tmpdir != nullptr && *tmpdir != '\0' ? tmpdir : "/tmp";
}

FileDescriptor::~FileDescriptor() {
    if (fd_ >= 0) {
        close(fd_);
    }
}

FileDescriptor::FileDescriptor(FileDescriptor&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)) {}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
}

Slice map_descriptor(int fd, std::uint64_t size) {
    if (size == 0) {
        return {};
    }
    const auto length = static_cast<std::size_t>(size);
    void* address = mmap(nullptr, length, PROT_READ, MAP_SHARED, fd, 0);
    if (address == MAP_FAILED) {  // NOLINT(performance-no-int-to-ptr): the macro's own cast
        throw_errno("cannot map", "file");
    }
    return {Bytes{static_cast<const std::byte*>(address), length},
            std::make_shared<const Mapping>(address, length)};
}

Slice map_file(const std::filesystem::path& file) {
    const FileDescriptor fd(open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) {
        throw_errno("cannot open", file.string(), Exit::bad_input);
    }
    struct stat status {};
    if (fstat(fd.get(), &status) != 0) {
        throw_errno("cannot read", file.string(), Exit::bad_input);
    }
    if (!S_ISREG(status.st_mode)) {
        throw Error(Exit::bad_input, "not-a-file", file.string() + " is not a regular file",
                    "use - to read from a pipe");
    }
    return map_descriptor(fd.get(), static_cast<std::uint64_t>(status.st_size));
}

void write_all(int fd, Bytes bytes, std::string_view name) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0) {
            if (errno == EINTR) {
                continue;
            }
            if (errno == EPIPE && fd == STDOUT_FILENO) {
                throw Error(Exit::internal, "reader-gone",
                            "cannot write " + std::string(name) + ": Broken pipe");
            }
            throw_errno("cannot write", name);
        }
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
}

void write_at(int fd, std::uint64_t offset, Bytes bytes, std::string_view name) {
    while (!bytes.empty()) {
        const ssize_t written = pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (written < 0 && errno != EINTR) {
            throw_errno("cannot write", name);
        }
        if (written > 0) {
            offset += static_cast<std::uint64_t>(written);
            bytes = bytes.subspan(static_cast<std::size_t>(written));
        }
    }
}

SpoolFile::SpoolFile(const std::filesystem::path& dir) : dir_(spool_folder(dir).string()) {
    // O_TMPFILE is not everywhere (overlayfs before 6.6, NFS): fall back to a name that goes at
    // once.
    fd_ = FileDescriptor(open(dir_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (!fd_) {
        std::string name = dir_ + "/slimimg-XXXXXX";
        fd_ = FileDescriptor(mkostemp(name.data(), O_CLOEXEC));
        if (!fd_) {
            throw_errno("cannot make a temporary file in", dir_);
        }
        unlink(name.c_str());
    }
}

void SpoolFile::write(Bytes bytes) {
    write_all(fd_.get(), bytes, name());
    size_ += bytes.size();
}

Slice SpoolFile::map() const {
    return map_descriptor(fd_.get(), size_);
}

AtomicFile::AtomicFile(std::filesystem::path target) : target_(std::move(target)) {
    // A link's target is replaced, not the link.
    std::error_code error;
    if (std::filesystem::is_symlink(target_, error)) {
        const std::filesystem::path real = std::filesystem::weakly_canonical(target_, error);
        target_ = error ? target_ : real;
    }
    if (std::filesystem::is_directory(target_, error)) {
        throw Error(Exit::usage, "target-is-folder", target_.string() + " is a folder",
                    "name a file in it");
    }
    temporary_ = std::make_unique<Temporary>(target_, Temporary::Kind::file);
}

AtomicFile::~AtomicFile() = default;

const std::filesystem::path& AtomicFile::temporary() const {
    return temporary_->path();
}

int AtomicFile::fd() const {
    return temporary_->fd().get();
}

void AtomicFile::write(Bytes bytes) {
    write_all(fd(), bytes, target_.string());
}

void AtomicFile::commit() {
    // A network's file system may tell only now that it had no room.
    if (close(dup(fd())) != 0) {
        throw_errno("cannot write", target_.string());
    }
    temporary_->commit([&] {
        if (rename(temporary_->path().c_str(), target_.c_str()) != 0) {
            throw_errno("cannot write", target_.string());
        }
    });
}

bool is_stream(const std::filesystem::path& target) {
    std::error_code error;
    const std::filesystem::file_status status = std::filesystem::status(target, error);
    return std::filesystem::is_character_file(status) || std::filesystem::is_fifo(status);
}

void write_stream(const std::filesystem::path& target, Bytes bytes) {
    const FileDescriptor stream(open(target.c_str(), O_WRONLY | O_CLOEXEC));
    if (!stream) {
        throw_errno("cannot write", target.string());
    }
    write_all(stream.get(), bytes, target.string());
}

void write_file(const std::filesystem::path& target, Bytes bytes) {
    if (is_stream(target)) {
        write_stream(target, bytes);
        return;
    }
    AtomicFile file(target);
    file.write(bytes);
    file.commit();
}

}  // namespace slimimg
