#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "slimimg/base/bytes.hpp"

namespace slimimg::archive {

/// What the header blocks of one entry say byte for byte, where libarchive would change it: names
/// pass through its character-set conversion and so depend on the locale, and it doesn't tell a
/// global header from the entry's own. The source is POSIX.1-2017 pax and GNU tar's tar.h.
struct EntryHeaders {
    std::uint64_t start = 0;          ///< the first block that is the entry's own
    std::optional<std::string> path;  ///< of an extension header; absent: the main header has it
    std::optional<std::string> link;
    std::map<std::string, std::string> xattrs;  ///< SCHILY.xattr.*, the one kind engines restore
    std::vector<std::string> global_keys;  ///< keys of pax global headers before it, no comments
    bool sparse = false;
    bool damaged_records = false;  ///< pax records that can't be read; those before them count
};

/// Reads the headers in tar[start, end): extension headers, then the main one. Nothing where these
/// blocks are not that, or where a global header stands among the entry's own.
std::optional<EntryHeaders> read_entry_headers(Bytes tar, std::uint64_t start, std::uint64_t end);

/// `at` moved past headers that belong to the archive and not to an entry (global, volume).
std::uint64_t skip_archive_headers(Bytes tar, std::uint64_t at);

/// What a writer put beside what Header has: names of owners, times of access and change, ACLs as
/// text, comments, vendors' records. Kept where an entry is encoded again.
struct FurtherHeaders {
    std::string user_name;
    std::string group_name;
    std::vector<std::pair<std::string, std::string>> records;  ///< of the pax header, in order
};

/// Of one entry with its extension headers (LayerEntry::raw).
FurtherHeaders read_further_headers(Bytes raw_entry);

}  // namespace slimimg::archive
