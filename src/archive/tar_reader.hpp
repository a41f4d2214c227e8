#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <archive.h>
#include <archive_entry.h>

#include "slimimg/base/bytes.hpp"

namespace slimimg::archive {

/// libarchive's tar reader over memory. Its return codes are judged here, once: all but OK and WARN
/// throw Error "layer-damaged", a damaged header (RETRY) too, since what follows can't be trusted.
class TarReader {
  public:
    TarReader(Bytes tar, std::string_view what);

    /// The next entry, owned by the reader; null at the end.
    archive_entry* next();
    /// What libarchive complained of in the entry that next() gave; absent mostly.
    [[nodiscard]] const std::optional<std::string>& warning() const { return warning_; }

    /// Where the headers of the current entry start; at the end: what follows the last entry.
    [[nodiscard]] std::uint64_t header_position() const;
    /// Where its content starts.
    [[nodiscard]] std::uint64_t content_position() const;

    /// A piece of the current entry's content and its place in the file.
    struct Piece {
        std::uint64_t offset = 0;
        Bytes bytes;
    };
    std::optional<Piece> next_piece();

  private:
    [[noreturn]] void throw_damaged() const;

    struct Free {
        void operator()(::archive* reader) const { archive_read_free(reader); }
    };
    std::string what_;
    std::size_t bytes_;
    std::unique_ptr<::archive, Free> reader_;
    std::optional<std::string> warning_;
    std::uint64_t last_header_ = 0;  // the last position that libarchive knew
};

[[noreturn]] void throw_damaged_layer(std::string_view what, const std::string& detail);

}  // namespace slimimg::archive
