#include <algorithm>
#include <cctype>
#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "slimimg/base/cache.hpp"
#include "slimimg/base/error.hpp"
#include "slimimg/base/file.hpp"
#include "slimimg/base/path.hpp"
#include "slimimg/base/temporary.hpp"

namespace slimimg {
namespace {

namespace fs = std::filesystem;

constexpr const char* key_name = "key";
/// The Cache Directory Tagging Specification (bford.info/cachedir): backups leave it out.
constexpr const char* tag_name = "CACHEDIR.TAG";
constexpr std::string_view tag_text =
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# This folder is a cache of slimimg, and can be removed at any time.\n";

[[noreturn]] void throw_unusable(const fs::path& folder, const std::string& why,
                                 const std::string& hint) {
    throw Error(Exit::usage, "cache-unusable",
                "the cache " + path::printable(folder.string()) + " is not used: " + why, hint);
}

/// Whoever can write to it decides what is found in images.
void demand_trusted(const fs::path& folder) {
    struct stat status {};
    if (stat(folder.c_str(), &status) != 0) {
        throw_unusable(folder, std::generic_category().message(errno), "name a folder");
    }
    if (!S_ISDIR(status.st_mode)) {
        throw_unusable(folder, "it is no folder", "name a folder");
    }
    if (status.st_uid != geteuid()) {
        throw_unusable(folder, "it belongs to another user", "name a folder of your own");
    }
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        throw_unusable(folder, "others may write to it", "take that away: chmod go-w");
    }
}

/// An entry's file, where it is ours and nobody else can write to it.
std::optional<FileDescriptor> open_own(const fs::path& file, std::uint64_t& size) {
    FileDescriptor fd(open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
    struct stat status {};
    if (!fd || fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode) ||
        status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return std::nullopt;
    }
    size = static_cast<std::uint64_t>(status.st_size);
    return fd;
}

std::optional<SealKey> read_key(const fs::path& file) {
    std::uint64_t size = 0;
    const auto fd = open_own(file, size);
    SealKey key{};
    if (!fd || size != key.size() ||
        read(fd->get(), key.data(), key.size()) != static_cast<ssize_t>(key.size())) {
        return std::nullopt;
    }
    return key;
}

void write_private(const Temporary& file, Bytes content) {
    if (fchmod(file.fd().get(), S_IRUSR | S_IWUSR) != 0) {
        throw_errno("cannot write", file.path().string());
    }
    write_all(file.fd().get(), content, file.path().string());
}

/// The first process makes the key; a damaged one is replaced, and with it all entries.
SealKey key_of(const fs::path& folder) {
    const fs::path file = folder / key_name;
    if (const auto key = read_key(file)) {
        return *key;
    }
    const SealKey key = random_seal_key();
    const Temporary made(file, Temporary::Kind::file);
    write_private(made, Bytes(reinterpret_cast<const std::byte*>(key.data()), key.size()));
    while (link(made.path().c_str(), file.c_str()) != 0) {
        if (errno != EEXIST) {
            throw_errno("cannot write", file.string());
        }
        if (const auto other = read_key(file)) {
            return *other;
        }
        fs::remove(file);
    }
    return key;
}

SealKey open_folder(const fs::path& folder) {
    std::error_code failure;
    make_cache_folder(folder);
    demand_trusted(folder);
    try {
        const SealKey key = key_of(folder);
        if (!fs::exists(folder / tag_name, failure)) {
            write_file(folder / tag_name, as_bytes(tag_text));
        }
        return key;
    } catch (const std::exception& error) {
        throw_unusable(folder, error.what(), "name a folder that can be written to");
    }
}

/// "<64 hex digits>.…": nothing else in the folder is ours to remove.
bool is_entry(const std::string& name) {
    constexpr std::size_t digits = 64;
    return name.size() > digits && name[digits] == '.' &&
           std::all_of(name.begin(), name.begin() + digits,
                       [](unsigned char c) { return std::isxdigit(c) != 0; });
}

/// The folder with a lock of flock(2); no descriptor where it can't be had.
FileDescriptor locked(const fs::path& folder, int kind) {
    FileDescriptor lock(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return lock && flock(lock.get(), kind) == 0 ? std::move(lock) : FileDescriptor();
}

}  // namespace

void make_cache_folder(const fs::path& folder) {
    std::error_code ignored;
    const mode_t mask = umask(S_IRWXG | S_IRWXO);
    fs::create_directories(folder, ignored);
    umask(mask);
}

FolderCache::FolderCache(const fs::path& folder, std::uint64_t limit)
    : Cache(open_folder(folder)), folder_(fs::absolute(folder)), limit_(limit) {}

FolderCache::~FolderCache() {
    if (changed_) {
        trim();
    }
}

std::optional<Slice> FolderCache::find(const std::string& name) {
    std::uint64_t size = 0;
    const auto fd = open_own(folder_ / name, size);
    if (!fd) {
        return std::nullopt;
    }
    futimens(fd->get(), nullptr);  // used now
    try {
        return map_descriptor(fd->get(), size);
    } catch (const Error&) {
        return std::nullopt;
    }
}

void FolderCache::put(const std::string& name, const Slice& content, int fd) {
    if (content.size() > limit_) {
        return;
    }
    const fs::path file = folder_ / name;
    try {
        // Another process' trim() would take a file on its way to its name for an entry.
        const FileDescriptor writing = locked(folder_, LOCK_SH);
        // A spool file of this folder only lacks a name.
        const std::string unnamed = "/proc/self/fd/" + std::to_string(fd);
        bool linked = false;
        if (fd >= 0) {
            std::error_code ignored;
            fs::remove(file, ignored);
            linked =
                linkat(AT_FDCWD, unnamed.c_str(), AT_FDCWD, file.c_str(), AT_SYMLINK_FOLLOW) == 0;
        }
        if (!linked) {
            Temporary made(file, Temporary::Kind::file);
            write_private(made, content.bytes);
            made.commit([&] { fs::rename(made.path(), file); });
        }
        const std::lock_guard lock(mutex_);
        changed_ = true;
    } catch (const std::exception& failure) {
        const std::lock_guard lock(mutex_);
        problem_ = problem_.empty() ? failure.what() : problem_;
    }
}

std::string FolderCache::problem() const {
    const std::lock_guard lock(mutex_);
    return problem_;
}

void FolderCache::trim() const {
    // One process at a time, and none where one writes: that one trims when it is done.
    const FileDescriptor alone = locked(folder_, LOCK_EX | LOCK_NB);
    if (!alone) {
        return;
    }
    struct Entry {
        timespec used;
        std::uint64_t bytes;
        fs::path file;
    };
    std::vector<Entry> entries;
    std::uint64_t all = 0;
    std::error_code failure;
    for (fs::directory_iterator at(folder_, failure), end; !failure && at != end;
         at.increment(failure)) {
        struct stat status {};
        if (is_entry(at->path().filename().string()) && lstat(at->path().c_str(), &status) == 0) {
            entries.push_back(
                {status.st_mtim, static_cast<std::uint64_t>(status.st_size), at->path()});
            all += entries.back().bytes;
        }
    }
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
        return std::pair(a.used.tv_sec, a.used.tv_nsec) < std::pair(b.used.tv_sec, b.used.tv_nsec);
    });
    for (const Entry& entry : entries) {
        if (all <= limit_) {
            return;
        }
        fs::remove(entry.file, failure);
        all -= entry.bytes;
    }
}

}  // namespace slimimg
