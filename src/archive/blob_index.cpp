#include "slimimg/archive/blob_index.hpp"

#include <cerrno>
#include <set>

#include <unistd.h>

#include "slimimg/archive/layer.hpp"
#include "slimimg/base/error.hpp"
#include "slimimg/base/file.hpp"
#include "slimimg/base/path.hpp"

namespace slimimg::archive {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view how_to_make_one =
    "make one with: docker save IMAGE -o image.tar (or podman save)";

Slice read_standard_input(const RunOptions& options) {
    if (isatty(STDIN_FILENO) != 0) {
        throw Error(Exit::usage, "input-is-terminal", "standard input is a terminal",
                    "pipe an image into it: docker save IMAGE | slimimg analyze -");
    }
    SpoolFile spool(options.spool_dir);
    std::vector<std::byte> buffer(1UL << 20);
    while (true) {
        const ssize_t got = read(STDIN_FILENO, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            throw_errno("cannot read", "standard input", Exit::bad_input);
        }
        if (got == 0) {
            return spool.map();
        }
        spool.write(Bytes(buffer).first(static_cast<std::size_t>(got)));
    }
}

/// What a file that is no image archive seems to be, for the error's text.
std::string_view looks_like(std::string_view head) {
    if (head.empty()) {
        return "an empty file";
    }
    if (head.starts_with("\x7f"
                         "ELF")) {
        return "an ELF file";
    }
    if (head.starts_with("PK\x03\x04")) {
        return "a zip archive";
    }
    if (head.starts_with('{') || head.starts_with('[')) {
        return "a JSON text";
    }
    if (head.starts_with("#!")) {
        return "a script";
    }
    if (head.starts_with("hsqs")) {
        return "a squashfs file system";
    }
    return "something else";
}

/// "blobs/x" of "/blobs/x": names are relative in an index.
std::string index_name(std::string_view path) {
    return path::normalize(path).substr(1);
}

BlobIndex index_tar(const Slice& file, const std::string& location, const RunOptions& options,
                    std::vector<Diagnostic>& diagnostics) {
    RunOptions quiet = options;
    quiet.verify = false;
    quiet.progress = nullptr;
    LayerScan tar;
    try {
        tar = scan_layer(file, quiet, location);
    } catch (const Error& error) {
        if (error.code() == "layer-damaged" && detect_codec(file.bytes) == Codec::none &&
            file.text().substr(0, 512).find("ustar") == std::string_view::npos) {
            throw Error(Exit::bad_input, "not-an-image",
                        location + " is no image archive; it looks like " +
                            std::string(looks_like(file.text())),
                        std::string(how_to_make_one));
        }
        throw;
    }
    if (file.size() == 0) {
        throw Error(Exit::bad_input, "not-an-image", location + " is empty",
                    std::string(how_to_make_one));
    }
    diagnostics.insert(diagnostics.end(), tar.diagnostics.begin(), tar.diagnostics.end());
    BlobIndex index;
    for (const LayerEntry& entry : tar.entries) {
        std::string name = index_name(entry.path);
        if (entry.header.type == EntryType::file) {
            index.add(std::move(name),
                      entry.sparse ? read_sparse(tar, entry, options)
                                   : *tar.tar.sub(entry.content.offset, entry.content.length));
        } else if (entry.header.type == EntryType::symlink) {
            index.add_link(std::move(name),
                           index_name(path::join(path::parent(entry.path), entry.header.link)));
        } else if (entry.header.type == EntryType::hardlink) {
            index.add_link(std::move(name), index_name(entry.header.link));
        }
    }
    return index;
}

BlobIndex index_folder(const fs::path& folder) {
    BlobIndex index;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
        // Links are not followed: a layout has none, and they could lead anywhere.
        if (entry.is_regular_file() && !entry.is_symlink()) {
            index.add(entry.path().lexically_relative(folder).string(), map_file(entry.path()));
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
    std::set<std::string> seen;
    while (seen.insert(at).second) {
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
    std::error_code error;
    if (fs::is_directory(location, error)) {
        try {
            return index_folder(location);
        } catch (const fs::filesystem_error& failure) {
            throw Error(Exit::bad_input, "io",
                        "cannot read " + location + ": " + failure.code().message());
        }
    }
    return index_tar(map_file(location), location, options, diagnostics);
}

}  // namespace slimimg::archive
