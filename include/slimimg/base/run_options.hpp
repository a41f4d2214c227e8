#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "slimimg/base/limits.hpp"

namespace slimimg {

class Cache;

/// Is told of long work as it goes on. Called from several threads at once.
class Progress {
  public:
    virtual ~Progress() = default;
    /// A step begins ("read", "inflate", "hash", "scan", "merge", "closure", "write", "prove");
    /// `what` names the layer or file; total is in bytes, 0 where it is not known.
    virtual void begin(std::string_view /*step*/, std::string_view /*what*/,
                       std::uint64_t /*total*/) {}
    virtual void advance(std::uint64_t /*bytes*/) {}
    virtual void end(std::string_view /*step*/, std::string_view /*what*/) {}
};

/// How to run, not what to do: results don't depend on it.
struct RunOptions {
    unsigned threads = 1;
    std::filesystem::path spool_dir;  ///< for inflated layers; empty: TMPDIR, else /tmp
    bool verify = true;               ///< compare digests and diff IDs
    Limits limits;
    Progress* progress = nullptr;  ///< not owned; may be null
    Cache* cache = nullptr;        ///< of layers that were read before; not owned; may be null
};

}  // namespace slimimg
