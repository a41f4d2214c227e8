#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "slimimg/archive/codec.hpp"
#include "slimimg/base/bytes.hpp"
#include "slimimg/base/diagnostic.hpp"
#include "slimimg/base/digest.hpp"
#include "slimimg/base/run_options.hpp"
#include "slimimg/base/text.hpp"

namespace slimimg::archive {

enum class EntryType : std::uint8_t {
    file,
    directory,
    symlink,
    hardlink,  ///< another name of a file; link is that file's path
    char_device,
    block_device,
    fifo,
};

/// A place in a layer's tar.
struct Range {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

struct Timestamp {
    std::int64_t seconds = 0;
    std::uint32_t nanoseconds = 0;

    bool operator==(const Timestamp&) const = default;
};

/// Extended attributes in name order, e.g. "security.capability". Few files have any: without, it
/// is one pointer.
class Xattrs {
  public:
    using Attribute = std::pair<std::string, std::string>;

    Xattrs() = default;
    Xattrs(const Xattrs& other)
        : all_(other.all_ ? std::make_unique<List>(*other.all_) : nullptr) {}
    Xattrs(Xattrs&&) noexcept = default;
    Xattrs& operator=(Xattrs other) noexcept {
        all_.swap(other.all_);
        return *this;
    }
    ~Xattrs() = default;

    [[nodiscard]] std::span<const Attribute> list() const {
        return all_ ? std::span<const Attribute>(*all_) : std::span<const Attribute>();
    }
    [[nodiscard]] auto begin() const { return list().begin(); }
    [[nodiscard]] auto end() const { return list().end(); }
    [[nodiscard]] std::size_t size() const { return list().size(); }
    [[nodiscard]] bool empty() const { return list().empty(); }
    const Attribute& operator[](std::size_t index) const { return (*all_)[index]; }
    void set(std::vector<Attribute> all) {
        all_ = all.empty() ? nullptr : std::make_unique<List>(std::move(all));
    }

    bool operator==(const Xattrs& other) const {
        return std::equal(begin(), end(), other.begin(), other.end());
    }

  private:
    using List = std::vector<Attribute>;
    std::unique_ptr<List> all_;
};

/// What a tar says of one file. An entry of a layer and an entry to be written have one.
struct Header {
    EntryType type = EntryType::file;
    std::uint16_t mode = 0;  ///< permission bits with set-id and sticky: 07777
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    Timestamp mtime;
    std::uint64_t size = 0;  ///< of the content, with holes; 0 but for files
    Text link;               ///< symlink: target as it stands; hardlink: normalized image path
    std::uint32_t device_major = 0;
    std::uint32_t device_minor = 0;
    Xattrs xattrs;

    bool operator==(const Header&) const = default;
};

/// An image can have a million of them, so that each byte counts.
struct LayerEntry {
    Text path;  ///< normalized image path ("/usr/bin/env"), whiteouts as they stand
    Header header;
    Range raw;      ///< all its bytes in the tar: extension headers, header, content, padding
    Range content;  ///< where the content stands; for a sparse file the stored pieces
    bool sparse = false;
};

/// A layer read once: inflated, hashed, listed.
struct LayerScan {
    Slice tar;       ///< the plain tar
    Digest diff_id;  ///< of the plain tar, to its last byte
    Digest blob;     ///< of the bytes as stored; equals diff_id where they are not compressed
    Codec codec = Codec::none;
    std::vector<LayerEntry> entries;  ///< in the tar's order
    std::vector<Diagnostic> diagnostics;
};

/// Reads a layer: `blob` as stored in the image, `what` its name in errors ("layer 3 of a.tar").
/// Throws Error (bad_input) for damaged data, names that leave the image, and past limits.
/// With options.verify false neither digest is computed.
LayerScan scan_layer(const Slice& blob, const RunOptions& options, std::string_view what);

/// The SHA-256 of a layer, told to the observer as the step "hash"; nothing once `stopped` is true.
std::optional<Digest> hash_layer(Bytes bytes, const RunOptions& options, std::string_view what,
                                 const std::atomic<bool>& stopped);

/// A sparse entry's content without its holes: each stored piece with its place in the file, in
/// order. Throws Error (bad_input) for a map that leads past the end. The bytes of a piece live as
/// long as the call of `take`.
void for_each_piece(const LayerScan& layer, const LayerEntry& entry,
                    const std::function<void(std::uint64_t offset, Bytes piece)>& take);

/// The content of a sparse entry laid out with its holes. Throws Error past limits.
Slice read_sparse(const LayerScan& layer, const LayerEntry& entry, const RunOptions& options);

}  // namespace slimimg::archive
