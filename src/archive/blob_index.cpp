#include "slimimg/archive/blob_index.hpp"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "slimimg/archive/layer.hpp"
#include "slimimg/base/error.hpp"
#include "slimimg/base/file.hpp"
#include "slimimg/base/limit_names.hpp"
#include "slimimg/base/path.hpp"
#include "slimimg/base/progress_step.hpp"

#include "archive/file_kind.hpp"
#include "archive/spool_sink.hpp"
#include "archive/tar_format.hpp"
#include "archive/tar_walk.hpp"

namespace slimimg::archive {
namespace {

namespace fs = std::filesystem;

constexpr int links_limit = 40;  // MAXSYMLINKS of Linux

[[noreturn]] void throw_no_image(const std::string& message, std::string_view hint = {}) {
    throw Error(Exit::bad_input, "not-an-image", message,
                hint.empty() ? "make one with: docker save IMAGE -o image.tar (or podman save)"
                             : std::string(hint));
}

/// "blobs/x" of "/blobs//x": names are relative in an index.
std::string index_name(std::string_view path) {
    return path::normalize(path).substr(1);
}

/// What a symlink called `name` points to, inside the archive: ".." stops at its root.
std::string link_target(std::string_view name, std::string_view target) {
    return index_name(path::join(path::parent(path::normalize(name)), target));
}

/// All that comes out of a pipe, in memory or spooled; a regular file is mapped where it stands.
Slice read_stream(int fd, const std::string& what, const RunOptions& options) {
    struct stat status {};
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && lseek(fd, 0, SEEK_CUR) == 0) {
        return map_descriptor(fd, static_cast<std::uint64_t>(status.st_size));
    }
    ProgressStep step(options, "read", what, 0);
    SpoolSink spool(options, what);
    std::vector<std::byte> buffer(1 << 20);
    for (bool first = true;;) {
        const ssize_t got = read(fd, buffer.data(), buffer.size());
        if (got == 0) {
            return spool.finish();
        }
        if (got > 0) {
            const Bytes bytes = Bytes(buffer).first(static_cast<std::size_t>(got));
            // No archive does, compressed or not; a device of zeros does not end.
            if (std::exchange(first, false) && is_zero(bytes)) {
                throw_no_image(what + " begins with zeros, which no image archive does");
            }
            spool.write(bytes);
            step.advance(static_cast<std::uint64_t>(got));
        } else if (errno != EINTR) {
            throw_errno("cannot read", what, Exit::bad_input);
        }
    }
}

Slice read_standard_input(const RunOptions& options) {
    if (isatty(STDIN_FILENO) != 0) {
        throw Error(Exit::usage, "input-is-terminal", "standard input is a terminal",
                    "pipe an image into it: docker save IMAGE | slimimg analyze -");
    }
    return read_stream(STDIN_FILENO, "standard input", options);
}

Slice read_file(const fs::path& file, const std::string& what, const RunOptions& options) {
    std::error_code ignored;
    if (fs::is_fifo(file, ignored) || fs::is_character_file(file, ignored)) {
        // A shell's <(docker save IMAGE).
        const FileDescriptor fd(open(file.c_str(), O_RDONLY | O_CLOEXEC));
        if (!fd) {
            throw_errno("cannot open", what, Exit::bad_input);
        }
        return read_stream(fd.get(), what, options);
    }
    if (!fs::exists(file, ignored)) {
        throw Error(Exit::bad_input, "not-found", "there is no file " + what,
                    "slimimg reads archives; make one with: docker save IMAGE -o "
                    "image.tar");
    }
    return map_file(file);
}

bool is_tar(Bytes bytes) {
    const auto block = checked_subspan(bytes, 0, block_bytes);
    const bool magic = block && as_text(*block).substr(257, 5) == "ustar";
    return magic || (block && is_zero(*block));
}

/// A tar without the magic (the format of V7) is left to libarchive's checksum.
std::vector<LayerEntry> list(Bytes tar, const RunOptions& options, const std::string& what,
                             std::vector<Diagnostic>& diagnostics) {
    if (tar.empty()) {
        throw_no_image(what + " is empty");
    }
    try {
        return walk_tar(tar, options.limits, what, diagnostics);
    } catch (const Error& error) {
        if (error.code() != "layer-damaged" || is_tar(tar)) {
            throw;
        }
        const FileKind kind = file_kind(tar);
        throw_no_image(what + " is no image archive; it looks like " + std::string(kind.name),
                       kind.hint);
    }
}

BlobIndex index_tar(const Slice& file, const std::string& what, const RunOptions& options,
                    std::vector<Diagnostic>& diagnostics) {
    LayerScan tar;
    tar.tar = inflate_to_slice(file, options, what);
    BlobIndex index;
    index.archive_bytes = file.size();
    for (const LayerEntry& entry : list(tar.tar.bytes, options, what, diagnostics)) {
        std::string name = index_name(entry.path);
        const Header& header = entry.header;
        if (header.type == EntryType::file) {
            index.add(std::move(name),
                      entry.sparse ? read_sparse(tar, entry, options)
                                   : *tar.tar.sub(entry.content.offset, entry.content.length));
        } else if (header.type == EntryType::symlink) {
            index.add_link(name, link_target(name, header.link));
        } else if (header.type == EntryType::hardlink) {
            index.add_link(std::move(name), index_name(header.link));
        }
    }
    return index;
}

/// Links are kept as links and followed inside the index only: they can't lead out of the folder.
BlobIndex index_folder(const fs::path& folder, const std::string& what, const Limits& limits) {
    if (!fs::exists(folder / "oci-layout") && !fs::exists(folder / "index.json") &&
        !fs::exists(folder / "manifest.json")) {
        throw_no_image(what + " is a folder without oci-layout, index.json or manifest.json");
    }
    BlobIndex index;
    std::uint64_t count = 0;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
        if (++count > limits.entries) {
            throw Error(Exit::bad_input, "too-many-entries",
                        what + " holds more than " + std::to_string(limits.entries) + " files",
                        raise_hint(&Limits::entries));
        }
        const std::string name = entry.path().lexically_relative(folder).string();
        if (entry.is_symlink()) {
            index.add_link(name, link_target(name, fs::read_symlink(entry.path()).string()));
        } else if (entry.is_regular_file()) {
            index.add(name, map_file(entry.path()));
        }
    }
    return index;
}

}  // namespace

