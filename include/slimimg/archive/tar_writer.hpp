#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "slimimg/archive/codec.hpp"
#include "slimimg/archive/layer.hpp"
#include "slimimg/base/bytes.hpp"

namespace slimimg::archive {

/// Writes a tar whose bytes depend on nothing but what is put in. Entries of a source layer are
/// copied raw, so their headers stay equal to the letter; new ones are written as pax
/// (POSIX.1-2017) with extended attributes under SCHILY.xattr, as engines read them.
class TarWriter {
  public:
    explicit TarWriter(ByteSink sink);
    ~TarWriter();
    TarWriter(const TarWriter&) = delete;
    TarWriter& operator=(const TarWriter&) = delete;

    /// A raw range of another tar: whole entries with their extension headers. Throws Error
    /// (internal) where it is not in whole blocks.
    void raw(Bytes entries);
    /// A new entry; `path` is an image path ("/etc/passwd"), written without the leading "/". Of a
    /// file the size is that of `content`; other types have none. Throws Error (internal) for an
    /// extended attribute whose name a tar can't hold.
    /// `like` is the raw entry that it was, if it was one: what a Header does not have (names of
    /// owners, times of access, vendors' records) is taken from there.
    void entry(std::string_view path, const Header& header, Bytes content, Bytes like = {});
    /// The header alone of a new file: the `size` bytes of its content, and the zeros that fill
    /// their last block, are the caller's to put behind it.
    void file_header(std::string_view path, const Header& header, std::uint64_t size);
    /// A file with holes, from an entry of a layer; written as GNU tar's pax format 1.0 has it,
    /// which engines read.
    void sparse_entry(std::string_view path, const Header& header, const LayerScan& layer,
                      const LayerEntry& from, Bytes like = {});
    /// The two zero blocks that end a tar. Must be called once, last.
    void finish();

  private:
    struct Sparse;
    void put(std::string_view path, const Header& header, std::uint64_t size, Bytes like,
             const Sparse* sparse);

    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace slimimg::archive