void BlobIndex::add(std::string name, Slice content) {
    links_.erase(name);
    files_.insert_or_assign(std::move(name), std::move(content));
}

void BlobIndex::add_link(std::string name, std::string target) {
    files_.erase(name);
    links_.insert_or_assign(std::move(name), std::move(target));
}

std::optional<Slice> BlobIndex::find(std::string_view name) const {
    std::string at = index_name(name);
    for (int followed = 0; followed <= links_limit; ++followed) {
        if (const auto file = files_.find(at); file != files_.end()) {
            return file->second;
        }
        const auto link = links_.find(at);
        if (link == links_.end()) {
            return std::nullopt;
        }
        at = link->second;
    }
    return std::nullopt;
}

std::vector<std::string_view> BlobIndex::names() const {
    std::vector<std::string_view> names;
    names.reserve(files_.size());
    for (const auto& [name, content] : files_) {
        names.push_back(name);
    }
    return names;
}

BlobIndex open_blobs(const std::string& location, const RunOptions& options,
                     std::vector<Diagnostic>& diagnostics) {
    if (location == "-") {
        return index_tar(read_standard_input(options), "standard input", options, diagnostics);
    }
    const std::string what = path::printable(location);
    try {
        if (fs::is_directory(location)) {
            return index_folder(location, what, options.limits);
        }
    } catch (const fs::filesystem_error& failure) {
        throw Error(Exit::bad_input, "io", "cannot read " + what + ": " + failure.code().message());
    }
    return index_tar(read_file(location, what, options), what, options, diagnostics);
}

}  // namespace slimimg::archive
